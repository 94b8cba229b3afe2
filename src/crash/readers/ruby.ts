import type { CrashReader, Frame, ReadException } from '../exception.ts';
import { file, frameAt, nameOf as nameParts, quoted } from './ruby-frame.ts';

/*
 * What Ruby prints for an uncaught exception (error.c of Ruby, rb_error_write), the last call first, and below it its
 * causes in the same form:
 *
 *   /srv/load.rb:8:in `rescue in load': bad row (ArgumentError)
 *   	from /srv/load.rb:11:in `<main>'
 *   /srv/load.rb:2:in `price': no price (KeyError)
 *   	from /srv/load.rb:6:in `load'
 *
 * A message of many lines goes on between the two; 3.1 and later put the line of source there (error_highlight). Since
 * 3.4 it says 'Rows#load' for `load'. Ruby 2.5 to 2.7 turned all of it around on a terminal: `Traceback (most recent
 * call last):`, numbered calls from the first one on, and last the exception, its causes before it.
 */

const maxExceptions = 20;
/** How many lines that look like an exception are looked at, from the end. */
const maxHeads = 60;
const maxFrames = 500;
const maxMessageLines = 100;

const headLine = new RegExp(`^${file}:(\\d+)${quoted}: (.*)$`);
const callLine = new RegExp(`^\\t(?: *\\d+: )?from ${file}:(\\d+)${quoted}$`);
/** Calls without a place, and those that are left out. */
const elision = /^\t(?: \.\.\. \d+ levels\.\.\.|(?: *\d+: )?from [^\s:]+:in [`'][^']*')$/;
const numbered = /^\t *\d+: from /;
const traceback = 'Traceback (most recent call last):';
const namedEnd = / \(([A-Z]\w*(?:::[A-Z]\w*)*)\)$/;
const className = /^[A-Z]\w*(?:::[A-Z]\w*)*$/;
const noScript = /^ruby[\d.]*: (.* -- .*) \((LoadError|Errno::[A-Z]+)\)$/;
const oldSyntaxError = /^(?:[\w./-]+: )?(?=syntax error, |syntax errors? found|unterminated |unknown regexp|invalid )/;
const hint = /^Did you mean\?/;
const marker = /^\s*[\^~][\s^~-]*$/;
const threadHead = /^#<Thread:0x[0-9a-f]+ .*> terminated with exception/;

interface Block {
  readonly exception: ReadException;
  readonly start: number;
  /** The first line that does not belong to it. */
  readonly end: number;
  /** Whether its calls stand above it. */
  readonly reversed: boolean;
}

export const readRuby: CrashReader = (lines) => {
  const blocks = blocksOf(lines);
  const last = blocks.at(-1);
  if (!last) return null;
  const reversed = last.reversed || lines[last.start - 1] === traceback;
  const chain: Block[] = [last];
  for (let at = blocks.length - 2; at >= 0 && chain.length < maxExceptions; at -= 1) {
    const block = blocks[at];
    const first = chain[0];
    if (!block || !first || block.end !== first.start) break;
    // What ends a thread is printed there, and again where it ends the program.
    if (chain.some((other) => isSame(other, block))) break;
    chain.unshift(block);
  }
  const exceptions = (reversed ? chain : chain.toReversed()).map(({ exception }) => exception);
  const [first, ...more] = exceptions;
  return first ? { reading: { platform: 'ruby', exceptions: [first, ...more] }, end: last.end } : null;
};

const isSame = (one: Block, other: Block): boolean =>
  one.exception.type === other.exception.type &&
  one.exception.value === other.exception.value &&
  one.exception.frames.length === other.exception.frames.length &&
  one.exception.frames.at(-1)?.line === other.exception.frames.at(-1)?.line;

/** The last exceptions in the text, from above. Each line is looked at a few times at most. */
function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let at = startOf(lines); at < lines.length; ) {
    const block = blockAt(lines, at);
    if (block) blocks.push(block);
    at = block ? block.end : at + 1;
  }
  return blocks;
}

/** Where the last lines that may name an exception begin, with the calls above them. */
function startOf(lines: readonly string[]): number {
  let start = lines.length;
  for (let at = lines.length - 1, heads = 0; at >= 0 && heads < maxHeads; at -= 1) {
    const line = lines[at] ?? '';
    if (!line.includes(': ') || !(headOf(line) || noScript.test(line))) continue;
    start = at;
    heads += 1;
  }
  while (start > 0 && isCall(lines[start - 1] ?? '')) start -= 1;
  return start;
}

function blockAt(lines: readonly string[], start: number): Block | null {
  const line = lines[start] ?? '';
  const script = noScript.exec(line);
  if (script)
    return {
      exception: { ...nameParts(script[2] ?? ''), value: script[1] ?? '', frames: [] },
      start,
      end: start + 1,
      reversed: false,
    };
  let head = start;
  // Only from the first one of them on: looked at again from each, they would take the square of their number.
  if (numbered.test(line) && !isCall(lines[start - 1] ?? '')) while (isCall(lines[head] ?? '')) head += 1;
  const reversed = head > start;
  const match = headOf(lines[head] ?? '');
  if (!match) return null;
  const below = reversed ? head + 1 : callsBelow(lines, head);
  const hasCalls = reversed || below > head;
  const named = nameOf(match, hasCalls && !reversed && below === head + 1);
  if (!named) return null;
  const calls = reversed ? lines.slice(start, head) : callsFrom(lines, hasCalls ? below : lines.length);
  const bodyEnd = hasCalls && !reversed ? below : snippetEnd(lines, head + 1);
  const rest = lines.slice(head + 1, bodyEnd);
  const [, path = '', row = '', name] = match;
  const frames = calls
    .slice(reversed ? -maxFrames : 0, reversed ? calls.length : maxFrames)
    .flatMap((call) => frameOf(call) ?? []);
  const own = { ...frameAt(path, row, name), source: sourceIn(rest) };
  return {
    exception: {
      ...nameParts(named.type),
      value: [named.value, ...rest].join('\n').trimEnd(),
      frames: reversed ? [...frames, own] : [...frames.toReversed(), own],
    },
    start,
    end: hasCalls && !reversed ? below + calls.length : bodyEnd,
    reversed,
  };
}

/** The parser says who it is: `ruby: load.rb:5: syntax error found (SyntaxError)`. */
const headOf = (line: string): RegExpExecArray | null =>
  headLine.exec(line.endsWith(' (SyntaxError)') ? line.replace(/^[^\s:]+: (?=[^\s:]+:\d+: )/, '') : line);

const isCall = (line: string): boolean => callLine.test(line) || elision.test(line);

function callsFrom(lines: readonly string[], first: number): readonly string[] {
  let end = first;
  while (end < lines.length && isCall(lines[end] ?? '')) end += 1;
  return lines.slice(first, end);
}

/** Where the calls of this exception begin, below the lines of its message; the exception's own line if nowhere. */
function callsBelow(lines: readonly string[], head: number): number {
  const last = Math.min(lines.length - 1, head + maxMessageLines);
  for (let at = head + 1; at <= last; at += 1) {
    const line = lines[at] ?? '';
    if (callLine.test(line) && !numbered.test(line)) return at;
    if (line.startsWith('\t') || line === traceback || threadHead.test(line) || isHead(line)) break;
  }
  return head;
}

const isHead = (line: string): boolean => headLine.test(line) && namedEnd.test(line);

/**
 * The type and the message of a line. A class without a name is not printed, and a message that is empty is not either:
 * only the calls right below such a line tell that it is an exception.
 */
function nameOf(
  match: RegExpExecArray,
  callsFollow: boolean,
): { readonly type: string; readonly value: string } | null {
  const [, path = '', , name, text = ''] = match;
  const end = namedEnd.exec(text);
  if (end && (name !== undefined || callsFollow || end[1] === 'SyntaxError'))
    return { type: end[1] ?? '', value: text.slice(0, end.index) };
  if (name === undefined)
    return path.endsWith('.rb') && oldSyntaxError.test(text) ? { type: 'SyntaxError', value: text } : null;
  if (!callsFollow) return null;
  if (text === 'unhandled exception') return { type: 'RuntimeError', value: '' };
  return className.test(text) ? { type: text, value: '' } : { type: '#<Class>', value: text };
}

/** Without calls, only what is surely not the program's next line belongs to the message: what is set in, source. */
function snippetEnd(lines: readonly string[], first: number): number {
  let end = first;
  while (/^ {2}/.test(lines[end] ?? '') && end < first + maxMessageLines) end += 1;
  for (let at = end; at < first + maxMessageLines && at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (isAnnotation(line)) end = at + 1;
    else if (!isAnnotation(lines[at + 1] ?? '') && !isAnnotation(lines[at + 2] ?? '')) break;
  }
  return end;
}

const isAnnotation = (line: string): boolean =>
  marker.test(line) || hint.test(line) || /^(?:> *| +)(?:\d+ +)?\||^ +~~~/.test(line);

/** The line of source that error_highlight puts into a message, where it stays for sentry-ruby too. */
function sourceIn(body: readonly string[]): string | null {
  const at = body.findIndex((line, index) => line === '' && marker.test(body[index + 2] ?? ''));
  return at < 0 ? null : (body[at + 1] ?? '').trim();
}

function frameOf(call: string): Frame | null {
  const match = callLine.exec(call);
  return match && frameAt(match[1] ?? '', match[2] ?? '', match[3]);
}
