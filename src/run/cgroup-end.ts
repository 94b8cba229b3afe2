import { closeSync, constants, openSync, readdirSync, readFileSync, rmdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../disk/durable.ts';
import { killProcess } from './processes.ts';

/*
 * The end of a cgroup: whoever is in it or below it is killed at once, also who left its session or is being started,
 * and the kernel itself says when it is empty (cgroups(7), cgroup.kill and cgroup.events).
 */

/** How often it is looked whether it has emptied: the kernel takes a moment for each process. */
const roundMs = { first: 1, most: 100 } as const;

/** Files of the kernel are never made or cut to nothing. Not by a thread of the pool, which must not: see walls.ts. */
export function writeKernelFile(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** What a file of the kernel says; null where it is gone, or was never there. */
export function readKernelFile(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENODEV') return null;
    throw error;
  }
}

/** Whether anybody is in it or below it. */
export const isPopulated = (cgroup: string): boolean =>
  /^populated 1$/m.test(readKernelFile(join(cgroup, 'cgroup.events')) ?? '');

/** Kills all that are in it. Answers who was there, or null where some still are after so long. */
export async function emptyCgroup(cgroup: string, patienceMs: number): Promise<ReadonlySet<number> | null> {
  const killed = new Set<number>();
  const until = performance.now() + patienceMs;
  for (let pauseMs: number = roundMs.first; isPopulated(cgroup); pauseMs = Math.min(2 * pauseMs, roundMs.most)) {
    if (performance.now() > until) return null;
    for (const pid of membersOf(cgroup)) killed.add(pid);
    killAll(cgroup, killed);
    await sleep(pauseMs);
  }
  return killed;
}

/** Kills all that are in it now. */
export const killCgroup = (cgroup: string): void => killAll(cgroup, membersOf(cgroup));

function killAll(cgroup: string, members: Iterable<number>): void {
  try {
    writeKernelFile(join(cgroup, 'cgroup.kill'), '1');
  } catch (error) {
    if (errorCode(error) === null) throw error;
    // Linux 5.14 has it. Who is started meanwhile is met in the next round.
    for (const pid of members) killProcess(pid);
  }
}

/** Everybody in it and below it. */
export function membersOf(cgroup: string): readonly number[] {
  try {
    const below = childrenOf(cgroup).flatMap((name) => membersOf(join(cgroup, name)));
    const own = readFileSync(join(cgroup, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean).map(Number);
    return [...own, ...below];
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return []; // It went meanwhile, or is one of threads.
  }
}

const childrenOf = (cgroup: string): readonly string[] =>
  readdirSync(cgroup, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));

/** Removes one that is empty, with those that a job has made below it. False where it could not be. */
export function removeCgroup(cgroup: string): boolean {
  try {
    rmdirSync(cgroup);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    if (code === 'ENOENT') return true;
    return (code === 'EBUSY' || code === 'ENOTEMPTY') && removeBelow(cgroup) && removeCgroup(cgroup);
  }
}

/** False also where there are none. */
function removeBelow(cgroup: string): boolean {
  try {
    const names = childrenOf(cgroup);
    return names.length > 0 && names.every((name) => removeCgroup(join(cgroup, name)));
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return false;
  }
}
