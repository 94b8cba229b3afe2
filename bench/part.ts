import type { Program } from './booty.ts';
import type { Row } from './row.ts';
import type { Settings } from './settings.ts';

export interface Context {
  readonly program: Program;
  readonly settings: Settings;
  /** Empty, on a disk, the part's own. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/** What one part of the benchmark has found. */
export interface Found {
  readonly rows: readonly Row[];
  /** All the numbers that the rows were made of, for build/bench.json and the curves. */
  readonly data: unknown;
}

/** A part measures what belongs together, and can be run by itself: BENCH_PARTS. */
export interface Part {
  readonly name: string;
  readonly run: (context: Context) => Promise<Found>;
}
