/** What a set of measurements comes to. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The smallest value that at least so many per cent of all are not above (nearest rank): always one that was measured.
 * @param percent above 0, at most 100
 * @throws RangeError of no values, or of a percentage that is none
 */
export function percentile(values: readonly number[], percent: number): number {
  if (!(percent > 0 && percent <= 100)) throw new RangeError(`${percent} is not a percentage`);
  const sorted = ascending(values);
  const value = sorted[Math.ceil((percent / 100) * sorted.length) - 1];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

/** The middle value, or the mean of the two in the middle. @throws RangeError of no values */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values');
  return (lower + upper) / 2;
}

/** @throws RangeError of no values */
export const summarize = (values: readonly number[]): Summary => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/**
 * Each measurement as a ratio to the reference at the same time: what slows the whole machine down slows both.
 * @throws RangeError where they don't match
 */
export function ratios(values: readonly number[], references: readonly number[]): number[] {
  if (values.length !== references.length)
    throw new RangeError(`${values.length} values beside ${references.length} references`);
  return values.map((value, round) => value / (references[round] ?? Number.NaN));
}

function ascending(values: readonly number[]): number[] {
  if (values.some((value) => !Number.isFinite(value))) throw new RangeError('a value is not a finite number');
  return [...values].sort((a, b) => a - b);
}
