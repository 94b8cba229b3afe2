import type { Milliseconds } from './units.ts';

/** What becomes of a group when a new job of it comes and there is no room. */
export const onNewChoices = ['queue', 'replace-waiting', 'cancel-running', 'skip'] as const;
export type OnNew = (typeof onNewChoices)[number];

/** At most so many jobs of a group at a time: from the start of an attempt to its end, that of a pipeline until it is verified. */
export interface Concurrency {
  readonly group: string;
  readonly limit: number;
  /**
   * `queue`: it waits. `replace-waiting`: those that wait are cancelled, so that only the newest does. `cancel-running`:
   * what runs is cancelled too. `skip`: it is skipped itself.
   */
  readonly onNew: OnNew;
}

/** At most so many starts in any time of this length. */
export interface Rate {
  readonly starts: number;
  readonly perMs: Milliseconds;
}
