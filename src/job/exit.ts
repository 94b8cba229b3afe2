import type { Milliseconds } from './units.ts';
import { formatDuration } from './units.ts';

/** How the child of one step ended. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string; readonly coreDumped?: true }
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

export const exitCodeOf = (exit: Exit): number | null => (exit.kind === 'code' ? exit.code : null);
export const signalOf = (exit: Exit): string | null => (exit.kind === 'signal' ? exit.signal : null);

/** What tells this way to end from others of the same cause: `3`, `SIGKILL`, `ENOENT`, `timeout`. */
export function kindOfExit(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return String(exit.code);
    case 'signal':
      return exit.signal;
    case 'spawn':
      return exit.code;
    case 'timeout':
    case 'lost':
    case 'cancelled':
      return exit.kind;
  }
}
