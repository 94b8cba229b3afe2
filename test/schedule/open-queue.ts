import { test } from 'node:test';
import type { JobQueue } from '../../src/schedule/queue.ts';

/** A queue that a test may do with as it likes. */
export interface OpenQueue extends AsyncDisposable {
  readonly queue: JobQueue;
  /** What a successor finds after the holder of the queue died without a word. */
  restart(): Promise<JobQueue>;
}

export type Check = (what: string, body: (queue: JobQueue, opened: OpenQueue) => Promise<void>) => void;

/** Makes tests that each have a queue of their own. */
export const checksOf =
  (name: string, open: () => OpenQueue): Check =>
  (what, body) =>
    void test(`${name}: ${what}`, async () => {
      await using opened = open();
      await body(opened.queue, opened);
    });
