import type { ByteCount, Milliseconds } from './units.ts';
import { formatBytes, formatDuration } from './units.ts';

type CodeExit = { readonly kind: 'code'; readonly code: number };
type SignalExit = { readonly kind: 'signal'; readonly signal: string; readonly coreDumped?: true };

/** How the child of one step ended. */
export type Exit =
  | CodeExit
  | SignalExit
  /** SIGKILL, by the kernel. Null: not at a limit of its own, but the machine, or the service, was out of memory. */
  | { readonly kind: 'oom'; readonly limitBytes: ByteCount | null }
  /** It failed, and processes that it wanted were refused meanwhile. Null: the limit is not its own, but the service's. */
  | { readonly kind: 'limit'; readonly tasks: number | null; readonly exit: CodeExit | SignalExit }
  | { readonly kind: 'timeout'; readonly limitMs: Milliseconds; readonly of: 'step' | 'job' }
  | { readonly kind: 'spawn'; readonly code: string; readonly message: string }
  | { readonly kind: 'lost'; readonly message: string }
  | { readonly kind: 'cancelled' };

/** Why a job crashed: the contract's words. */
export type Cause = 'exit-code' | 'signal' | 'timeout' | 'oom' | 'spawn' | 'lost' | 'limit';

/** The cause that a crash with this exit has; null for an exit that is not a crash. */
export function causeOf(exit: Exit): Cause | null {
  switch (exit.kind) {
    case 'code':
      return exit.code === 0 ? null : 'exit-code';
    case 'signal':
    case 'oom':
    case 'limit':
    case 'timeout':
    case 'spawn':
    case 'lost':
      return exit.kind;
    case 'cancelled':
      return null;
  }
}

/** One sentence part for people: `exited with 3`, `was killed by SIGKILL`. */
export function describeExit(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return exit.code === 0 ? 'succeeded' : `exited with ${exit.code}`;
    case 'signal':
      return `was killed by ${exit.signal}`;
    case 'oom':
      return `was killed by SIGKILL (${exit.limitBytes === null ? 'the machine, or the service, was out of memory' : `out of memory at ${formatBytes(exit.limitBytes)}`})`;
    case 'limit':
      return `${describeExit(exit.exit)} (at ${exit.tasks === null ? 'the limit of tasks of the service' : `its limit of ${exit.tasks} tasks`})`;
    case 'timeout':
      return `ran into the time limit of the ${exit.of}, ${formatDuration(exit.limitMs)}`;
    case 'spawn':
      return `could not be started: ${exit.message}`;
    case 'lost':
      return exit.message;
    case 'cancelled':
      return 'was cancelled';
  }
}

export function exitCodeOf(exit: Exit): number | null {
  if (exit.kind === 'limit') return exitCodeOf(exit.exit);
  return exit.kind === 'code' ? exit.code : null;
}

export function signalOf(exit: Exit): string | null {
  if (exit.kind === 'limit') return signalOf(exit.exit);
  if (exit.kind === 'oom') return 'SIGKILL';
  return exit.kind === 'signal' ? exit.signal : null;
}

/** An exit of something to which processes were refused: where it succeeded all the same, that changes nothing. */
export const limitReached = (exit: Exit, tasks: number | null): Exit =>
  exit.kind === 'signal' || (exit.kind === 'code' && exit.code !== 0) ? { kind: 'limit', tasks, exit } : exit;

/** What tells this way to end from others of the same cause: `3`, `SIGKILL`, `ENOENT`, `timeout`. */
export function kindOfExit(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return String(exit.code);
    case 'signal':
      return exit.signal;
    case 'spawn':
      return exit.code;
    case 'oom':
    case 'limit':
    case 'timeout':
    case 'lost':
    case 'cancelled':
      return exit.kind;
  }
}
