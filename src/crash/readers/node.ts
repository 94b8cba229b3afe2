import type { CrashReader, FoundCrash, Frame, ReadException } from '../exception.ts';
import { exceptionsOf, type Raised } from './lineage.ts';
import { emitted, isFrame, readError } from './node-error.ts';
import { makeFrame } from './node-frame.ts';

/*
 * What Node.js prints for an uncaught error: where it was thrown, a blank line, the error as node-error.ts reads it,
 * and last its own version:
 *
 *   file:///srv/load.mjs:3
 *     throw new TypeError('bad row');
 *           ^
 *
 *   TypeError: bad row
 *       at load (file:///srv/load.mjs:3:9)
 *
 *   Node.js v26.10.0
 *
 * What was thrown and is no error has no stack, and stands right below the caret.
 */

const farewell = /^Node\.js v\d+\./;
const caret = /^\s*\^+$/;
const thrownAt = /^(file:\/\/.+|\/.+|node:.+|<anonymous_script>|evalmachine\.<anonymous>|\[eval\]):(\d+)$/;
const traceHint = /^\(Use `.*--trace-uncaught/;
const fatal = /^FATAL ERROR: (.+)$/;
const nativeFrame = /^ ?\d+: 0x[0-9a-f]+ (.*) \[.+\]$/;
const rejection = /The promise rejected with the reason "(.*)"\.$/s;
/** More lines lie between the place of a throw and its caret only where a line of source is missing. */
const maxPlaceLines = 4;

interface Thrown {
  readonly place: { readonly frame: Frame; readonly caretAt: number } | null;
  /** The first line below the caret. */
  readonly start: number;
}

export const readNode: CrashReader = (lines) => {
  const end = lastIndex(lines, 0, lines.length, (line) => farewell.test(line));
  const died = readFatal(lines, end + 1);
  if (died || end < 0) return died;
  const begin = lastIndex(lines, 0, end, (line) => farewell.test(line)) + 1;
  const raised = readThrown(lines, begin, end) ?? readStackOnly(lines, begin, end);
  if (!raised) return null;
  return { reading: { platform: 'node', exceptions: exceptionsOf(raised, raised.parts.length > 0) }, end: end + 1 };
};

/** The last line that is so, of those from `begin` to before `end`. */
function lastIndex(lines: readonly string[], begin: number, end: number, is: (line: string) => boolean): number {
  for (let at = end - 1; at >= begin; at -= 1) if (is(lines[at] ?? '')) return at;
  return begin === 0 ? -1 : begin - 1;
}

function readThrown(lines: readonly string[], begin: number, end: number): Raised | null {
  const thrown = placeOf(lines, begin, end);
  if (!thrown) return null;
  const words = lines.slice(thrown.start, end);
  const hint = words.findIndex((line) => traceHint.test(line));
  const first = words.findIndex((line) => line.trim() !== '');
  if (first < 0) return null;
  const raised = hint < 0 ? readError(words, first)?.raised : null;
  const exception = raised
    ? inPlace(raised.exception, thrown.place)
    : thrownValue(words.slice(0, hint < 0 ? undefined : hint), thrown);
  return raised ? { ...raised, exception } : { exception, isGroup: false, parts: [] };
}

/** The last place that has its caret; the last caret where there is none. */
function placeOf(lines: readonly string[], begin: number, end: number): Thrown | null {
  const caretBelow = (at: number): number => {
    const index = lines.slice(at + 1, Math.min(end, at + 1 + maxPlaceLines)).findIndex((line) => caret.test(line));
    return index < 0 ? -1 : at + 1 + index;
  };
  for (let at = end - 1; at >= begin; at -= 1) {
    const match = thrownAt.exec(lines[at] ?? '');
    const mark = match ? caretBelow(at) : -1;
    if (!match || mark < 0) continue;
    const source = mark > at + 1 ? (lines[at + 1] ?? '').trim() : null;
    const frame = { ...makeFrame(null, match[1] ?? '', match[2], undefined), source };
    return { place: { frame, caretAt: (lines[mark] ?? '').indexOf('^') + 1 }, start: mark + 1 };
  }
  const mark = lastIndex(lines, begin, end, (line) => caret.test(line));
  return mark < begin ? null : { place: null, start: mark + 1 };
}

/** The line of source belongs to one of the frames; what does not parse has no frame of its own, but here. */
function inPlace(exception: ReadException, place: Thrown['place']): ReadException {
  if (
    exception.type === 'UnhandledPromiseRejection' ||
    exception.value.startsWith('This error originated either by throwing')
  )
    return rejected(exception);
  if (!place) return exception;
  const { frame, caretAt } = place;
  const frames = [...exception.frames];
  const at = frames.findLastIndex(({ file, line }) => file === frame.file && line === frame.line);
  const same = frames[at];
  if (same) frames[at] = { ...same, source: frame.source };
  else if (exception.type === 'SyntaxError' && frame.inApp) frames.push({ ...frame, column: caretAt });
  return { ...exception, frames };
}

/** What a promise was rejected with and is no error. The stack is the one of Node.js, which says nothing. */
function rejected(exception: ReadException): ReadException {
  const [, reason = ''] = rejection.exec(exception.value) ?? [];
  return reason === '' || reason.startsWith('#<')
    ? { ...exception, frames: [] }
    : { type: 'Error', value: reason, frames: [] };
}

function thrownValue(words: readonly string[], { place }: Thrown): ReadException {
  const value = words
    .join('\n')
    .trim()
    .replace(/^Uncaught:?\s*/, '');
  return { type: 'Error', value, frames: place?.frame.inApp ? [place.frame] : [] };
}

/** Without the place of the throw, the error begins at the nearest blank line above its frames, and ends at the farewell. */
function readStackOnly(lines: readonly string[], begin: number, end: number): Raised | null {
  let at = lastIndex(lines, begin, end, isFrame);
  while (at >= begin && (isFrame(lines[at] ?? '') || emitted.test(lines[at] ?? ''))) at -= 1;
  const first = lastIndex(lines, begin, Math.max(at, begin), (line) => line.trim() === '') + 1;
  const error = readError(lines.slice(0, end), first);
  return error && lines.slice(error.next, end).every((line) => line.trim() === '') ? error.raised : null;
}

/** V8 itself gives up: `FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory`. */
function readFatal(lines: readonly string[], begin: number): FoundCrash | null {
  const at = lastIndex(lines, begin, lines.length, (line) => fatal.test(line));
  const [, value] = fatal.exec(lines[at] ?? '') ?? [];
  if (at < begin || value === undefined) return null;
  const below = lines.slice(at + 1, at + 200);
  const isNative = (line: string): boolean => nativeFrame.test(line);
  if (below.slice(0, 4).findIndex((line) => isNative(line) || line === '----- Native stack trace -----') < 0)
    return null;
  const frames = below.flatMap((line) => {
    const name = nativeFrame.exec(line)?.[1] ?? '';
    return name === '' ? [] : [{ ...makeFrame(name, 'node', undefined, undefined), inApp: false }];
  });
  const end = at + 1 + below.findLastIndex(isNative) + 1;
  const exception = { type: 'FATAL ERROR', value, frames: frames.toReversed() };
  return { reading: { platform: 'node', exceptions: [exception] }, end };
}
