import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import type { Hits, ResourceLimits } from '../job/limits.ts';
import type { TreeUsage } from '../job/usage.ts';
import { hitsIn, usageIn } from './cgroup-bill.ts';
import { emptyCgroup, isPopulated, readKernelFile, removeCgroup, writeKernelFile } from './cgroup-end.ts';
import type { CgroupTree } from './cgroup-tree.ts';
import type { Shortage } from './shortage.ts';

/** Of a tenth of a second each processor-time is dealt out. */
const periodMicros = 100_000;
const patienceMs = 5000;

/** The cgroup of one attempt: whatever its steps start is in it, and held to the job's limits together. */
export class AttemptCgroup {
  readonly kind = 'cgroup';
  readonly path: string;
  readonly limits: ResourceLimits;
  readonly #tree: CgroupTree;

  private constructor(path: string, tree: CgroupTree, limits: ResourceLimits) {
    this.path = path;
    this.limits = limits;
    this.#tree = tree;
  }

  /** Makes it, with its limits: those that have no controller here are left out. What the system refuses is a shortage of it. */
  static async make(tree: CgroupTree, name: string, limits: ResourceLimits): Promise<AttemptCgroup | Shortage> {
    const path = join(tree.jobs, name);
    try {
      await makeAnew(path);
      limit(path, limits, tree);
      return new AttemptCgroup(path, tree, limits);
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      removeCgroup(path);
      return { kind: 'short', of: 'machine', error: `no cgroup for the job: ${code}` };
    }
  }

  /**
   * Makes it anew where it is gone: the service manager removes those that are empty when a service is restarted, also between
   * two steps. What was used before is not on its bill then. @throws the system's error
   */
  restore(): void {
    if (existsSync(this.path)) return;
    mkdirSync(this.path, { mode: 0o755 });
    limit(this.path, this.limits, this.#tree);
  }

  get isPopulated(): boolean {
    return isPopulated(this.path);
  }

  /** What it was held to so far. To be read after an exit: the kernel counts before it kills. */
  get hits(): Hits {
    return hitsIn(this.#read, this.#tree.controllers);
  }

  /** What all that ran in it used, as far as it is counted here. */
  get usage(): TreeUsage {
    return usageIn(this.#read, this.#tree.controllers);
  }

  remove(): void {
    removeCgroup(this.path);
  }

  readonly #read = (file: string): string | null => readKernelFile(join(this.path, file));
}

/** An attempt that the machine was too short for has left its own, empty. */
async function makeAnew(path: string): Promise<void> {
  try {
    mkdirSync(path, 0o755);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    await emptyCgroup(path, patienceMs);
    removeCgroup(path);
    mkdirSync(path, 0o755);
  }
}

function limit(path: string, limits: ResourceLimits, tree: CgroupTree): void {
  for (const [file, value] of settingsOf(limits, tree)) set(join(path, file), value);
}

function settingsOf(
  { memoryBytes, cpuPercent, tasks, ioBytes }: ResourceLimits,
  { controllers, disk }: CgroupTree,
): readonly (readonly [file: string, value: string])[] {
  const memory = [
    // Half a job is no job: where one of its processes must go, all do, whoever is out of memory.
    ['memory.oom.group', '1'],
    ...(memoryBytes === null ? [] : [['memory.max', String(memoryBytes)] as const, ['memory.swap.max', '0'] as const]),
  ] as const;
  const cpu = cpuPercent === null ? [] : [['cpu.max', `${Math.round(cpuPercent * 1000)} ${periodMicros}`] as const];
  const pids = tasks === null ? [] : [['pids.max', String(tasks)] as const];
  const io = ioBytes === null || disk === null ? [] : [['io.max', `${disk} rbps=${ioBytes} wbps=${ioBytes}`] as const];
  return [
    ...(controllers.has('memory') ? memory : []),
    ...(controllers.has('cpu') ? cpu : []),
    ...(controllers.has('pids') ? pids : []),
    ...(controllers.has('io') ? io : []),
  ];
}

function set(path: string, value: string): void {
  try {
    writeKernelFile(path, value);
  } catch (error) {
    // A machine without swap accounting has none of that to limit.
    if (errorCode(error) !== 'ENOENT' || !path.endsWith('swap.max')) throw error;
  }
}
