import { readFileSync } from 'node:fs';
import { errorCode } from '../disk/durable.ts';
import { becomeSubreaper, reap } from '../native/libc.ts';
import { startTimeOf } from './processes.ts';

/*
 * Processes whose parent died come to us, and not to init (prctl(2), PR_SET_CHILD_SUBREAPER): so we learn of a daemon
 * that left its session and closed its output, for the price of reading one file. We also inherit the duty to reap them.
 */

/** Children that Node.js knows of, and reaps itself. */
const known = new Set<number>();
/** When a zombie was first seen: Node.js may be about to reap a child that somebody else has started. */
const zombies = new Map<number, number>();
const reapAfterMs = 200;
let adopting = false;

/** From the first child on, orphans are ours. */
export function adoptOrphans(): void {
  if (adopting) return;
  becomeSubreaper();
  adopting = true;
}

export const knowChild = (pid: number): unknown => known.add(pid);
export const forgetChild = (pid: number): unknown => known.delete(pid);

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
  const pids = childrenOfOurs().filter((pid) => !known.has(pid));
  for (const pid of pids) {
    if (startTimeOf(pid) !== null) alive = true;
    else if (now - (zombies.get(pid) ?? now) >= reapAfterMs) reap(pid);
    else if (!zombies.has(pid)) zombies.set(pid, now);
  }
  for (const pid of zombies.keys()) if (!pids.includes(pid)) zombies.delete(pid);
  return alive;
}

/** proc(5), /proc/PID/task/TID/children; the first thread is the one that starts them. */
const childrenOfOurs = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
