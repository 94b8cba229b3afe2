import { type CrashReader, type Frame, maxTrailingLines, type ReadException } from '../exception.ts';

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

const header = 'Traceback (most recent call last):';
const frameLine = /^ {2}File "(.+)", line (\d+)(?:, in (.+))?$/;
const exceptionLine = /^([A-Za-z_][\w.]*)(?:: (.*))?$/;
const link =
  /^(?:During handling of the above exception, another exception occurred:|The above exception was the direct cause of the following exception:)$/;

export const readPython: CrashReader = (lines) => {
  const last = lines.lastIndexOf(header);
  if (last < 0) return null;
  const end = readOne(lines, last);
  if (!end || lines.length - end.next > maxTrailingLines) return null;
  const exceptions: [ReadException, ...ReadException[]] = [end.exception];
  for (let at = last; ; ) {
    const sentence = lines.slice(Math.max(0, at - 3), at).findIndex((line) => link.test(line));
    const previous = sentence < 0 ? -1 : lines.lastIndexOf(header, at - 1);
    const found = previous < 0 ? null : readOne(lines, previous);
    if (!found || exceptions.length >= 20) break;
    exceptions.unshift(found.exception);
    at = previous;
  }
  return { platform: 'python', exceptions };
};

function readOne(
  lines: readonly string[],
  start: number,
): { readonly exception: ReadException; readonly next: number } | null {
  const frames: Frame[] = [];
  let at = start + 1;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const match = frameLine.exec(line);
    if (match) {
      const [, file = '', number, name] = match;
      frames.push({
        function: name ?? null,
        file,
        line: Number(number),
        column: null,
        source: sourceAfter(lines, at),
        inApp: isInApp(file),
      });
    } else if (!line.startsWith('  ')) break;
  }
  const match = exceptionLine.exec(lines[at] ?? '');
  if (!match) return null;
  const [, type = '', value = ''] = match;
  return { exception: { type, value, frames }, next: at + 1 };
}

function sourceAfter(lines: readonly string[], at: number): string | null {
  const line = lines[at + 1];
  return line?.startsWith('    ') && !/^[ ~^]+$/.test(line) ? line.trim() : null;
}

const isInApp = (file: string): boolean => !/^<frozen|\/(?:site|dist)-packages\/|\/lib\/python\d/.test(file);
