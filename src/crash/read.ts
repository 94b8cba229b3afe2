import { stripVTControlCharacters } from 'node:util';
import { plainLine } from '../job/plain-line.ts';
import type { CrashReader, CrashReading } from './exception.ts';
import { readNode } from './readers/node.ts';
import { readPython } from './readers/python.ts';

const readers: readonly CrashReader[] = [readPython, readNode];

/** The longest line that is looked at: what is longer is no line of a stack. */
const maxLineLength = 4000;

/**
 * Finds the uncaught exception in the end of what a program printed, on stderr or else on stdout. Bounded by the size
 * of the tails; colours and carriage returns are passed over. Null where there is none.
 */
export function readCrash(stderr: string, stdout: string): CrashReading | null {
  for (const text of [stderr, stdout]) {
    const lines = stripVTControlCharacters(text)
      .split(/\r?\n/)
      .map((line) => line.slice(0, maxLineLength));
    while (lines.at(-1) === '') lines.pop();
    for (const read of readers) {
      const reading = read(lines);
      if (reading) return reading;
    }
  }
  return null;
}

/** `ValueError: bad row`: the exception that ended the program, in one line. */
export function titleOf(reading: CrashReading): string {
  const last = reading.exceptions.at(-1) ?? reading.exceptions[0];
  const value = last.value.split('\n', 1)[0] ?? '';
  return plainLine(value ? `${last.type}: ${value}` : last.type).slice(0, 1000);
}
