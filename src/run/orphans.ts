import { openSync, readSync } from 'node:fs';
import { errorCode } from '../disk/durable.ts';
import { becomeSubreaper } from '../native/libc.ts';
import { waitFor } from '../native/wait.ts';
import { startTimeOf } from './processes.ts';
import { isExpected } from './reaper.ts';

/*
 * Processes whose parent died come to us, and not to init (prctl(2), PR_SET_CHILD_SUBREAPER): so we learn of a daemon
 * that left its session and closed its output, for the price of reading one file. We also inherit the duty to reap them.
 */

/** When a zombie was first seen. It may be a child that a library has started through Node.js, which is about to reap it. */
const zombies = new Map<number, number>();
const reapAfterMs = 200;
let adopting = false;
let again: NodeJS.Timeout | null = null;

/** From the first child on, orphans are ours. */
export function adoptOrphans(): void {
  if (adopting) return;
  becomeSubreaper();
  adopting = true;
}

/** Whether an orphan lives: somebody whom no attempt waits for any more. Reaps those that are dead. */
export function hasOrphans(): boolean {
  if (!adopting) return false;
  try {
    return lookForOrphans();
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return true; // No descriptor to look with: there may be some.
  }
}

function lookForOrphans(): boolean {
  const now = performance.now();
  let alive = false;
  const pids = childrenOfOurs().filter((pid) => !isExpected(pid));
  for (const pid of pids) {
    if (startTimeOf(pid) !== null) alive = true;
    else if (now - (zombies.get(pid) ?? now) >= reapAfterMs) waitFor(pid);
    else if (!zombies.has(pid)) zombies.set(pid, now);
  }
  for (const pid of zombies.keys()) if (!pids.includes(pid)) zombies.delete(pid);
  lookAgain();
  return alive;
}

/** Nobody may look for a long time; nobody has to wait for it either. */
function lookAgain(): void {
  if (zombies.size === 0 || again !== null) return;
  again = setTimeout(() => {
    again = null;
    hasOrphans();
  }, reapAfterMs);
  again.unref();
}

/** proc(5), /proc/PID/task/TID/children; open from the first look on. */
let childrenFile: number | null = null;
const readingBytes = 4096;

/** Orphans come to the first thread; those that we start are children of others, of the pool. */
function childrenOfOurs(): number[] {
  childrenFile ??= openSync(`/proc/self/task/${process.pid}/children`, 'r');
  let text = '';
  for (let more = true; more; ) {
    const bytes = Buffer.allocUnsafe(readingBytes);
    const count = readSync(childrenFile, bytes, 0, readingBytes, text.length);
    text += bytes.toString('latin1', 0, count);
    more = count > 0;
  }
  return text.split(' ').filter(Boolean).map(Number);
}

/**
 * Reaps those of them that are dead, and looks again for others: of a job that has started hundreds, each counts as a process of
 * the user until then.
 */
export function reapOrphans(pids: ReadonlySet<number>): void {
  if (!adopting) return;
  for (const pid of pids) if (!isExpected(pid)) waitFor(pid);
  hasOrphans();
}
