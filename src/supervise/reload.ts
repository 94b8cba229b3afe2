import { type Config, changedKeys } from '../config/config.ts';
import { BootyError } from '../job/error.ts';
import type { SupervisorParts } from './parts.ts';

/** Reads booty.yaml again, and applies all of it or nothing. */
export function reload(
  { emit, notify, readConfig }: Pick<SupervisorParts, 'emit' | 'notify' | 'readConfig'>,
  current: Config,
  apply: (config: Config) => void,
): void {
  notify(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  try {
    const config = readConfig();
    apply(config);
    emit({ kind: 'supervisor.reloaded', changed: changedKeys(config, current).join(',') || 'nothing' });
  } catch (error) {
    if (!(error instanceof BootyError)) throw error;
    emit({ kind: 'supervisor.unchanged', error: error.message, hint: error.hint });
  }
  notify('READY=1');
}
