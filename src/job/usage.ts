/** What the steps of an attempt used, and those of their descendants that were waited for (getrusage(2)). */
export interface Usage {
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  /** Resident memory of the largest process. Null where it was less than Booty's own: it cannot be told then. */
  readonly peakMemoryBytes: number | null;
  /** From and to block devices; what the page cache had is not read again. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Of all that ran: the sums, and the highest peak. Null where nothing ran. */
export function totalUsage(parts: readonly (Usage | null)[]): Usage | null {
  const known = parts.filter((part) => part !== null);
  if (known.length === 0) return null;
  const sum = (of: (part: Usage) => number): number => known.reduce((total, part) => total + of(part), 0);
  const peaks = known.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? []);
  return {
    cpuUserMs: sum(({ cpuUserMs }) => cpuUserMs),
    cpuSystemMs: sum(({ cpuSystemMs }) => cpuSystemMs),
    peakMemoryBytes: peaks.length === 0 ? null : Math.max(...peaks),
    readBytes: sum(({ readBytes }) => readBytes),
    writtenBytes: sum(({ writtenBytes }) => writtenBytes),
  };
}
