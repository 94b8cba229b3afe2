import type { JobId } from '../job/id.ts';
import type { JobKind } from '../job/job.ts';

/** Which jobs a command means. */
export type Target =
  | { readonly kind: 'id'; readonly id: JobId }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'group'; readonly group: string };

/** What is paused: nothing more of it starts, also after a restart, until it is resumed. */
export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'kind'; readonly jobKind: JobKind }
  | { readonly kind: 'group'; readonly group: string };

/** What people ask of jobs that the ledger has. */
export type Command =
  /** The reason is the outcome's: `cancelled by alice`. */
  | { readonly kind: 'cancel'; readonly target: Target; readonly reason: string }
  | { readonly kind: 'hold' | 'release'; readonly target: Target }
  | { readonly kind: 'prioritize'; readonly target: Target; readonly priority: number }
  /** Of an ended job a copy runs, under an id of its own; one that waits for its next attempt has it at once. */
  | { readonly kind: 'retry'; readonly id: JobId; readonly newId: JobId | null }
  | { readonly kind: 'pause' | 'resume'; readonly scope: Scope };

/** `cancelling`: it runs, and is being ended. `unchanged`: the detail says why. */
export type Effect = 'cancelled' | 'cancelling' | 'held' | 'released' | 'prioritized' | 'retried' | 'due' | 'unchanged';

export interface Change {
  readonly id: JobId;
  readonly effect: Effect;
  /** `retried`: the id of the new job. `unchanged`: why. */
  readonly detail: string | null;
}

/** At most so many changes are told one by one. */
export const maxChangesTold = 1000;

export type Answer =
  | { readonly kind: 'done'; readonly changes: readonly Change[]; readonly total: number }
  /** There is no such job, and nothing of that name or group. */
  | { readonly kind: 'unknown'; readonly message: string; readonly hint: string };
