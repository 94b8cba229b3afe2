import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { supervisorHolding } from '../ledger/lock.ts';
import type { Place } from './place.ts';

/** A running supervisor, and what root would type in our place. */
export interface Addressee {
  readonly pid: number;
  readonly asRoot: string;
}

/** The supervisor that runs here. @throws BootyError NO_SUPERVISOR, NOT_PERMITTED */
export function demandSupervisor(place: Place, asRoot: string): Addressee {
  const pid = holderOf(place.paths.lock, asRoot);
  if (pid !== null) return { pid, asRoot };
  throw new BootyError('NO_SUPERVISOR', `no supervisor runs on ${place.paths.state}`, {
    hint: 'systemctl start booty, or name another place with --root',
  });
}

function holderOf(lock: string, asRoot: string): number | null {
  try {
    return supervisorHolding(lock);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw notPermitted(`this user may not look at ${lock}`, asRoot, error);
  }
}

/** @throws BootyError NOT_PERMITTED, NO_SUPERVISOR */
export function signalSupervisor({ pid, asRoot }: Addressee, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EPERM') throw notPermitted(`the supervisor (pid ${pid}) is another user’s`, asRoot, error);
    if (code !== 'ESRCH') throw error;
    throw new BootyError('NO_SUPERVISOR', `the supervisor (pid ${pid}) has just ended`, {
      hint: 'systemctl start booty',
    });
  }
}

/** @throws BootyError NOT_PERMITTED, with this command as root would type it */
export function demandRoot(message: string): void {
  if (process.getuid?.() === 0) return;
  throw notPermitted(message, `sudo booty ${process.argv.slice(2).map(quoted).join(' ')}`, null);
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

const notPermitted = (message: string, asRoot: string, cause: unknown): BootyError =>
  new BootyError('NOT_PERMITTED', message, { hint: `as root: ${asRoot}`, cause });
