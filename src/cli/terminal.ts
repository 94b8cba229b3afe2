import { writeSync } from 'node:fs';
import { styleText } from 'node:util';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { isJournal } from '../journal/journal.ts';

/** What a command tells: results on stdout, everything else on stderr. */
export function print(text: string): void {
  writeAll(1, text.endsWith('\n') ? text : `${text}\n`);
}

export function printRaw(content: Uint8Array): void {
  writeAll(1, content);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

export function note(text: string): void {
  writeAll(2, `${text}\n`);
}

/** `booty: what went wrong` and, on a line of its own, what to do. A defect of Booty shows its stack. */
export function printError(error: unknown): void {
  if (error instanceof BootyError) {
    printErrorLine(`booty: ${error.message}`);
    printErrorLine(`  ${error.hint}`);
    return;
  }
  printErrorLine(
    `booty: this is a defect of Booty: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}

/** On stderr; where journald reads that, with the priority of an error. */
export function printErrorLine(text: string): void {
  const prefix = isJournal(2, process.env.JOURNAL_STREAM) ? '<3>' : '';
  for (const line of text.split('\n')) note(`${prefix}${line}`);
}

type Style = Parameters<typeof styleText>[0];

/** Paints only for a person at a terminal. */
export const paint = (style: Style, text: string): string =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;

/** Outcomes in a table, each in its colour. */
export const paintOutcomes = (text: string): string =>
  text
    .replace(/ {2}crashed(?= {2})/g, `  ${paint('red', 'crashed')}`)
    .replace(/ {2}rejected(?= {2})/g, `  ${paint('yellow', 'rejected')}`)
    .replace(/ {2}succeeded(?= {2})/g, `  ${paint('green', 'succeeded')}`);

/** Columns as wide as their widest cell; the last is cut to the terminal's width. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const lastColumn = header.length - 1;
  const used = widths.slice(0, lastColumn).reduce((sum, width) => sum + width + 2, 0);
  const room = process.stdout.isTTY ? Math.max(10, process.stdout.columns - used - 1) : Number.POSITIVE_INFINITY;
  const cell = (text: string, column: number): string =>
    column === lastColumn
      ? text.length > room
        ? `${text.slice(0, room - 1)}…`
        : text
      : text.padEnd(widths[column] ?? 0);
  const line = (cells: readonly string[]): string => cells.map(cell).join('  ').trimEnd();
  return [paint('dim', line(header)), ...rows.map(line)].join('\n');
}

function writeAll(file: number, content: string | Uint8Array): void {
  const data = Buffer.from(content as string);
  for (let done = 0; done < data.length; ) {
    try {
      done += writeSync(file, data, done);
    } catch (error) {
      if (errorCode(error) === 'EPIPE') process.exit(0); // `booty list | head`: nobody reads on.
      if (errorCode(error) !== 'EAGAIN') throw outputFailed(error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function outputFailed(error: unknown): unknown {
  const code = errorCode(error);
  if (code === null) return error;
  return new BootyError('OUTPUT_FAILED', `cannot write the output (${code})`, {
    hint: 'check the disk that it goes to',
    cause: error,
  });
}
