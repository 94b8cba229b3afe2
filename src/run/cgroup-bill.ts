import type { Controller, Hits } from '../job/limits.ts';
import type { TreeUsage } from '../job/usage.ts';

/** What one of a cgroup's files says (cgroups(7)); null where there is none. */
export type ReadFile = (name: string) => string | null;

/** The files that the two below look at. */
export const billFiles = ['memory.events', 'pids.events', 'cpu.stat', 'memory.peak', 'io.stat'] as const;

/** What all that ran in a cgroup was held to so far. */
export function hitsIn(read: ReadFile, controllers: ReadonlySet<Controller>): Hits {
  const memory = controllers.has('memory') ? numbersIn(read('memory.events')) : {};
  const tasks = controllers.has('pids') ? numbersIn(read('pids.events')) : {};
  return { oom: memory.oom ?? 0, oomKill: memory.oom_kill ?? 0, tasks: tasks.max ?? 0 };
}

/** What all that ran in it used, as far as it is counted there. */
export function usageIn(read: ReadFile, controllers: ReadonlySet<Controller>): TreeUsage {
  const cpu = numbersIn(read('cpu.stat'));
  const peak = controllers.has('memory') ? read('memory.peak') : null;
  const io = controllers.has('io') ? read('io.stat') : null;
  return {
    cpuUserMs: Math.round((cpu.user_usec ?? 0) / 1000),
    cpuSystemMs: Math.round((cpu.system_usec ?? 0) / 1000),
    peakBytes: peak === null ? null : Number(peak),
    io: io === null ? null : { readBytes: sumOf(io, 'rbytes'), writtenBytes: sumOf(io, 'wbytes') },
  };
}

/** `name number`, line by line. */
const numbersIn = (text: string | null): Readonly<Record<string, number>> =>
  Object.fromEntries((text ?? '').split('\n').map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));

/** `8:0 rbytes=1024 wbytes=0 …`, a line for each disk. */
const sumOf = (text: string, name: string): number =>
  [...text.matchAll(new RegExp(`\\b${name}=(\\d+)`, 'g'))].reduce((sum, [, count]) => sum + Number(count), 0);
