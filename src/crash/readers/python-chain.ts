import type { Frame, ReadException } from '../exception.ts';
import type { Raised } from './lineage.ts';

/** A line, or the members of a group at the place where they stand. */
type Item = string | readonly Raised[];

export const header = /^(?: {2}\+ )?(?:Exception Group )?Traceback \(most recent call last\):$/;
export const exceptionLine = /^([\p{L}_](?:[\p{L}\p{N}_.]|<locals>)*)(?::(?: (.*))?)?$/u;
const frameLine = /^ {2}File "(.+)", line (\d+)(?:, in (.+))?$/;
export const link =
  /^(?:During handling of the above exception, another exception occurred:|The above exception was the direct cause of the following exception:)$/;
const bar = /^( *)([|+])(.*)$/;
/** How far apart the lines of a group may stand: before Python 3.12 the other lines of a message had no bar. */
const maxUnbarred = 50;

/** What stands between two links, or the whole of it: exceptions, each the cause of the next. */
export function readChain(items: readonly Item[]): Raised | null {
  let raised: Raised | null = null;
  let source = '';
  for (const part of partsOf(items)) {
    const next = readOne(part.items, raised && { source, raised });
    if (next) raised = next;
    source = part.source;
  }
  return raised;
}

/** A remote traceback quotes another one, links and all. */
function partsOf(items: readonly Item[]): { readonly items: Item[]; readonly source: string }[] {
  const parts: { items: Item[]; source: string }[] = [{ items: [], source: '' }];
  let quoted = false;
  for (const item of items) {
    const part = parts.at(-1);
    if (item === quote) quoted = !quoted;
    if (part && !quoted && typeof item === 'string' && link.test(item)) {
      part.source = item.startsWith('During') ? '__context__' : '__cause__';
      parts.push({ items: [], source: '' });
    } else part?.items.push(item);
  }
  return parts;
}

export const quote = '"""';

function readOne(items: readonly Item[], cause: Raised['parts'][number] | null): Raised | null {
  const lines = items.filter((item) => typeof item === 'string');
  let at = Math.max(
    0,
    lines.findIndex((line) => line.trim() !== ''),
  );
  const frames: Frame[] = [];
  if (header.test(lines[at] ?? '')) at = readFrames(lines, at + 1, frames);
  const match = exceptionLine.exec(lines[at] ?? '');
  if (!match) return null;
  const message = [match[2] ?? '', ...lines.slice(at + 1)].join('\n').trimEnd();
  const members = items.find((item) => typeof item !== 'string');
  const isGroup = members !== undefined;
  return {
    isGroup,
    exception: {
      ...nameOf(match[1] ?? ''),
      value: isGroup ? message.replace(/ \(\d+ sub-exceptions?\)$/m, '') : message,
      frames: frames.length > 0 ? frames : quotedFrames(lines.slice(at + 1)),
    },
    parts: [
      ...(cause ? [cause] : []),
      ...(members ?? []).map((raised, index) => ({ source: `exceptions[${index}]`, raised })),
    ],
  };
}

/** @returns the first line below the frames */
function readFrames(lines: readonly string[], start: number, frames: Frame[]): number {
  let at = start;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const frame = frameOf(line, lines[at + 1] ?? '');
    if (frame) frames.push(frame);
    else if (!line.startsWith('  ')) break;
  }
  return at;
}

/** An exception of another process has its frames in its message. */
function quotedFrames(lines: readonly string[]): readonly Frame[] {
  if (lines[0] !== quote) return [];
  const end = lines.indexOf(quote, 1);
  return (end < 0 ? null : readChain(lines.slice(1, end)))?.exception.frames ?? [];
}

export function frameOf(line: string, following: string): Frame | null {
  const match = frameLine.exec(line);
  if (!match) return null;
  const [, file = '', number, name] = match;
  const source = following.startsWith('    ') && !/^[ ~^]+$/.test(following) ? following.trim() : null;
  return { function: name ?? null, file, line: Number(number), column: null, source, inApp: isInApp(file) };
}

export const isInApp = (file: string): boolean => !/^<frozen|\/(?:site|dist)-packages\/|\/lib\/python\d/.test(file);

/**
 * `json.decoder.JSONDecodeError` is JSONDecodeError of json.decoder: classes begin with a capital, modules don't.
 * Exceptions of the builtins and of the script itself are printed without a module.
 */
function nameOf(name: string): Pick<ReadException, 'type' | 'module'> {
  const parts = name.split('.');
  const local = parts.indexOf('<locals>');
  const capital = parts.findIndex((part) => /^_*\p{Lu}/u.test(part));
  const at = Math.min(...[local - 1, capital, parts.length - 1].filter((index) => index >= 0));
  const module = parts.slice(0, at).join('.');
  return { type: parts.slice(at).join('.'), ...(module === '' ? {} : { module }) };
}

/**
 * A group's lines stand behind a bar, those of its members behind a bar further to the right.
 * @returns its lines without the bar, and the first line that is not of the group
 */
export function readGroup(
  lines: readonly string[],
  start: number,
  column = 2,
): { readonly items: Item[]; readonly next: number } {
  const items: Item[] = [];
  let at = start;
  let barred = -1;
  while (at < lines.length) {
    const match = bar.exec(lines[at] ?? '');
    const [, margin = '', sign, rest = ''] = match ?? [];
    if (!match) {
      if (barred < at) barred = at + 1 + lines.slice(at + 1, at + maxUnbarred).findIndex((line) => bar.test(line));
      if (barred === at) break;
      items.push(lines[at] ?? '');
    } else if (margin.length < column) break;
    else if (sign === '+' && margin.length === column && rest.startsWith('-+-')) {
      const members = readMembers(lines, at + 1, column + 2);
      items.push(members.raised);
      at = members.next;
      if (column === 2) break;
      continue;
    } else if (sign === '+' && margin.length === column && rest.startsWith('-')) break;
    else items.push(rest.slice(1));
    at += 1;
  }
  return { items, next: at };
}

function readMembers(
  lines: readonly string[],
  start: number,
  column: number,
): { readonly raised: readonly Raised[]; readonly next: number } {
  const raised: Raised[] = [];
  let at = start;
  while (at < lines.length) {
    const { items, next } = readGroup(lines, at, column);
    const member = readChain(items);
    if (member) raised.push(member);
    const separator = (lines[next] ?? '').trim();
    at = next + 1;
    if (!separator.startsWith('+--')) return { raised, next };
    if (/^\+-+$/.test(separator)) break;
  }
  return { raised, next: at };
}
