import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import { writeKernelFile } from './cgroup-end.ts';
import type { CgroupTree } from './cgroup-tree.ts';

/*
 * Where the processes are that keep attempts over a restart, each in a cgroup of its own: that can be killed, and the kernel
 * says when it is gone.
 *
 *   booty.service/keepers/PID/
 */

const placeOf = ({ jobs }: CgroupTree): string => join(dirname(jobs), 'keepers');

export const keeperCgroup = (tree: CgroupTree, pid: number): string => join(placeOf(tree), String(pid));

/** Moves this process into one of its own. @throws the system's error */
export function enterKeeperCgroup(tree: CgroupTree): void {
  const cgroup = keeperCgroup(tree, process.pid);
  mkdirSync(cgroup, { recursive: true, mode: 0o755 });
  writeKernelFile(join(cgroup, 'cgroup.procs'), String(process.pid));
}

/** The pids of those that there are, or were. */
export function keeperPids(tree: CgroupTree): readonly number[] {
  try {
    return readdirSync(placeOf(tree)).map(Number).filter(Number.isInteger);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return [];
  }
}
