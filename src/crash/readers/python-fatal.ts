import type { CrashReader, Frame } from '../exception.ts';
import { isInApp } from './python-chain.ts';

/*
 * What CPython prints when it is Python itself that dies (pylifecycle.c, fatal_error; docs.python.org, faulthandler), the
 * last call first, after those of the other threads:
 *
 *   Fatal Python error: Segmentation fault
 *
 *   Current thread 0x00007f8b1c2d3740 (most recent call first):
 *     File "/srv/load.py", line 8 in load
 *     File "/srv/load.py", line 12 in <module>
 *
 *   Extension modules: numpy.core._multiarray_umath (total: 1)
 *
 * dump_traceback_later() says `Timeout (0:00:30)!` in place of the first line, and of no thread that it is the current one.
 */

const fatal = /^Fatal Python error: (.+)$/;
const timeout = /^Timeout \((\d+:\d\d:\d\d(?:\.\d{1,6})?)\)!$/;
const thread = /^(Current thread|Thread) 0x[\da-f]+ (?:\[.*\] )?\(most recent call first\):$/;
const frameLine = /^ {2}File "(.+)", line (\d+|\?\?\?) in (.+)$/;
const between =
  /^(?:| {2}\.\.\.| {2}<.*>|Python runtime state: .*|Extension modules: .*|Current thread's C stack trace .*| {2}Binary file .*)$/;

const maxFrames = 250;

export const readPythonFatal: CrashReader = (lines) => {
  const start = lines.findLastIndex((line) => fatal.test(line) || timeout.test(line));
  const line = lines[start];
  if (line === undefined) return null;
  const isTimeout = timeout.test(line);
  const stacks: { readonly isCurrent: boolean; readonly frames: Frame[] }[] = [];
  let at = start + 1;
  for (; at < lines.length; at += 1) {
    const text = lines[at] ?? '';
    const head = thread.exec(text);
    const frame = frameOf(text);
    if (head) stacks.push({ isCurrent: head[1] !== 'Thread', frames: [] });
    else if (frame) stacks.at(-1)?.frames.push(frame);
    else if (!between.test(text)) break;
  }
  // The main thread is the last one.
  const died = stacks.find(({ isCurrent }) => isCurrent) ?? stacks.at(-1);
  if (!died) return null;
  const [, value = ''] = (isTimeout ? timeout : fatal).exec(line) ?? [];
  const type = isTimeout ? 'Timeout' : 'Fatal Python error';
  const frames = died.frames.slice(0, maxFrames).toReversed();
  return { reading: { platform: 'python', exceptions: [{ type, value, frames }] }, end: at };
};

function frameOf(text: string): Frame | null {
  const [, file, row, name = null] = frameLine.exec(text) ?? [];
  if (file === undefined) return null;
  const line = row === '???' ? null : Number(row);
  return { function: name, file, line, column: null, source: null, inApp: isInApp(file) };
}
