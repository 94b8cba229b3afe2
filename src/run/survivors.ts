import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../disk/durable.ts';
import type { AttemptUnits } from './attempt-units.ts';
import { emptyCgroup } from './cgroup-end.ts';
import { reapOrphans } from './orphans.ts';
import { groupExists, groupMembers, killProcess, markedProcesses, signalGroup, startTimeOf } from './processes.ts';

/** What is known of an attempt whose processes must be gone. */
export interface Remains {
  /** Its own, where it had one. */
  readonly cgroups?: readonly string[];
  /** Its units, where its steps were such. */
  readonly units?: AttemptUnits | null;
  /** The process groups that its steps began. */
  readonly groups: readonly number[];
  /** The mark in the environment of all its processes. */
  readonly mark: string;
}

/** How long the dying may take. Looked for often at first, then less: a look reads all of /proc. */
const patienceMs = 5000;
const roundMs = { first: 20, most: 200 } as const;

/**
 * Kills whatever is left of an attempt, and resolves once it is proven gone: nobody in its cgroup, nor in its process
 * groups, and nobody with its mark, who would have left both. Answers how many processes were killed, or null where some are still there after five seconds.
 */
export async function killSurvivors(remains: Remains): Promise<number | null> {
  const inUnits = remains.units ? await remains.units.end() : new Set<number>();
  if (inUnits === null) return null;
  const killed = new Set(inUnits);
  for (const cgroup of remains.cgroups ?? []) {
    const killedThere = await emptyCgroup(cgroup, patienceMs);
    if (killedThere === null) return null;
    for (const pid of killedThere) killed.add(pid);
    reapOrphans(killedThere);
  }
  const until = performance.now() + patienceMs;
  let { groups } = remains;
  for (let pauseMs: number = roundMs.first; performance.now() < until; pauseMs = Math.min(2 * pauseMs, roundMs.most)) {
    // A group that has emptied is not looked at again: its number may be another's by then.
    groups = groups.filter(groupExists);
    const left = survivorsOf(groups, remains.mark);
    if (left === null) {
      await sleep(pauseMs);
      continue;
    }
    // Whoever /proc hides from us (hidepid, a process that forbids inspection) is reached by the group's signal all the same.
    for (const group of groups) signalGroup(group, 'SIGKILL');
    if (left.length === 0) return killed.size;
    for (const pid of left) {
      killed.add(pid);
      killProcess(pid);
    }
    await sleep(pauseMs);
  }
  return null;
}

/** Null where the machine has no descriptor to look with. */
function survivorsOf(groups: readonly number[], mark: string): number[] | null {
  try {
    const inGroups = groups.flatMap(groupMembers);
    return [...new Set([...inGroups, ...markedProcesses(mark)])];
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}

/** The group that a recorded process leads, if that very process may still have one: not after another boot, nor where its pid is another's now. */
export function groupOf(
  process: { readonly pid: number; readonly startTime: string; readonly bootId: string },
  bootId: string,
): number | null {
  if (process.bootId !== bootId) return null;
  const startTime = startTimeOf(process.pid);
  if (startTime !== null && startTime !== process.startTime) return null;
  // Its leader may be gone and the group live on: the kernel does not give the number to another process until it is empty.
  return process.pid;
}
