import type { Raised } from './lineage.ts';
import { call, frameOf } from './node-frame.ts';

/*
 * An error as Node.js shows it (nodejs.org/api/util.html, util.inspect): its `stack`, and in braces what else it has.
 *
 *   Error: cannot load
 *       at load (file:///srv/load.mjs:8:11)
 *       ... 2 lines matching cause stack trace ...
 *       at main (file:///srv/load.mjs:12:3) {
 *     code: 'E_LOAD',
 *     [cause]: RangeError: no price
 *         at read (file:///srv/load.mjs:2:9)
 *   }
 */

const head = /^([\p{L}_$][\p{L}\p{N}_$.]*)(?: \[([\w$.-]+)\])?(?:: (.*))?$/u;
const noError = /^(?:undefined|null|true|false|NaN|Infinity|Object|Array|Function|Getter|Setter|Symbol|Promise)$/;
const elision = /^ {4}\.\.\. (\d+) lines? matching cause stack trace \.\.\./;
export const emitted = /^(?:Emitted '.+' event|Thrown) .*at:$/;
const part = /^ {2}\[(cause|errors)\]: (.*)$/;
/** So much is read, and no more: a program may print what it likes. */
const maxDepth = 20;
const maxStack = 500;
const maxMembers = 50;

interface Found {
  readonly raised: Raised;
  /** The lines of its stack, as they were before any was left out. */
  readonly stack: readonly string[];
  /** The first line that does not belong to it. */
  readonly next: number;
}

export const isFrame = (line: string): boolean => elision.test(line) || frameOf(line) !== null;

/** The error whose first line is `start`. */
export const readError = (lines: readonly string[], start: number): Found | null => readAt(lines, start, 0);

function readAt(lines: readonly string[], start: number, depth: number): Found | null {
  const bare = (lines[start] ?? '').startsWith('[') ? readBare(lines, start, depth) : null;
  if (bare) return bare;
  const match = head.exec(lines[start] ?? '');
  if (!match || noError.test(match[1] ?? '')) return null;
  const first = indexFrom(lines, start + 1, isFrame);
  if (first < 0) return depth > 0 ? null : found(match, lines.slice(start + 1), [], none, lines.length);
  let end = first;
  while (end < lines.length && isFrame(lines[end] ?? '')) end += 1;
  const stack = lines.slice(first, Math.min(end, first + maxStack));
  while (emitted.test(lines[end] ?? '')) end = indexFrom(lines, end + 1, (line) => !isFrame(line), lines.length);
  const braces = (lines[end - 1] ?? '').endsWith(' {') ? readParts(lines, end, depth) : { ...none, next: end };
  return found(match, lines.slice(start + 1, first), stack, braces, braces.next);
}

/** One without a stack stands in brackets. */
function readBare(lines: readonly string[], start: number, depth: number): Found | null {
  const end = indexFrom(lines, start, (line) => /\](?: \{.*|,)?$/.test(line));
  if (end < 0) return null;
  const words = lines
    .slice(start, end + 1)
    .join('\n')
    .slice(1);
  const [first = '', ...rest] = words.slice(0, words.lastIndexOf(']')).split('\n');
  const match = head.exec(first);
  if (!match || noError.test(match[1] ?? '') || (depth > 0 && !/Error|Exception/.test(match[1] ?? ''))) return null;
  const braces = lines[end]?.endsWith('] {') ? readParts(lines, end + 1, depth) : { ...none, next: end + 1 };
  return found(match, rest, [], braces, braces.next);
}

interface Parts {
  readonly cause: Found | null;
  readonly errors: readonly (Found | null)[] | null;
}
const none: Parts = { cause: null, errors: null };

function found(
  [, name = '', label, first = '']: RegExpExecArray,
  rest: readonly string[],
  shown: readonly string[],
  { cause, errors }: Parts,
  next: number,
): Found {
  const stack = completed(shown, cause?.stack ?? []);
  const frames = stack.flatMap((line) => frameOf(line) ?? []).toReversed();
  // The name of a DOMException is behind it; what stands behind another name is its code.
  const type = name === 'DOMException' && label !== undefined ? label : name;
  const members = (errors ?? []).map((error, index) => ({ source: `errors[${index}]`, raised: error?.raised }));
  const parts = [{ source: 'cause', raised: cause?.raised }, ...members].flatMap(({ source, raised }) =>
    raised ? [{ source, raised }] : [],
  );
  const value = [first, ...rest].join('\n').trimEnd();
  return { raised: { exception: { type, value, frames }, isGroup: errors !== null, parts }, stack, next };
}

/** Lines that are the same in the stack of the cause are left out. */
function completed(shown: readonly string[], causes: readonly string[]): readonly string[] {
  const calls = causes.map(call);
  const whole = shown.flatMap((line, index) => {
    const left = elision.exec(line);
    if (!left) return [line];
    const before = calls.indexOf(call(shown[index - 1] ?? ''));
    return before < 0 ? [] : causes.slice(before + 1, before + 1 + Number(left[1]));
  });
  return whole.slice(0, maxStack);
}

/** What stands in the braces, up to the one that closes them. */
function readParts(lines: readonly string[], start: number, depth: number): Parts & { readonly next: number } {
  let { cause, errors } = none;
  const seen = new Set<string>();
  let at = start;
  for (; at < lines.length && !(lines[at] ?? '').startsWith('}'); at += 1) {
    const [, key = '', value = ''] = (depth < maxDepth && part.exec(lines[at] ?? '')) || [];
    if (key === '' || seen.has(key)) continue;
    seen.add(key);
    if (key === 'cause') {
      cause = readAt([value, ...indented(lines, at + 1, 2)], 0, depth + 1);
      if (cause) at += cause.next - 1;
    } else if (value === '[') {
      const inner = indented(lines, at + 1, 4);
      errors = readMembers(inner, depth);
      at += inner.length;
    }
  }
  return { cause, errors, next: at + 1 };
}

/** The lines from here on as they are at this depth, up to the one that closes what is around them. */
function indented(lines: readonly string[], start: number, columns: number): readonly string[] {
  const margin = ' '.repeat(columns);
  const end = indexFrom(lines, start, (line) => line !== '' && !line.startsWith(margin), lines.length);
  return lines.slice(start, end).map((line) => line.slice(columns));
}

function readMembers(lines: readonly string[], depth: number): readonly (Found | null)[] {
  const errors: (Found | null)[] = [];
  for (let at = 0; at < lines.length && errors.length < maxMembers; ) {
    const error = readAt(lines, at, depth + 1);
    errors.push(error);
    // What is no error ends with the line that is not further in.
    at = error ? error.next : indexFrom(lines, at + 1, (line) => !/^[ }\])]/.test(line), lines.length);
  }
  return errors;
}

function indexFrom(lines: readonly string[], start: number, is: (line: string) => boolean, missing = -1): number {
  for (let at = start; at < lines.length; at += 1) if (is(lines[at] ?? '')) return at;
  return missing;
}
