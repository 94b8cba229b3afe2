/** One frame of a stack, as the program itself told it. */
export interface Frame {
  readonly function: string | null;
  /** The class, module or package of the function, where the language tells it apart. */
  readonly module?: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** The line of source that the program printed with it. */
  readonly source: string | null;
  /** Whether it is the job's own code, and not a library's. */
  readonly inApp: boolean;
}

/** Where an exception stands among the causes and members of others (develop.sentry.dev, Exception Interface, mechanism). */
export interface Link {
  readonly id: number;
  readonly parent: number | null;
  /** What its parent calls it: `cause`, `errors[0]`. */
  readonly source: string | null;
  /** Whether it stands for several that have nothing to do with each other. */
  readonly isGroup: boolean;
}

export interface ReadException {
  readonly type: string;
  /** Left out where each exception is the cause of the next. */
  readonly link?: Link;
  readonly value: string;
  /** The package or assembly of the type, where Sentry's SDK of the language does not leave it in the type. */
  readonly module?: string;
  /** Oldest call first. */
  readonly frames: readonly Frame[];
  /** What else it had, where it came as data and not as text: `code`, `errno`, fields of its own. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** Of the names that Sentry knows (develop.sentry.dev, Event Payloads, platform). */
export type Platform =
  | 'python'
  | 'node'
  | 'go'
  | 'native'
  | 'java'
  | 'ruby'
  | 'php'
  | 'perl'
  | 'csharp'
  | 'elixir'
  | 'other';

/** What a program's last words tell of the exception that ended it. */
export interface CrashReading {
  readonly platform: Platform;
  /** What was raised first comes first; the last one ended the program. */
  readonly exceptions: readonly [ReadException, ...ReadException[]];
}

/** A crash, and the lines that tell of it. */
export interface FoundCrash {
  readonly reading: CrashReading;
  /** The first line that does not belong to it any more. */
  readonly end: number;
}

/**
 * Finds the last crash of one language, wherever it stands: whether it is the one that ended the program is for
 * `read.ts` to say. Takes time in proportion to the lines. Adding a language is a file with such a function, and its
 * line in `read.ts`.
 */
export type CrashReader = (lines: readonly string[]) => FoundCrash | null;
