import type { CrashReader, Frame, ReadException } from '../exception.ts';
import { readAbort } from './abort.ts';

/*
 * What valgrind says of the program that a signal ends in it. Of other errors it only tells: the program goes on.
 *
 *   ==31126== Process terminating with default action of signal 11 (SIGSEGV)
 *   ==31126==  Access not within mapped region at address 0x4
 *   ==31126==    at 0x109135: price (null-pointer.c:6)
 *   ==31126==    by 0x109161: main (null-pointer.c:10)
 *   …
 *   ==31126== ERROR SUMMARY: 1 errors from 1 contexts (suppressed: 0 from 0)
 */

const ended = /^(==\d+==) Process terminating with default action of signal \d+ \((SIG[A-Z0-9]+)\)$/;
const frameLine = /^==\d+== {4}(?:at|by) 0x[\dA-Fa-f]+: (.+) \((in )?([^()]+?)(?::(\d+))?\)$/;

const maxFrames = 250;
const maxWords = 6;

export const readValgrind: CrashReader = (lines) => {
  const start = lines.findLastIndex((line) => line.startsWith('==') && ended.test(line));
  const [, mark = '', signal = ''] = ended.exec(lines[start] ?? '') ?? [];
  if (!mark) return null;
  const words: string[] = [];
  let at = start + 1;
  for (; at <= start + maxWords && !frameLine.test(lines[at] ?? ''); at += 1)
    if (lines[at]?.startsWith(`${mark}  `)) words.push((lines[at] ?? '').slice(mark.length).trim());
  const frames: Frame[] = [];
  for (; frameLine.test(lines[at] ?? ''); at += 1) if (frames.length < maxFrames) frames.push(frameOf(lines[at] ?? ''));
  if (frames.length === 0) return null;
  const rest = lines.slice(at).findIndex((line) => !line.startsWith(mark));
  const end = rest < 0 ? lines.length : at + rest;
  const exception = {
    ...(thrownAbove(lines, start) ?? { type: signal, value: words[0] ?? '' }),
    frames: frames.toReversed(),
  };
  return { reading: { platform: 'native', exceptions: [exception] }, end };
};

/** What the library of C++ says of an exception before it aborts. */
function thrownAbove(lines: readonly string[], start: number): Pick<ReadException, 'type' | 'value'> | null {
  let end = start;
  while (/^==\d+== ?$/.test(lines[end - 1] ?? '')) end -= 1;
  const found = readAbort(lines.slice(Math.max(0, end - 60), end));
  const thrown = found?.reading.exceptions[0];
  return thrown && found.end === Math.min(60, end) ? { type: thrown.type, value: thrown.value } : null;
}

/** `price (load.c:6)`, `free (in /usr/libexec/valgrind/…)`. */
function frameOf(text: string): Frame {
  const [, name = '', library, file = '', line] = frameLine.exec(text) ?? [];
  const isLibrary = library !== undefined && /^\/(?:usr\/)?(?:lib|lib64|libexec)\//.test(file);
  return {
    function: name === '???' ? null : name,
    file,
    line: line === undefined ? null : Number(line),
    column: null,
    source: null,
    inApp: !isLibrary && !/^(?:__\w+|raise|abort|_start|\(below main\))$/.test(name),
  };
}
