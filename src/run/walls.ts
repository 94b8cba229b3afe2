import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { rulesAgainstWriting } from '../native/landlock.ts';
import { cannotGainPrivileges } from '../native/libc.ts';
import { signalFilter } from '../native/seccomp.ts';
import { onEachThread } from '../native/thread-pool.ts';

/*
 * What stands between a job and a supervisor of the same user. The kernel lets processes of a user signal each other, and
 * write to the cgroups that are the user's. So the threads that start children give these rights up for themselves, and their
 * children never have them; the thread of the loop keeps them, and arranges the cgroups of attempts.
 */

export type Wall = 'signals' | 'cgroups';

const cgroups = '/sys/fs/cgroup';

/**
 * Raises what can be raised, for ever: from then on only synchronous calls can write to a cgroup. Needs that nobody here can gain
 * privileges (NoNewPrivileges= of the unit): the kernel demands it, and for us to demand it would take sudo from the jobs of
 * whoever starts a supervisor by hand.
 * @param mayMount jobs may mount, in namespaces of their own, which the second wall takes from them
 * @param keepers pids of those that keep what earlier supervisors began: they cannot be signalled either
 */
export async function raiseWalls(mayMount: boolean, keepers: readonly number[]): Promise<readonly Wall[]> {
  if (!cannotGainPrivileges()) return [];
  // The first of its calls starts all threads of the pool: they are among those that cannot be signalled.
  await stat('/');
  const walls: Wall[] = [];
  const filter = signalFilter(keepers);
  if (filter && (await onEachThread(filter))) walls.push('signals');
  using rules = !mayMount && existsSync(cgroups) ? rulesAgainstWriting(cgroups) : null;
  if (rules && (await onEachThread(rules.restrict))) walls.push('cgroups');
  return walls;
}
