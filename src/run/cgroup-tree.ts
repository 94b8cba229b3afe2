import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import { type Controller, controllers } from '../job/limits.ts';
import { extendedAttribute } from '../native/libc.ts';

/*
 * The part of the cgroup hierarchy (version 2) that the service manager has given to us (Delegate= of the unit):
 *
 *   booty.service/            a cgroup that has controllers for those below it may have no process itself
 *     supervisor/             us, and programs that are told of ends
 *     jobs/job-ID.ATTEMPT/    one attempt with all that it starts, and its limits
 */

export interface CgroupTree {
  /** Where each attempt gets its own. */
  readonly jobs: string;
  /** What can be limited there. */
  readonly controllers: ReadonlySet<Controller>;
  /** `8:0`: the disk of the jobs' directories; null where they are on none that has limits. */
  readonly disk: string | null;
}

export type Found =
  | { readonly kind: 'delegated'; readonly tree: CgroupTree }
  /** With the reason, for people. */
  | { readonly kind: 'none'; readonly why: string };

/** Whoever starts us says by this attribute that what is below a cgroup is ours to arrange (systemd 251, Control Group APIs and Delegation). */
const delegated = 'user.delegate';

/** Finds our part of the hierarchy, and arranges it. To be called once, before the first child is started. @param directory of the jobs' files */
export function arrangeCgroups(directory: string): Found {
  try {
    const own = cgroupOf('self');
    if (own === null) return { kind: 'none', why: 'there is no cgroup v2 hierarchy' };
    const base = [own, dirname(own)].find((path) => extendedAttribute(path, delegated) === '1');
    if (base === undefined) return { kind: 'none', why: 'its cgroup is not delegated to it (Delegate= of the unit)' };
    accessSync(join(base, 'cgroup.procs'), constants.W_OK);
    if (own === base) enter(join(base, 'supervisor'));
    const jobs = join(base, 'jobs');
    makeCgroup(jobs);
    const enabled = controllers.filter((controller) => enable(base, controller) && enable(jobs, controller));
    removeEmpty(jobs);
    return { kind: 'delegated', tree: { jobs, controllers: new Set(enabled), disk: diskOf(directory) } };
  } catch (error) {
    if (!(error instanceof Error) || errorCode(error) === null) throw error;
    return { kind: 'none', why: `its cgroup cannot be arranged: ${error.message}` };
  }
}

/** Where a process is (cgroups(7), /proc/PID/cgroup), as a directory; null where that hierarchy is not mounted. @throws the system's error */
export function cgroupOf(pid: 'self' | number): string | null {
  const path = /^0::(\/.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
  if (path === undefined) return null;
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    // proc(5): the root of the mount within its file system, where it is mounted, and after the dash its type.
    const [, root, mounted] = /^\d+ \d+ \S+ (\S+) (\S+) .* - cgroup2 /.exec(line) ?? [];
    if (root === undefined || mounted === undefined) continue;
    const prefix = root === '/' ? '' : root;
    if (path === root || path.startsWith(`${prefix}/`)) return join(mounted, path.slice(prefix.length));
  }
  return null;
}

function enter(cgroup: string): void {
  makeCgroup(cgroup);
  writeFileSync(join(cgroup, 'cgroup.procs'), String(process.pid));
}

function makeCgroup(path: string): void {
  try {
    mkdirSync(path, 0o755);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** False where the controller is not ours, or not there. */
function enable(cgroup: string, controller: Controller): boolean {
  if (!readFileSync(join(cgroup, 'cgroup.controllers'), 'latin1').trim().split(' ').includes(controller)) return false;
  try {
    writeFileSync(join(cgroup, 'cgroup.subtree_control'), `+${controller}`);
    return true;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return false;
  }
}

/** Those that an earlier supervisor has left: one with processes is for the recovery of its attempt. */
function removeEmpty(jobs: string): void {
  for (const entry of readdirSync(jobs, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    try {
      rmdirSync(join(jobs, entry.name));
    } catch (error) {
      if (errorCode(error) === null) throw error;
    }
  }
}

/** The whole disk, as io.max wants it: it knows no partitions. Files of tmpfs, overlayfs and btrfs say nothing of theirs. */
function diskOf(directory: string): string | null {
  const { dev } = statSync(directory);
  const major = (dev >> 8) & 0xfff;
  if (major === 0) return null;
  const number = `${major}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  const device = join('/sys/dev/block', number);
  const isPartition = statSync(join(device, 'partition'), { throwIfNoEntry: false }) !== undefined;
  // Not by join(), which would not follow the link before it goes up.
  return isPartition ? readFileSync(`${device}/../dev`, 'latin1').trim() : number;
}

/** The name of an attempt's cgroup: no file of the kernel's begins like that. */
export const cgroupName = (id: string, attempt: number): string => `job-${id}.${attempt}`;

/** What can be limited; without a disk, not its input and output. */
export function enforceable(tree: CgroupTree | null): ReadonlySet<Controller> {
  if (!tree) return new Set();
  return tree.disk === null ? tree.controllers.difference(new Set(['io'])) : tree.controllers;
}
