/*
 * What others put before each line of a program: a container's name, the time, the system's log.
 *
 *   load-1  | Traceback (most recent call last):                             (docker compose, foreman)
 *   2026-11-24T01:02:03.123456Z Traceback (most recent call last):          (docker logs -t, ts)
 *   Nov 24 01:02:03 host load[7]: Traceback (most recent call last):        (syslog, journalctl)
 *   E1124 01:02:03.123456       7 load.go:3] Traceback (most …              (klog)
 *   load: Traceback (most recent call last):                                (sed, of a script)
 *
 * A log whose entries have several lines has it only before the first: so it must be before each.
 */

/** The first group says whose line it is, where lines of several may be mixed. */
const container = /^([\w./-]+) {0,60}\|(?: |$)/;
/** What docker compose says when it has no more of one. */
const farewell = /^[\w./-]{1,100} exited with code \d+$/;
const level = 'trace|debug|info|notice|warn|warning|err|error|crit|critical|fatal';
const kinds: readonly RegExp[] = [
  container,
  /^[[(]?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?[\])]?(?: std(?:out|err) [FP])?(?: |$)/,
  /^(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\S+ [\w./@:-]+(?:\[\d+\])?):(?: |$)/,
  /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9} +\d+ [^\s\]]{1,200}\](?: |$)/,
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?: |$)/,
  /^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d(?: |$)/,
  new RegExp(String.raw`^(?!\[(?:${level})\])(\[[\w./ -]{1,200}\])(?: |$)`, 'i'),
];

/** What a script puts before all lines ends so. */
const constantEnd = /^\S.*?[:|\])>] /;
const maxConstant = 120;
/** As few lines have something in common by chance. */
const minLines = 3;
/** One may stand before another. */
const maxPrefixes = 3;

export interface Bare {
  readonly lines: readonly string[];
  /** Whether it may be a log, of which a single line tells of no death. */
  readonly isLog: boolean;
  /** Whether the last line has it too. */
  readonly isLast: boolean;
}

/**
 * The lines without what stands before each of them at the end, be it one thing or several; null where there is
 * nothing. What follows without it stays, up to `maxTrailing` lines.
 */
export function withoutPrefixes(
  lines: readonly string[],
  maxTrailing: number,
  times: number = maxPrefixes,
): Bare | null {
  const outer = withoutOne(lines, maxTrailing);
  const inner = outer && times > 1 ? withoutPrefixes(outer.lines, maxTrailing, times - 1) : null;
  return outer && inner
    ? { lines: inner.lines, isLog: outer.isLog || inner.isLog, isLast: outer.isLast || inner.isLast }
    : outer;
}

function withoutOne(lines: readonly string[], maxTrailing: number): Bare | null {
  let last = lines.length;
  for (let trailing = 0; trailing <= maxTrailing; ) {
    last = lines.findLastIndex((line, at) => at < last && line.trim() !== '');
    if (last < 0) return null;
    const said = lines.slice(0, last + 1);
    const rest = lines.slice(last + 1).filter((line) => !farewell.test(line));
    const isLast = rest.every((line) => line.trim() === '');
    // Of those that it may be, the one that goes back furthest.
    const [best] = kinds
      .filter((kind) => kind.test(lines[last] ?? ''))
      .map((kind) => ({ kind, bare: strip(said, kind) }))
      .sort((a, b) => b.bare.length - a.bare.length);
    if (best) return { lines: [...best.bare, ...rest], isLog: best.kind !== container, isLast };
    const constant = constantBefore(lines, last);
    if (constant) return { lines: [...stripConstant(said, constant), ...rest], isLog: true, isLast };
    if (!farewell.test(lines[last] ?? '')) trailing += 1;
  }
  return null;
}

/** From the end on, as long as they have it; of several that are mixed, those of the last one. */
function strip(lines: readonly string[], kind: RegExp): readonly string[] {
  const whose = kind.exec(lines.at(-1) ?? '')?.[1];
  const bare: string[] = [];
  for (const line of lines.toReversed()) {
    const match = kind.exec(line);
    if (match && match[1] === whose) bare.push(line.slice(match[0].length));
    else if (!match && line.trim() === '') bare.push('');
    else if (!match) break;
  }
  return bare.toReversed();
}

/** What the last lines begin with, all of them; '' where that is nothing that a script would put there. */
function constantBefore(lines: readonly string[], last: number): string {
  const some = lines.slice(Math.max(0, last - 10), last + 1).filter((line) => line.trim() !== '');
  if (some.length < minLines) return '';
  const [first = '', ...others] = some.slice(-minLines);
  let length = Math.min(first.length, maxConstant);
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same += 1;
    length = same;
  }
  return constantEnd.exec(first.slice(0, length))?.[0] ?? '';
}

function stripConstant(lines: readonly string[], constant: string): readonly string[] {
  const bare: string[] = [];
  for (const line of lines.toReversed()) {
    if (line.startsWith(constant)) bare.push(line.slice(constant.length));
    else if (line === constant.trimEnd() || line.trim() === '') bare.push('');
    else break;
  }
  return bare.toReversed();
}
