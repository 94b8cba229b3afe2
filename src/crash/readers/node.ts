import type { CrashReader, Frame, ReadException } from '../exception.ts';

/*
 * What Node.js prints for an uncaught error: where it was thrown, a blank line, the error's `stack`
 * (v8.dev/docs/stack-trace-api), perhaps its properties in braces, and last its own version:
 *
 *   file:///srv/load.mjs:3
 *     throw new TypeError('bad row');
 *           ^
 *
 *   TypeError: bad row
 *       at load (file:///srv/load.mjs:3:9)
 *       at async main (file:///srv/load.mjs:8:3) {
 *     [cause]: Error: …
 *   }
 *
 *   Node.js v26.10.0
 *
 * What was thrown and is no error has no stack, and stands right below the caret.
 */

const farewell = /^Node\.js v\d+\./;
const caret = /^\s*\^+$/;
const thrownAt = /^(file:\/\/.+|\/.+|node:.+):(\d+)$/;
const traceHint = /^\(Use `.*--trace-uncaught/;
const errorLine = /^\[?([A-Za-z_$][\w$.]*)(?: \[[\w$.-]+\])?(?:: (.*))?$/;
const frameLine = /^ {4}at (?:async )?(?:(.+?) \()?(.+?)(?::(\d+):(\d+))?\)?( \{)?$/;
const elision = /^ {4}\.\.\. \d+ lines matching/;
const isStack = (line: string): boolean => frameLine.test(line) || elision.test(line);

export const readNode: CrashReader = (lines) => {
  const end = lines.findLastIndex((line) => farewell.test(line));
  if (end < 0) return null;
  // A source line may look like a caret, but the last one stands right above the error.
  const mark = lines.slice(0, end).findLastIndex((line) => caret.test(line));
  const exception = mark < 0 ? readStackOnly(lines, end) : readBelow(lines, mark, end);
  return exception && { reading: { platform: 'node', exceptions: [exception] }, end: end + 1 };
};

function readBelow(lines: readonly string[], mark: number, end: number): ReadException | null {
  const words = lines.slice(mark + 1, end);
  const hint = words.findIndex((line) => traceHint.test(line));
  if (hint >= 0) return thrownValue(words.slice(0, hint), originOf(lines, mark));
  const first = words.findIndex((line) => line.trim() !== '');
  return first < 0 ? null : (readError(words.slice(first)) ?? thrownValue(words, originOf(lines, mark)));
}

/** Without the place of the throw, the error begins at the nearest blank line above its frames. */
function readStackOnly(lines: readonly string[], end: number): ReadException | null {
  const last = lines.slice(0, end).findLastIndex(isStack);
  if (last < 0) return null;
  let first = last;
  while (first > 0 && isStack(lines[first - 1] ?? '')) first -= 1;
  const blank = lines.slice(0, first).findLastIndex((line) => line.trim() === '');
  return readError(lines.slice(blank + 1, end));
}

/** An error's own words: its first line, the rest of its message, its frames. */
function readError(words: readonly string[]): ReadException | null {
  const match = errorLine.exec(words[0] ?? '');
  if (!match) return null;
  const [, type = 'Error', value = ''] = match;
  const firstFrame = words.findIndex(isStack);
  const messageEnd = firstFrame < 0 ? words.length : firstFrame;
  const message = unbracket(words[0] ?? '', [value, ...words.slice(1, messageEnd)].join('\n').trimEnd());
  const frames: Frame[] = [];
  for (const line of firstFrame < 0 ? [] : words.slice(firstFrame)) {
    if (!isStack(line)) break;
    const frame = frameOf(line);
    if (frame) frames.unshift(frame);
  }
  return { type, value: message, frames };
}

/** An error without a stack stands in brackets. */
const unbracket = (first: string, message: string): string =>
  first.startsWith('[') && message.endsWith(']') ? message.slice(0, -1) : message;

function thrownValue(words: readonly string[], origin: Frame | null): ReadException {
  const value = words
    .join('\n')
    .trim()
    .replace(/^Uncaught:?\s*/, '');
  return { type: 'Error', value, frames: origin ? [origin] : [] };
}

/** The place of the throw, a few lines above the caret. */
function originOf(lines: readonly string[], mark: number): Frame | null {
  for (let at = mark - 1; at >= Math.max(0, mark - 4); at -= 1) {
    const match = thrownAt.exec(lines[at] ?? '');
    if (match) return makeFrame(null, match[1] ?? '', match[2], undefined);
  }
  return null;
}

function frameOf(line: string): Frame | null {
  const match = frameLine.exec(line);
  return match && makeFrame(match[1] ?? null, match[2] ?? '', match[3], match[4]);
}

function makeFrame(name: string | null, place: string, row: string | undefined, column: string | undefined): Frame {
  const file = pathOf(place);
  return {
    function: name,
    file,
    line: row === undefined ? null : Number(row),
    column: column === undefined ? null : Number(column),
    source: null,
    inApp: !/^node:|^<anonymous>|^native|^\[eval\]-wrapper|\/node_modules\//.test(file),
  };
}

/** The path of a file URL. A program may print any text in its place. */
function pathOf(place: string): string {
  const url = place.startsWith('file:///') ? URL.parse(place) : null;
  if (!url) return place;
  try {
    return decodeURIComponent(url.pathname);
  } catch (error) {
    if (error instanceof URIError) return place;
    throw error;
  }
}
