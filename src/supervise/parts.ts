import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Admission } from './admission.ts';
import type { JobRunParts } from './job-run.ts';
import type { Keepers } from './keepers.ts';
import type { RecoveryParts } from './recover.ts';
import type { Restart } from './restart.ts';
import type { Troubles } from './troubles.ts';

/** All that the supervisor needs. */
export interface SupervisorParts extends Omit<JobRunParts, 'ledger' | 'queue' | 'leaving' | 'onStarted'> {
  readonly config: Config;
  /** Reads booty.yaml again. @throws BootyError CONFIG_INVALID */
  readonly readConfig: () => Config;
  /** What a reload changes elsewhere. */
  readonly onConfig: (config: Config) => void;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  /** Whose jobs may run. */
  readonly admission: Admission;
  readonly troubles: Troubles;
  readonly keepers: Keepers;
  /** Null where a restart drains. */
  readonly restart: Restart | null;
  /** To systemd, where it started us. */
  readonly notify: (state: string) => void;
  /** How often systemd is to hear that we are alive; null: never. */
  readonly watchdogMs: number | null;
  /** When the process began, by the monotonic clock of `performance.now`. */
  readonly startedMs: number;
}

/** What runs and recovers jobs. @param config asked each time: a reload may change it */
export const recoveryPartsOf = (
  parts: SupervisorParts,
  leaving: AbortSignal,
  onStarted: () => void,
  config: () => Pick<Config, 'defaults' | 'killGraceMs' | 'unenforcedLimits'>,
): RecoveryParts => ({
  ...parts,
  queue: parts.ledger,
  leaving,
  maxLost: parts.config.maxLost,
  onStarted,
  get settings() {
    const { defaults, killGraceMs, unenforcedLimits } = config();
    const refusesUnenforced = unenforcedLimits === 'refuse';
    return { ...parts.settings, isolation: defaults.isolation, killGraceMs, refusesUnenforced };
  },
});
