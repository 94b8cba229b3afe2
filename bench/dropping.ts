import { once } from 'node:events';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A job file that is whole, on the file system of the spool, and not yet dropped. */
export interface Ready {
  readonly path: string;
  readonly id: string;
}

/** How many outcomes before the last one we begin to look at each: before that, looking costs what it measures. */
const closeToTheEnd = 40;
/** A notification that is missed costs so much. */
const lookAtLeastEveryMs = 200;

/** Writes job files, durably enough for a producer: `content` by its id. */
export function makeReady(directory: string, ids: readonly string[], content: (id: string) => string): Ready[] {
  mkdirSync(directory, { recursive: true });
  return ids.map((id) => {
    const path = join(directory, `${id}.yaml`);
    writeFileSync(path, content(id));
    return { path, id };
  });
}

export function drop(ready: readonly Ready[], incoming: string): void {
  for (const { path, id } of ready) renameSync(path, join(incoming, `${id}.yaml`));
}

/**
 * Waits until so many outcomes are there, and until their names are durable. Far from the end it looks seldom, each time
 * after half of what the rest should take; close to it, at each change.
 */
export async function awaitOutcomes(
  outcomes: string,
  count: number,
  signal: AbortSignal,
  isWanted: (name: string) => boolean = () => true,
): Promise<void> {
  const countOutcomes = (directory: string): number =>
    readdirSync(directory).filter((name) => isOutcome(name) && isWanted(name)).length;
  const from = performance.now();
  for (;;) {
    const left = count - countOutcomes(outcomes);
    if (left <= closeToTheEnd) break;
    const restMs = ((performance.now() - from) * left) / Math.max(1, count - left);
    await sleep(Math.min(lookAtLeastEveryMs, Math.max(5, restMs / 2)), undefined, { signal });
  }
  const watcher = watch(outcomes);
  try {
    while (countOutcomes(outcomes) < count) {
      const changed = AbortSignal.any([signal, AbortSignal.timeout(lookAtLeastEveryMs)]);
      await once(watcher, 'change', { signal: changed }).catch(() => signal.throwIfAborted());
    }
  } finally {
    watcher.close();
  }
  syncDirectory(outcomes);
}

/** Moves outcome files, as who has read them may; removed, they would make the next ones slow on an ext4 without a journal. */
export function takeAway(ids: readonly string[], outcomes: string, to: string): void {
  mkdirSync(to);
  for (const id of ids) renameSync(join(outcomes, `${id}.json`), join(to, `${id}.json`));
}

const isOutcome = (name: string): boolean => name.endsWith('.json') && !name.startsWith('.');

/** Returns when the names in it have outlived a power cut. */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** How many of these jobs have a whole outcome file that says that they succeeded at the first attempt. */
export const countSucceeded = (outcomes: string, ids: readonly string[]): number =>
  ids.filter((id) => {
    const record = JSON.parse(readFileSync(join(outcomes, `${id}.json`), 'utf8')) as Record<string, unknown>;
    return record.id === id && record.outcome === 'succeeded' && record.attempt === 1;
  }).length;
