import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One run of many jobs. */
export interface Task {
  readonly jobs: number;
  readonly atOnce: number;
  /** Empty, on a disk, the contender's own; removed afterwards. */
  readonly directory: string;
  /** One line for each job, for those that read their jobs from standard input. */
  readonly lines: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export interface Run {
  /** From the first submission until all have ended. */
  readonly seconds: number;
  /** VmRSS of what stayed running, once all had ended; null where nothing did. */
  readonly residentKb: number | null;
}

/** Who runs 1000 times `/bin/true`, so many at a time. */
export interface Contender {
  readonly name: string;
  /** What is left of the queue and the results after its kill -9. */
  readonly keeps: string;
  /** Why it takes no part; null where it does. */
  readonly missing: string | null;
  /** @throws Error unless every job has run and succeeded */
  run(task: Task): Promise<Run>;
}

export const command = '/bin/true';

/** What could not run for so long will not end. */
export const limitFor = (jobs: number): number => 60_000 + jobs * 100;

export function makeLines(directory: string, jobs: number): string {
  const path = join(directory, 'lines');
  writeFileSync(path, Array.from({ length: jobs }, (_, index) => `${index}\n`).join(''));
  return path;
}

/** @throws Error where not all jobs ended well */
export function assertAll(what: string, expected: number, found: number): void {
  if (found !== expected) throw new Error(`${what}: ${found} of ${expected} jobs ended well`);
}
