import { type CrashReader, type Frame, maxTrailingLines, type ReadException } from '../exception.ts';

/*
 * What Node.js prints for an uncaught error: a blank line, the error's `stack` (v8.dev/docs/stack-trace-api), perhaps
 * its properties in braces, and last its own version:
 *
 *   TypeError: bad row
 *       at load (file:///srv/load.mjs:3:9)
 *       at async main (file:///srv/load.mjs:8:3) {
 *     [cause]: Error: …
 *   }
 *
 *   Node.js v26.10.0
 */

const errorLine = /^(?:\[?([A-Za-z_$][\w$.]*?)(?: \[[\w$.-]+\])?)(?:: (.*))?$/;
const frameLine = /^ {4}at (?:(async )?(.+?) \()?(.+?)(?::(\d+):(\d+))?\)?( \{)?$/;
const elision = /^ {4}\.\.\. \d+ lines matching/;
const farewell = /^Node\.js v\d+\./;

export const readNode: CrashReader = (lines) => {
  const end = lines.findLastIndex((line) => farewell.test(line));
  if (end < 0 || lines.length - end > maxTrailingLines) return null;
  const first = firstFrameOfLast(lines, end);
  if (first < 0) return null;
  const head = headOf(lines, first);
  if (!head) return null;
  const frames: Frame[] = [];
  for (let at = first; at < end; at += 1) {
    if (elision.test(lines[at] ?? '')) continue;
    const frame = frameOf(lines[at] ?? '');
    if (!frame) break;
    frames.unshift(frame);
  }
  const exception: ReadException = { ...head, frames };
  return { platform: 'node', exceptions: [exception] };
};

/** The block of frames at the outer indentation nearest to the end. */
function firstFrameOfLast(lines: readonly string[], end: number): number {
  let at = end - 1;
  const isFrame = (index: number): boolean => frameLine.test(lines[index] ?? '') || elision.test(lines[index] ?? '');
  while (at >= 0 && !isFrame(at)) at -= 1;
  while (at > 0 && isFrame(at - 1)) at -= 1;
  return at;
}

/** The message may have several lines: it begins at the nearest blank line above, at most a few lines up. */
function headOf(lines: readonly string[], first: number): Pick<ReadException, 'type' | 'value'> | null {
  for (let at = first - 1; at >= Math.max(0, first - 20); at -= 1) {
    const before = lines[at - 1];
    const match = errorLine.exec(lines[at] ?? '');
    if (!match || !(before === undefined || before.trim() === '')) continue;
    const [, type = 'Error', value = ''] = match;
    return { type, value: [value, ...lines.slice(at + 1, first)].join('\n') };
  }
  return null;
}

function frameOf(line: string): Frame | null {
  const match = frameLine.exec(line);
  if (!match) return null;
  const [, , name, place = '', row, column] = match;
  const file = place.startsWith('file://') ? decodeURI(place.slice('file://'.length)) : place;
  return {
    function: name ?? null,
    file,
    line: row === undefined ? null : Number(row),
    column: column === undefined ? null : Number(column),
    source: null,
    inApp: !/^node:|^<anonymous>|^native|^\[eval\]-wrapper|\/node_modules\//.test(file),
  };
}
