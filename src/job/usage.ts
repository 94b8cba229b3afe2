/** What the steps of an attempt used, and those of their descendants that were waited for (getrusage(2)); in a cgroup, all of them. */
export interface Usage {
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  /** Resident memory of the largest process. Null where it was less than Booty's own: it cannot be told then. */
  readonly peakMemoryBytes: number | null;
  /** The most memory of all of them at once, with their page cache: what `limits.memory` holds down. Only where each job has a cgroup. */
  readonly treeMemoryBytes?: number;
  /** From and to block devices; what the page cache had is not read again. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** What a cgroup says of all that ran in it, whoever waited for whom. */
export interface TreeUsage {
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  /** The most memory that all of them had at once, with the page cache that is charged to them; null where it is not counted. */
  readonly peakBytes: number | null;
  readonly io: { readonly readBytes: number; readonly writtenBytes: number } | null;
}

/** What an attempt used, where the kernel has kept the bill of all its processes: that counts. */
export function usageOfTree(steps: Usage | null, tree: TreeUsage): Usage | null {
  if (steps === null) return null;
  return {
    ...steps,
    ...tree.io,
    cpuUserMs: tree.cpuUserMs,
    cpuSystemMs: tree.cpuSystemMs,
    ...(tree.peakBytes === null ? {} : { treeMemoryBytes: tree.peakBytes }),
  };
}

/** Of all that ran: the sums, and the highest peak. Null where nothing ran. */
export function totalUsage(parts: readonly (Usage | null)[]): Usage | null {
  const known = parts.filter((part) => part !== null);
  if (known.length === 0) return null;
  const sum = (of: (part: Usage) => number): number => known.reduce((total, part) => total + of(part), 0);
  const peaks = known.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? []);
  const ofTrees = known.flatMap(({ treeMemoryBytes }) => treeMemoryBytes ?? []);
  return {
    cpuUserMs: sum(({ cpuUserMs }) => cpuUserMs),
    cpuSystemMs: sum(({ cpuSystemMs }) => cpuSystemMs),
    peakMemoryBytes: peaks.length === 0 ? null : Math.max(...peaks),
    ...(ofTrees.length === 0 ? {} : { treeMemoryBytes: Math.max(...ofTrees) }),
    readBytes: sum(({ readBytes }) => readBytes),
    writtenBytes: sum(({ writtenBytes }) => writtenBytes),
  };
}
