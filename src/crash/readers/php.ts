import type { CrashReader, Frame, ReadException } from '../exception.ts';

/*
 * What PHP prints for an uncaught exception (main.c, php_error_cb; Exception::__toString), the first cause first:
 *
 *   PHP Fatal error:  Uncaught OutOfBoundsException: no price in /srv/load.php:3
 *   Stack trace:
 *   #0 /srv/load.php(7): price('apple')
 *   #1 {main}
 *
 *   Next RuntimeException: bad row in /srv/load.php:9
 *   Stack trace:
 *   #0 {main}
 *     thrown in /srv/load.php on line 9
 *
 * The log has `PHP ` before it and two blanks behind the colon, the output neither: it may be there twice. Other fatal
 * errors (memory, time, grammar) are one line that ends with `in FILE on line N`. Warnings end nothing.
 */

const maxExceptions = 20;
const maxFrames = 500;

const stamp = String.raw`(?:\[\d\d-\w{3}-\d{4} \d\d:\d\d:\d\d[^\]]*\] )?`;
const fatal = new RegExp(
  `^${stamp}(?:PHP )?(Fatal error|Parse error|Recoverable fatal error|Compile error): {1,2}(.*)$`,
);
const thrown = /^ {2}thrown in (\S.*) on line (\d+)$/;
const onLine = / on line (\d+)$/;
const atLine = /:(\d+)$/;
const call = /^#\d+ (?:\[internal function\]|(.*?)\((\d+)\)): (.*)$/;
const main = /^#\d+ \{main\}$/;
const typed = /^([A-Za-z_\u0080-\uffff][\w\\\u0080-\uffff]*(?:@anonymous)?)(?:[\u0000 ]\/\S+:\d+\$\w+)?(?:: ([^]*))?$/u;
/** As PHP 5 said it. */
const quotedTyped = /^exception '([\w\\\u0080-\uffff]+)'(?: with message '([^]*)')?$/u;
const evaluated = /^(.*)\((\d+)\) : (?:eval\(\)'d code|runtime-created function)$/;

export const readPhp: CrashReader = (lines) => {
  for (let start = lines.length - 1; start >= 0; start -= 1) {
    const line = lines[start] ?? '';
    const match = line.includes('error: ') ? fatal.exec(line) : null;
    if (!match) continue;
    const [, kind = '', text = ''] = match;
    const found = text.startsWith('Uncaught ')
      ? readUncaught(lines, start, text.slice(9))
      : readFatal(lines, start, kind, text);
    if (found) return { reading: { platform: 'php', exceptions: found.exceptions }, end: found.end };
  }
  return null;
};

interface Found {
  readonly exceptions: readonly [ReadException, ...ReadException[]];
  readonly end: number;
}

/** The names of sentry-php: a ParseError is an exception, any other fatal error is wrapped in one. */
function readFatal(lines: readonly string[], start: number, kind: string, first: string): Found | null {
  const found = splitPlace(first, onLine);
  if (!found) return null;
  const { message } = found;
  const type = kind === 'Parse error' ? 'ParseError' : 'FatalErrorException';
  const value = kind === 'Parse error' ? message : `Error: ${message}`;
  // Since 8.5 a stack stands below it.
  const calls = lines[start + 1] === 'Stack trace:' ? callsFrom(lines, start + 2) : [];
  const frames = framesOf(calls, found.path, found.row);
  return { exceptions: [{ type, value, frames }], end: start + 1 + (calls.length > 0 ? calls.length + 1 : 0) };
}

function readUncaught(lines: readonly string[], start: number, first: string): Found | null {
  const last = endOf(lines, start);
  if (last === null) return readBare(start, first);
  const words = [first, ...lines.slice(start + 1, last)];
  const exceptions: ReadException[] = [];
  for (let from = 0; from < words.length && exceptions.length < maxExceptions; ) {
    const trace = words.indexOf('Stack trace:', from);
    const exception = trace < 0 ? null : readException(words, from, trace);
    if (!exception) break;
    exceptions.push(exception);
    const next = words.findIndex((line, index) => index > trace && line.startsWith('Next '));
    if (next < 0) break;
    words[next] = (words[next] ?? '').slice(5);
    from = next;
  }
  const [cause, ...more] = exceptions;
  if (cause) return { exceptions: [cause, ...more], end: last + 1 };
  // A class may print itself as it likes: __toString.
  const [, path = '', row = ''] = thrown.exec(lines[last] ?? '') ?? [];
  const exception = { type: 'Exception', value: words.join('\n'), frames: framesOf([], path, row) };
  return { exceptions: [exception], end: last + 1 };
}

interface Placed {
  readonly message: string;
  readonly path: string;
  readonly row: string;
}

/** `bad row in /srv/load.php:9`: the last ` in ` counts, the message may have others. */
function splitPlace(text: string, tail: RegExp): Placed | null {
  const line = tail.exec(text);
  const at = line ? text.lastIndexOf(' in ', line.index) : -1;
  if (!line || at < 0 || at + 4 >= line.index) return null;
  return { message: text.slice(0, at), path: text.slice(at + 4, line.index), row: line[1] ?? '' };
}

/** The line `thrown in` of this error, before any other one begins. */
function endOf(lines: readonly string[], start: number): number | null {
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (thrown.test(line)) return at;
    if (fatal.test(line)) break;
  }
  return null;
}

/** The log ends at the first NUL, and a class without a name has one in its name. */
function readBare(start: number, first: string): Found | null {
  const found = splitPlace(first, onLine);
  const name = typed.exec(found?.message ?? '');
  if (!found || !name) return null;
  const frames = framesOf([], found.path, found.row);
  return { exceptions: [{ type: name[1] ?? '', value: name[2] ?? '', frames }], end: start + 1 };
}

/** `RuntimeException: bad row in /srv/load.php:9`, perhaps on many lines, and the calls below. */
function readException(words: readonly string[], from: number, trace: number): ReadException | null {
  const found = trace > from ? splitPlace(words[trace - 1] ?? '', atLine) : null;
  const text = [...words.slice(from, trace - 1), found?.message].join('\n');
  const name = quotedTyped.exec(text) ?? typed.exec(text);
  if (!found || !name) return null;
  const frames = framesOf(callsFrom(words, trace + 1), found.path, found.row);
  return { type: name[1] ?? '', value: name[2] ?? '', frames };
}

function callsFrom(lines: readonly string[], first: number): readonly string[] {
  let end = first;
  while (end < lines.length && (call.test(lines[end] ?? '') || main.test(lines[end] ?? ''))) end += 1;
  return lines.slice(first, end);
}

/** Each line names a function and the place that called it: the place that is in it stands one line above. */
function framesOf(calls: readonly string[], path: string, row: string): Frame[] {
  const frames: Frame[] = [];
  let at: { readonly path: string | null; readonly row: string } = { path, row };
  for (const line of calls.slice(0, maxFrames)) {
    const match = call.exec(line);
    if (!match) break;
    frames.unshift(makeFrame(at.path, at.row, functionOf(match[3] ?? '')));
    at = { path: match[1] ?? null, row: match[2] ?? '' };
  }
  frames.unshift(makeFrame(at.path, at.row, null));
  return frames;
}

/** As sentry-php names it: `Shop\Rows::load` for `Shop\Rows->load(Array)`. */
const functionOf = (text: string): string =>
  (text.split('(', 1)[0] ?? '').replace(/@anonymous[\u0000 ]?[^]*?(?=->|::|$)/, '@anonymous').replace('->', '::');

function makeFrame(path: string | null, row: string, name: string | null): Frame {
  if (path === null)
    return { function: name, file: '[internal]', line: null, column: null, source: null, inApp: false };
  const inner = evaluated.exec(path);
  const file = inner?.[1] ?? path;
  const line = Number(inner?.[2] ?? row);
  return {
    function: name,
    file,
    line,
    column: null,
    source: null,
    inApp: !/^phar:|\/vendor\/|\/share\/php\//.test(file),
  };
}
