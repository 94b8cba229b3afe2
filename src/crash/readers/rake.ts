import type { CrashReader, Frame, ReadException } from '../exception.ts';
import { file, frameAt, nameOf, quoted } from './ruby-frame.ts';

/*
 * What rake prints of what ends it, in words of its own (rake/application.rb, display_error_message). The class is left
 * out of a RuntimeError.
 *
 *   rake aborted!
 *   ArgumentError: bad row 7
 *   /srv/job/Rakefile:1:in `load'
 *   /srv/job/Rakefile:2:in `block in <top (required)>'
 *
 *   Caused by:
 *   KeyError: no price
 *   /srv/job/Rakefile:1:in `load'
 *   Tasks: TOP => default => rows
 *   (See full trace by running task with --trace)
 */

const aborted = /^(?:rake|rails) aborted!$/;
const callLine = new RegExp(`^${file}:(\\d+)${quoted}$`);
const ending = /^(?:Tasks: TOP => .*|\(See full (?:trace|list of tasks) .*\))$/;
const named = /^([A-Z]\w*(?:::[A-Z]\w*)*): (.*)$/;
const className = /^[A-Z]\w*(?:::[A-Z]\w*)+$/;

const maxExceptions = 20;
const maxMessageLines = 100;
const maxFrames = 500;

export const readRake: CrashReader = (lines) => {
  const start = lines.findLastIndex((line) => aborted.test(line));
  if (start < 0) return null;
  const exceptions: ReadException[] = [];
  let at = start + 1;
  while (exceptions.length < maxExceptions) {
    const { exception, next } = readOne(lines, at);
    exceptions.unshift(exception);
    at = next;
    if (lines[at] !== '' || lines[at + 1] !== 'Caused by:') break;
    at += 2;
  }
  const isEnded = ending.test(lines[at] ?? '');
  while (ending.test(lines[at] ?? '')) at += 1;
  const [first, ...others] = exceptions;
  if (!first || (!isEnded && exceptions.every(({ frames }) => frames.length === 0))) return null;
  return { reading: { platform: 'ruby', exceptions: [first, ...others] }, end: at };
};

/** A message up to its first call, and all that follow. */
function readOne(
  lines: readonly string[],
  start: number,
): { readonly exception: ReadException; readonly next: number } {
  let at = start;
  const isCall = (line: string | undefined): boolean => line !== undefined && callLine.test(line);
  while (at < lines.length && at < start + maxMessageLines && !isCall(lines[at]) && !ending.test(lines[at] ?? ''))
    at += 1;
  const message = lines.slice(start, at).join('\n').trimEnd();
  const frames: Frame[] = [];
  for (; isCall(lines[at]); at += 1) {
    const [, path = '', row = '', name] = callLine.exec(lines[at] ?? '') ?? [];
    if (frames.length < maxFrames) frames.push(frameAt(path, row, name));
  }
  return { exception: { ...titleOf(message), frames: frames.toReversed() }, next: at };
}

function titleOf(message: string): Omit<ReadException, 'frames'> {
  const [first = '', ...others] = message.split('\n');
  const [, type, text = ''] = named.exec(first) ?? [];
  if (type !== undefined) return { ...nameOf(type), value: [text, ...others].join('\n') };
  return className.test(message) ? { ...nameOf(message), value: '' } : { type: 'RuntimeError', value: message };
}
