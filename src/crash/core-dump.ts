import type { Exit } from '../job/exit.ts';
import type { CrashReading, Frame, ReadException } from './exception.ts';

/*
 * What systemd-coredump(8) tells the journal of a process that dumped core, where it is installed:
 *
 *   Process 2109 (load) of user 990 dumped core.
 *
 *   Stack trace of thread 2109:
 *   #0  0x0000557f865cc165 price (load + 0x1165)
 *   #1  0x0000557f865cc1d6 main (load + 0x11d6)
 *   #2  0x00007f360d06224a n/a (libc.so.6 + 0x2724a)
 *   …
 *
 * The thread that died comes first. Names are those of the symbol tables: there are neither files nor lines.
 */

export interface CoreDump {
  /** `SIGSEGV` */
  readonly signal: string;
  /** The path of the program. */
  readonly program: string;
  readonly message: string;
}

/** Of the entries that systemd-coredump makes (systemd.io, Journal Message Catalog). */
export const coreDumpMessageId = 'fc2e22bc6ee647b6b90729ab34a250b1';

/** The fields of an entry that are needed here. */
export const coreDumpFields = ['MESSAGE', 'COREDUMP_ENVIRON', 'COREDUMP_EXE', 'COREDUMP_SIGNAL_NAME'] as const;

/** By their numbers (signal(7)): those that dump core, and what a shell says of them. */
const signals: Readonly<Record<number, readonly [name: string, words: string]>> = {
  3: ['SIGQUIT', 'Quit'],
  4: ['SIGILL', 'Illegal instruction'],
  5: ['SIGTRAP', 'Trace/breakpoint trap'],
  6: ['SIGABRT', 'Aborted'],
  7: ['SIGBUS', 'Bus error'],
  8: ['SIGFPE', 'Floating point exception'],
  11: ['SIGSEGV', 'Segmentation fault'],
  24: ['SIGXCPU', 'CPU time limit exceeded'],
  25: ['SIGXFSZ', 'File size limit exceeded'],
  31: ['SIGSYS', 'Bad system call'],
};

/** The signal by which the step, or what its shell ran last, may have dumped core; null where it did not. */
export function coreSignalOf(exit: Exit): string | null {
  if (exit.kind === 'signal') return exit.coreDumped ? exit.signal : null;
  return exit.kind === 'code' ? (signals[exit.code - 128]?.[0] ?? null) : null;
}

/**
 * The newest dump among entries of the journal, one JSON object a line, that came of a process with this variable in its
 * environment and of this signal. Lines that are no such entry are passed over: the first may be cut.
 */
export function findCoreDump(entries: string, variable: string, signal: string): CoreDump | null {
  for (const line of entries.split('\n').toReversed()) {
    const entry = entryOf(line);
    const of = (name: (typeof coreDumpFields)[number]): string => textOf(entry?.[name]);
    if (of('COREDUMP_SIGNAL_NAME') !== signal || !of('COREDUMP_ENVIRON').split('\n').includes(variable)) continue;
    return { signal, program: of('COREDUMP_EXE'), message: of('MESSAGE') };
  }
  return null;
}

function entryOf(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What is not UTF-8 comes as the list of its bytes (systemd.io, Journal Export Formats). */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return Buffer.from(value as number[]).toString();
  return typeof value === 'string' ? value : '';
}

/**
 * What is known of a crash, with the stack of the core. What a program printed before it died says more of the reason
 * than the signal does; of a shell that only tells of the signal, its line is the caller.
 */
export function withCoreDump(reading: CrashReading | null, dump: CoreDump): CrashReading | null {
  const stack = framesOf(dump);
  if (stack.length === 0) return reading;
  const words = Object.values(signals).find(([name]) => name === dump.signal)?.[1] ?? dump.signal;
  const bare: ReadException = { type: dump.signal, value: `${words}: ${nameOf(dump.program)}`, frames: stack };
  if (!reading) return { platform: 'native', exceptions: [bare] };
  const before = reading.exceptions.slice(0, -1);
  const last = reading.exceptions.at(-1) ?? reading.exceptions[0];
  const isOfShell = last.type === dump.signal && reading.platform === 'other';
  if (last.frames.length > 0 && !isOfShell) return reading;
  const whole = { ...(last.value === words ? bare : last), frames: [...last.frames, ...stack] };
  const [first, ...rest] = [...before, whole];
  return { platform: 'native', exceptions: [first ?? whole, ...rest] };
}

const maxFrames = 300;
const thread = /^Stack trace of thread \d+:$/;
const frameLine = /^#\d+ +0x[\da-f]+ (.+) \((.+) \+ (0x[\da-f]+)\)$/;

/** Oldest call first. */
function framesOf({ message, program }: CoreDump): Frame[] {
  const lines = message.split('\n');
  const start = lines.findIndex((line) => thread.test(line)) + 1;
  const frames: Frame[] = [];
  for (const line of lines.slice(start, start + maxFrames)) {
    const [, name = '', module = '', offset = ''] = frameLine.exec(line) ?? [];
    if (name === '') break;
    const inApp = !library.test(module) && name !== '_start';
    frames.push({
      // In a program without symbols its place in the file tells one call from another.
      function: name === 'n/a' ? (inApp ? `${module}+${offset}` : null) : demangled(name),
      file: module === nameOf(program) ? program : module,
      line: null,
      column: null,
      source: null,
      inApp,
    });
  }
  return frames.toReversed();
}

const library = /^(?:lib[^/]*\.so\b|ld-[^/]*\.so\b|linux-(?:vdso|gate)\b|\[)/;

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `_ZN4shop4loadEi` → `shop::load`: names alone (Itanium C++ ABI, 5.1); one that has more in it stays as it is. */
function demangled(name: string): string {
  const [, nested, mangled = ''] = /^_Z(NK?)?(\d.*)$/.exec(name) ?? [];
  const parts: string[] = [];
  let rest = mangled;
  for (let digits = /^\d+/.exec(rest)?.[0]; digits !== undefined; digits = /^\d+/.exec(rest)?.[0]) {
    const end = digits.length + Number(digits);
    if (end > rest.length) return name;
    parts.push(rest.slice(digits.length, end));
    rest = rest.slice(end);
    if (nested === undefined) return parts.join('::');
  }
  return parts.length > 0 && rest.startsWith('E') ? parts.join('::') : name;
}
