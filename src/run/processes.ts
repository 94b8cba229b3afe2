import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { errorCode } from '../disk/durable.ts';
import { sendSignal } from '../native/libc.ts';
import { attemptMark } from './environment.ts';

/** The kernel's name for this boot: a pid of another boot means nothing. */
export const readBootId = (): string => (bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
let bootId: string | null = null;

/** When a process started, in clock ticks after boot; null where there is none, or only its zombie (proc(5), stat). */
export function startTimeOf(pid: number): string | null {
  const fields = statFieldsOf(pid);
  return fields && fields[0] !== 'Z' && fields[0] !== 'X' ? (fields[19] ?? null) : null;
}

/** What tells a process from any other. Null where it is over already, or the machine has no descriptor to look with. */
export function identityOf(
  pid: number,
): { readonly pid: number; readonly startTime: string; readonly bootId: string } | null {
  try {
    const startTime = startTimeOf(pid);
    return startTime === null ? null : { pid, startTime, bootId: readBootId() };
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}

/** Whether anybody is left in a process group; zombies count until they are reaped. */
export function groupExists(group: number): boolean {
  return signalGroup(group, 0);
}

/** Whether anybody in a process group still runs. The zombies of orphans wait for init to reap them, which may take its time. */
export function groupLives(group: number): boolean {
  if (!groupExists(group)) return false;
  try {
    return groupMembers(group).length > 0;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return true; // No descriptor to look with: it exists, at least.
  }
}

/**
 * Whether a group whose leader we have reaped can still be the one that it led. The kernel gives no process a number that
 * a group has: where there is one, the group has emptied since, and is another's now.
 */
export const isWithoutLeader = (group: number): boolean => sendSignal(group, 0) === 'none';

/** Signals a whole group. False where nobody is left in it; who is of another user (sudo) is there, and out of reach. */
export const signalGroup = (group: number, signal: NodeJS.Signals | 0): boolean =>
  // Most are empty by then, and process.kill makes an exception of that, which costs more than the call.
  sendSignal(-group, signal === 0 ? 0 : constants.signals[signal]) !== 'none';

/** Kills one process; who is gone, or of another user, is left. */
export const killProcess = (pid: number): void => void sendSignal(pid, constants.signals.SIGKILL);

/** The processes that bear an attempt's mark in their environment, wherever they have gone to. Those of other users can't be seen. */
export function markedProcesses(mark: string): number[] {
  const wanted = Buffer.from(`${attemptMark}=${mark}\0`);
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const environment = readProc(`/proc/${pid}/environ`);
    return environment && environmentHas(environment, wanted) && startTimeOf(pid) !== null ? [pid] : [];
  });
}

/** The members of a process group, without zombies. */
export function groupMembers(group: number): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) return [];
    const fields = statFieldsOf(pid);
    return fields && fields[0] !== 'Z' && fields[2] === String(group) ? [pid] : [];
  });
}

function environmentHas(environment: Buffer, wanted: Buffer): boolean {
  const at = environment.indexOf(wanted);
  return (
    at === 0 ||
    (at > 0 && (environment[at - 1] === 0 || environment.indexOf(Buffer.concat([Buffer.from([0]), wanted])) >= 0))
  );
}

/** The fields of /proc/PID/stat from the state on: the command's name before them may hold anything. */
function statFieldsOf(pid: number): string[] | null {
  const stat = readProc(`/proc/${pid}/stat`)?.toString('latin1');
  return stat ? stat.slice(stat.lastIndexOf(')') + 2).split(' ') : null;
}

const absent = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

/** Null where the process has gone, or is another user's. @throws for the machine's own shortages: not to see is not to know */
function readProc(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (absent.has(errorCode(error) ?? '')) return null;
    throw error;
  }
}
