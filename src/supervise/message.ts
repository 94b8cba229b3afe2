import type { JobKind } from '../job/job.ts';
import type { Answer, Command } from '../schedule/control.ts';
import type { Reloaded } from './reload.ts';

/** All that the loop acts on. Signals, watchers, timers and ended children only put one of these into the inbox. */
export type Message =
  | { readonly kind: 'look' }
  | { readonly kind: 'slot'; readonly jobKind: JobKind }
  /** Others may run now, or are to end, because of what has ended. */
  | { readonly kind: 'room' }
  | {
      readonly kind: 'control';
      readonly command: Command;
      /** Who asks: `alice (uid 1000)`. */
      readonly by: string | null;
      readonly answer: PromiseWithResolvers<Answer>;
    }
  | { readonly kind: 'stop'; readonly signal: string }
  /** The stop is a restart, under which what runs can go on. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'reload'; readonly answer: PromiseWithResolvers<Reloaded> }
  /** Whether this loop turns, and the ledger answers. */
  | { readonly kind: 'alive'; readonly onAlive: () => void }
  | { readonly kind: 'drain-limit' }
  | { readonly kind: 'idle' };
