import type { CrashReader, Frame, ReadException } from '../exception.ts';

/*
 * What CPython prints for an uncaught exception (traceback.print_exception, docs.python.org/3/library/traceback.html):
 *
 *   Traceback (most recent call last):
 *     File "load.py", line 3, in main
 *       raise ValueError("bad row")
 *   ValueError: bad row
 *
 * Chained ones stand one after the other, the first cause first, with a sentence between.
 */

const header = /^(?: {2}\+ Exception Group )?Traceback \(most recent call last\):$/;
const frameLine = /^ {2}File "(.+)", line (\d+)(?:, in (.+))?$/;
const exceptionLine = /^([A-Za-z_](?:[\w.]|<locals>)*)(?:: (.*))?$/;
const syntaxErrorLine = /^(SyntaxError|IndentationError|TabError): (.*)$/;
const link =
  /^(?:During handling of the above exception, another exception occurred:|The above exception was the direct cause of the following exception:)$/;

interface Found {
  readonly exception: ReadException;
  /** The first line that does not belong to it. */
  readonly next: number;
}

export const readPython: CrashReader = (lines) => {
  const last = lines.findLastIndex((line) => header.test(line));
  const end = (last < 0 ? null : readOne(lines, last)) ?? readSyntaxError(lines);
  if (!end) return null;
  const exceptions: [ReadException, ...ReadException[]] = [end.exception];
  for (let at = last; at > 0 && exceptions.length < 20; ) {
    const linked = lines.slice(Math.max(0, at - 3), at).some((line) => link.test(line));
    const before = linked ? lines.slice(0, at).findLastIndex((line) => header.test(line)) : -1;
    const found = before < 0 ? null : readOne(lines, before);
    if (!found) break;
    exceptions.unshift(found.exception);
    at = before;
  }
  return { reading: { platform: 'python', exceptions }, end: end.next };
};

function readOne(lines: readonly string[], start: number): Found | null {
  // The lines of a group stand behind a bar; those of its parts are passed over.
  const group = (lines[start] ?? '').startsWith('  + ');
  const lineAt = (at: number): string => (group ? (lines[at] ?? '').replace(/^ {2}\| /, '') : (lines[at] ?? ''));
  const frames: Frame[] = [];
  let at = start + 1;
  for (; at < lines.length; at += 1) {
    const line = lineAt(at);
    const frame = frameOf(line, lineAt(at + 1));
    if (frame) frames.push(frame);
    else if (!line.startsWith('  ')) break;
  }
  const match = exceptionLine.exec(lineAt(at));
  if (!match) return null;
  const [, type = '', value = ''] = match;
  let next = at + 1;
  if (group) while (/^\s+[|+]/.test(lines[next] ?? '')) next += 1;
  return { exception: { type, value, frames }, next };
}

/** A script that is no Python at all dies without a header: the place, the line, a caret, the error. */
function readSyntaxError(lines: readonly string[]): Found | null {
  const at = lines.findLastIndex((line) => syntaxErrorLine.test(line));
  const match = syntaxErrorLine.exec(lines[at] ?? '');
  if (!match) return null;
  for (let place = at - 1; place >= Math.max(0, at - 4); place -= 1) {
    const frame = frameOf(lines[place] ?? '', lines[place + 1] ?? '');
    if (frame) return { exception: { type: match[1] ?? '', value: match[2] ?? '', frames: [frame] }, next: at + 1 };
  }
  return null;
}

function frameOf(line: string, following: string): Frame | null {
  const match = frameLine.exec(line);
  if (!match) return null;
  const [, file = '', number, name] = match;
  const source = following.startsWith('    ') && !/^[ ~^]+$/.test(following) ? following.trim() : null;
  return { function: name ?? null, file, line: Number(number), column: null, source, inApp: isInApp(file) };
}

const isInApp = (file: string): boolean => !/^<frozen|\/(?:site|dist)-packages\/|\/lib\/python\d/.test(file);
