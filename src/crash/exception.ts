/** One frame of a stack, as the program itself told it. */
export interface Frame {
  readonly function: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** The line of source that the program printed with it. */
  readonly source: string | null;
  /** Whether it is the job's own code, and not a library's. */
  readonly inApp: boolean;
}

export interface ReadException {
  readonly type: string;
  readonly value: string;
  /** Oldest call first. */
  readonly frames: readonly Frame[];
}

/** What a program's last words tell of the exception that ended it. */
export interface CrashReading {
  readonly platform: 'python' | 'node';
  /** What was raised first comes first; the last one ended the program. */
  readonly exceptions: readonly [ReadException, ...ReadException[]];
}

/** Reads the crashes of one language. Adding one is a file with such a function, and its line in `read.ts`. */
export type CrashReader = (lines: readonly string[]) => CrashReading | null;

/** How many lines may follow an uncaught exception: a program that goes on after it has handled it. */
export const maxTrailingLines = 12;
