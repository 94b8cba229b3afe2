import { type Exit, limitReached } from './exit.ts';
import type { ByteCount } from './units.ts';

/** What one attempt of a job may use, all its processes together. Null: there is no limit of its own. */
export interface ResourceLimits {
  readonly memoryBytes: ByteCount | null;
  /** Of one processor: 150 is one and a half. */
  readonly cpuPercent: number | null;
  /** Processes and threads. */
  readonly tasks: number | null;
  /** In a second, read and written each, of the disk that the jobs' directories are on. */
  readonly ioBytes: ByteCount | null;
}

export const noLimits: ResourceLimits = { memoryBytes: null, cpuPercent: null, tasks: null, ioBytes: null };

/** What enforces a limit: the controllers of cgroups(7). */
export const controllers = ['cpu', 'memory', 'pids', 'io'] as const;
export type Controller = (typeof controllers)[number];

const enforcers: readonly (readonly [keyof ResourceLimits, name: string, Controller])[] = [
  ['memoryBytes', 'memory', 'memory'],
  ['cpuPercent', 'cpu', 'cpu'],
  ['tasks', 'tasks', 'pids'],
  ['ioBytes', 'io', 'io'],
];

/** The limits, by their keys in a job file, that nothing here enforces. */
export const unenforced = (limits: ResourceLimits, available: ReadonlySet<Controller>): readonly string[] =>
  enforcers.flatMap(([key, name, controller]) => (limits[key] !== null && !available.has(controller) ? [name] : []));

/** How often the kernel has held a job to a limit so far (memory.events, pids.events). */
export interface Hits {
  /** Its own limit of memory was reached, and nothing could be freed. */
  readonly oom: number;
  /** One of its processes was killed for want of memory: its own limit's, or the machine's. */
  readonly oomKill: number;
  /** A process or thread was not started. */
  readonly tasks: number;
}

export const noHits: Hits = { oom: 0, oomKill: 0, tasks: 0 };

/** What an exit was, given what limits were hit meanwhile: SIGKILL alone does not tell who sent it. */
export function exitUnderLimits(exit: Exit, limits: ResourceLimits, before: Hits, after: Hits): Exit {
  const killed = exit.kind === 'signal' && exit.signal === 'SIGKILL';
  if (killed && after.oomKill > before.oomKill)
    return { kind: 'oom', limitBytes: after.oom > before.oom ? limits.memoryBytes : null };
  return after.tasks > before.tasks ? limitReached(exit, limits.tasks) : exit;
}
