import { type Config, changedKeys } from '../config/config.ts';
import { BootyError } from '../job/error.ts';
import type { SupervisorParts } from './parts.ts';

/** What became of it. `unchanged`: nothing was applied, for this reason. */
export type Reloaded =
  | { readonly kind: 'reloaded'; readonly changed: readonly string[] }
  | { readonly kind: 'unchanged'; readonly message: string; readonly hint: string };

export const isStopping: Reloaded = {
  kind: 'unchanged',
  message: 'the supervisor is stopping',
  hint: 'start it again',
};

/** Reads booty.yaml again, and applies all of it or nothing. */
export function reload(
  { emit, notify, readConfig }: Pick<SupervisorParts, 'emit' | 'notify' | 'readConfig'>,
  current: Config,
  apply: (config: Config) => void,
): Reloaded {
  notify(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  try {
    const config = readConfig();
    apply(config);
    const changed = changedKeys(config, current);
    emit({ kind: 'supervisor.reloaded', changed: changed.join(',') || 'nothing' });
    return { kind: 'reloaded', changed };
  } catch (error) {
    if (!(error instanceof BootyError)) throw error;
    const { message, hint } = error;
    emit({ kind: 'supervisor.unchanged', error: message, hint });
    return { kind: 'unchanged', message, hint };
  } finally {
    notify('READY=1');
  }
}
