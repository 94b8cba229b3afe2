/*
 * What Booty and the host of a module say to each other, in files of the job's own directory:
 *
 *   module-call.json     what the host is to run
 *   module-error.json    the error that ended it: {@link HandedError}s, the one that was thrown first
 *   module-log.jsonl     what it logged, one {@link LogLine} a line
 *
 * The job can write these files as it likes: Booty believes nothing in the last two.
 */

/** The variable that names the file of the call. The module does not see it. */
export const callVariable = 'BOOTY_MODULE_CALL';

export interface ModuleCall {
  /** Absolute. */
  readonly module: string;
  /** Where relative paths begin: for saying so. */
  readonly modules: string;
  /** Null: the default export. */
  readonly export: string | null;
  readonly with: unknown;
  readonly errorPath: string;
  readonly logPath: string;
}

/** One error of a chain. Each comes after the one that it is a part of. */
export interface HandedError {
  readonly type: string;
  readonly value: string;
  /** As V8 writes them, innermost first, each with its line of source where that could be read. */
  readonly frames: readonly { readonly call: string; readonly source: string | null }[];
  /** What it has beside name, message, stack, cause and errors. */
  readonly properties: Readonly<Record<string, string>>;
  /** The place in the list of the one that it is a part of; null for the first. */
  readonly parent: number | null;
  /** `cause` or `errors[0]`. */
  readonly source: string | null;
  readonly isGroup: boolean;
}

/** More is not written, and not read. */
export const maxErrorFileBytes = 256 * 1024;
export const maxHandedErrors = 50;
export const maxHandedFrames = 100;
export const maxProperties = 30;

export const logLevels = ['info', 'warning', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
}

/** So many lines are kept, the last ones. */
export const maxLogLines = 100;
/** Of one message, in characters. */
export const maxLogMessage = 1000;
/** The end of the file that is read; the file itself may be twice as long. */
export const maxLogFileBytes = 512 * 1024;

/** As it is printed on stderr. */
export const printedLogLine = ({ level, message }: Pick<LogLine, 'level' | 'message'>): string =>
  `${level}: ${message}`;
