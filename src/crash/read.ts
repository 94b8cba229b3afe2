import { plainLine } from '../job/plain-line.ts';
import type { CrashReader, CrashReading, FoundCrash } from './exception.ts';
import { plainLines } from './plain-lines.ts';
import { type Bare, withoutPrefixes } from './prefixes.ts';
import { readAbort } from './readers/abort.ts';
import { readDotnet } from './readers/dotnet.ts';
import { readElixir } from './readers/elixir.ts';
import { readErlang } from './readers/erlang.ts';
import { readGo } from './readers/go.ts';
import { readJava } from './readers/java.ts';
import { readJvmFatal } from './readers/jvm-fatal.ts';
import { readNode } from './readers/node.ts';
import { readPerl } from './readers/perl.ts';
import { readPhp } from './readers/php.ts';
import { readPython } from './readers/python.ts';
import { readPythonFatal } from './readers/python-fatal.ts';
import { readRake } from './readers/rake.ts';
import { readRuby } from './readers/ruby.ts';
import { readRust } from './readers/rust.ts';
import { readSanitizer } from './readers/sanitizer.ts';
import { readShell, readSignal } from './readers/shell.ts';
import { readTcl } from './readers/tcl.ts';
import { readValgrind } from './readers/valgrind.ts';

/** Of two that end on the same line the first counts: those that read more of a crash stand before. */
const readers: readonly CrashReader[] = [
  readPython,
  readPythonFatal,
  readNode,
  readJava,
  readJvmFatal,
  readGo,
  readRust,
  readRuby,
  readRake,
  readPhp,
  readPerl,
  readTcl,
  readElixir,
  readErlang,
  readDotnet,
  readValgrind,
  readSanitizer,
  readAbort,
  readShell,
];

/** How many lines that are not blank may follow the crash that ended a program: one that says more has gone on. */
const maxTrailingLines = 12;

/** No stack that a program prints is longer; each reader goes over all of them. */
const maxLines = 4000;

/** The longest line that is looked at: what is longer is no line of a stack. */
const maxLineLength = 4000;

/**
 * Finds the uncaught exception in the end of what a program printed, on stderr or else on stdout. Bounded by the size
 * of the tails; colours, carriage returns and what stands before every line are passed over. Null where there is none.
 */
export function readCrash(stderr: string, stdout: string): CrashReading | null {
  for (const text of [stderr, stdout]) {
    const lines = plainLines(text, maxLines, maxLineLength);
    const bare = withoutPrefixes(lines, maxTrailingLines);
    const last = (bare && (bare.isLog ? lastingCrash(bare.lines) : lastCrash(bare.lines))) ?? whole(lines, bare);
    if (last) return last.reading;
  }
  return null;
}

/** With all that stands before the lines: what counts only as the last line would have it in its message. */
const whole = (lines: readonly string[], bare: Bare | null): FoundCrash | null =>
  bare?.isLast ? lastingCrash(lines) : lastCrash(lines);

/** One that stays one when the log goes on. */
const lastingCrash = (lines: readonly string[]): FoundCrash | null =>
  lastCrash([...lines, '', 'INFO going on'], maxTrailingLines + 1) && lastCrash(lines);

/** Programs start others: the one that died last took the rest with it. */
function lastCrash(lines: readonly string[], maxTrailing: number = maxTrailingLines): FoundCrash | null {
  const found = readers.flatMap((read) => read(lines) ?? []);
  const last = found.sort((a, b) => b.end - a.end)[0];
  return last && trailing(last, lines) <= maxTrailing ? last : readSignal(lines);
}

const trailing = ({ end }: FoundCrash, lines: readonly string[]): number =>
  lines.slice(end).filter((line) => line.trim() !== '').length;

/** `ValueError: bad row`: the exception that ended the program, in one line. */
export function titleOf(reading: CrashReading): string {
  const last = reading.exceptions.at(-1) ?? reading.exceptions[0];
  const value = last.value.split('\n', 1)[0] ?? '';
  return plainLine(value ? `${last.type}: ${value}` : last.type).slice(0, 1000);
}
