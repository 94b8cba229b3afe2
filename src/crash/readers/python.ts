import type { CrashReader, FoundCrash } from '../exception.ts';
import { exceptionsOf, type Raised } from './lineage.ts';
import { exceptionLine, frameOf, header, link, quote, readChain, readGroup } from './python-chain.ts';
import { messageEnd, reachesTo } from './python-message.ts';

/*
 * What CPython prints for an uncaught exception (traceback.print_exception, docs.python.org/3/library/traceback.html):
 *
 *   Traceback (most recent call last):
 *     File "load.py", line 3, in main
 *       raise ValueError("bad row")
 *   ValueError: bad row
 *
 * Chained ones stand one after the other, the first cause first, with a sentence between. The members of a group stand
 * below it, behind bars.
 */

const syntaxErrorLine = /^(SyntaxError|IndentationError|TabError): (.*)$/;
/** Printed while something is thrown away: never why a program ended. */
const ignored = /^Exception ignored (?:in|while|on)\b/;
/** The rest of the program goes on. */
const elsewhere = /^(?:Exception in thread .+:|Process .+:|future: <.+>)$/;
const maxSteps = 20;
const maxChain = 50;

interface Block {
  /** The first line of each exception of the chain. */
  readonly starts: readonly [number, ...number[]];
  /** The first line that does not belong to it. */
  readonly end: number;
}

export const readPython: CrashReader = (lines) => {
  const block = lastBlock(lines);
  const broken = readSyntaxError(lines, block?.end ?? 0);
  if (broken) return broken;
  const raised = block && readChain(itemsOf(lines, block.starts));
  if (!raised) return null;
  return { reading: { platform: 'python', exceptions: exceptionsOf(raised, holdsGroup(raised)) }, end: block.end };
};

const holdsGroup = (raised: Raised): boolean => raised.isGroup || raised.parts.some((part) => holdsGroup(part.raised));

/** The last exception that was not ignored; one of a thread counts, unless the main one stands right above it. */
function lastBlock(lines: readonly string[]): Block | null {
  let aside: Block | null = null;
  let below = null as { readonly start: number; readonly end: number } | null;
  let before = lines.length;
  for (let step = 0; step < maxSteps; step += 1) {
    const last = lastBefore(lines, before, (line) => header.test(line));
    const end = last < 0 ? null : endOf(lines, last);
    if (end === null) return aside;
    const starts = chainOf(lines, last);
    const above = lines[starts[0] - 1] ?? '';
    const reaches: boolean = below?.start === end;
    const isIgnored = ignored.test(above);
    if (!isIgnored && !elsewhere.test(above))
      return reaches && below ? { starts, end: below.end } : (aside ?? { starts, end });
    if (aside && !reaches) return aside;
    if (!isIgnored) aside ??= { starts, end: reaches && below ? below.end : end };
    below = { start: starts[0] - (above.startsWith('future:') ? 2 : 1), end: reaches && below ? below.end : end };
    before = starts[0];
  }
  return aside;
}

function lastBefore(lines: readonly string[], before: number, is: (line: string) => boolean): number {
  for (let at = before - 1; at >= 0; at -= 1) if (is(lines[at] ?? '')) return at;
  return -1;
}

const isGroupAt = (lines: readonly string[], at: number): boolean => (lines[at] ?? '').startsWith('  + ');

/** Where the exception ends that begins at this header; null where it is cut off. */
function endOf(lines: readonly string[], start: number): number | null {
  if (isGroupAt(lines, start)) return readGroup(lines, start).next;
  let at = start + 1;
  while ((lines[at] ?? '').startsWith('  ')) at += 1;
  return exceptionLine.test(lines[at] ?? '') ? messageEnd(lines, at + 1) : null;
}

/** Upwards from the last one, from link to link. */
function chainOf(lines: readonly string[], last: number): [number, ...number[]] {
  const starts: [number, ...number[]] = [last];
  while (starts.length < maxChain) {
    const linkAt = starts[0] - 2;
    if (lines[linkAt + 1]?.trim() !== '' || !link.test(lines[linkAt] ?? '')) break;
    const start = causeAbove(lines, linkAt - 1);
    if (start < 0) break;
    starts.unshift(start);
  }
  return starts;
}

/** Where the exception begins that ends above this line. One that was never raised has no header. */
function causeAbove(lines: readonly string[], end: number): number {
  if (lines[end - 1] === quote) {
    const opened = lastBefore(lines, end - 1, (line) => line === quote);
    return opened > 0 && exceptionLine.test(lines[opened - 1] ?? '') ? opened - 1 : -1;
  }
  const start = lastBefore(lines, end, (line) => header.test(line) || link.test(line));
  if (start >= 0 && link.test(lines[start] ?? '')) return start + 2;
  if (start >= 0 && (isGroupAt(lines, start) || reachesTo(lines, start + 1, end))) return start;
  return lastBefore(lines, end, (line) => exceptionLine.test(line));
}

function itemsOf(lines: readonly string[], starts: Block['starts']): readonly (string | readonly Raised[])[] {
  return starts.flatMap((start, index) => {
    const next = starts[index + 1];
    if (isGroupAt(lines, start)) return [...readGroup(lines, start).items, ...lines.slice((next ?? 0) - 2, next ?? 0)];
    return lines.slice(start, next ?? endOf(lines, start) ?? start);
  });
}

/** A script that is no Python at all dies without a header: the place, the line, a caret, the error. */
function readSyntaxError(lines: readonly string[], from: number): FoundCrash | null {
  const at = lastBefore(lines, lines.length, (line) => syntaxErrorLine.test(line));
  const match = syntaxErrorLine.exec(lines[at] ?? '');
  if (!match || at < from) return null;
  for (let place = at - 1; place >= Math.max(0, at - 5); place -= 1) {
    const frame = frameOf(lines[place] ?? '', lines[place + 1] ?? '');
    if (!frame) continue;
    const exception = { type: match[1] ?? '', value: match[2] ?? '', frames: [frame] };
    return { reading: { platform: 'python', exceptions: [exception] }, end: at + 1 };
  }
  return null;
}
