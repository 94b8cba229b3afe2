import type { CrashReader, Frame, ReadException } from '../exception.ts';
import { readRustError } from './rust-error.ts';

/*
 * What Rust's standard library prints for a panic (std::panicking, default_hook), until Rust 1.72, since 1.73, and
 * since 1.89 with the thread's id:
 *
 *   thread 'main' panicked at 'bad row', src/main.rs:2:5
 *
 *   thread 'main' (13593) panicked at src/main.rs:2:5:
 *   bad row
 *   stack backtrace:
 *      0: __rustc::rust_begin_unwind
 *                at /rustc/5980…/library/std/src/panicking.rs:689:5
 *      1: job::load
 *                at ./src/main.rs:2:5
 *   note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
 *
 * The type, and what is cut off the stack, follow sentry-rust (sentry-panic, sentry-backtrace).
 */

const header = /^thread '(.*)' (?:\(\d+\) )?panicked at (.*)$/;
const newPlace = /^(.+):(\d+):(\d+):$/;
const oldEnd = /', ([^']+):(\d+):(\d+)$/;
const overflowed = /^thread '.*' (?:\(\d+\) )?has overflowed its stack$/;
const noMemory = /^memory allocation of \d+ bytes failed$/;
const backtrace = /^stack backtrace:$/;
const note = /^note: (?:run with `RUST_BACKTRACE=|[Rr]un with `RUST_BACKTRACE=|Some details are omitted)/;
const aborting =
  /^(?:thread panicked while (?:panicking|processing panic)|thread caused non-unwinding panic)\. aborting\.$/;
const callLine = /^\s+\d+:(?:\s+0x[\da-f]+ -)? (.+)$/;
const inlinedCall = /^\s{10,}- (.+)$/;
const placeLine = /^\s+at (.+?)(?::(\d+))?(?::(\d+))?$/;
/** What a panic says that comes of another one. */
const ofAnother = /Any \{ \.\. \}|PoisonError|^panic in a (?:destructor|function that cannot unwind)/;

const maxMessageLines = 200;
const maxFrames = 300;
const maxPanics = 20;

interface Panic {
  readonly exception: ReadException;
  readonly start: number;
  readonly end: number;
}

export const readRust: CrashReader = (lines) => {
  const panic = readPanics(lines);
  const abort = readAbort(lines);
  const last = panic && abort ? (panic.end > abort.end ? panic : abort) : (panic ?? abort);
  const error = readRustError(lines);
  return error && (!last || error.end > last.end) ? error : last;
};

/** The last panic, and those that it came of. */
function readPanics(lines: readonly string[]): ReturnType<CrashReader> {
  const last = panicBefore(lines, lines.length);
  if (!last) return null;
  let end = last.end;
  while (aborting.test(lines[end] ?? '')) end += 1;
  const isOfAnother = end > last.end || ofAnother.test(last.exception.value);
  const causes = isOfAnother ? panicsRightBefore(lines, last.start) : [];
  const [first, ...others] = [...causes, last.exception];
  return { reading: { platform: 'native', exceptions: [first ?? last.exception, ...others] }, end };
}

function panicsRightBefore(lines: readonly string[], start: number): ReadException[] {
  const exceptions: ReadException[] = [];
  let at = start;
  while (exceptions.length < maxPanics) {
    while (lines[at - 1] === '') at -= 1;
    const before = panicBefore(lines, at);
    if (before?.end !== at) break;
    exceptions.unshift(before.exception);
    at = before.start;
  }
  return exceptions;
}

function panicBefore(lines: readonly string[], limit: number): Panic | null {
  const start = lines.slice(0, limit).findLastIndex((line) => line.startsWith("thread '") && header.test(line));
  const said = start < 0 ? null : readMessage(lines, start, limit);
  if (!said) return null;
  const { calls, next } = readBacktrace(lines, said.next);
  const end = note.test(lines[next] ?? '') ? next + 1 : next;
  return { exception: { type: 'panic', value: said.value, frames: placed(calls, said.place) }, start, end };
}

interface Said {
  readonly value: string;
  readonly place: Frame;
  readonly next: number;
}

function readMessage(lines: readonly string[], start: number, limit: number): Said | null {
  const rest = header.exec(lines[start] ?? '')?.[2] ?? '';
  const stop = Math.min(limit, start + maxMessageLines);
  const at = newPlace.exec(rest);
  if (!at) return readOldMessage(lines, start, stop, rest);
  let next = start + 1;
  while (next < stop && !note.test(lines[next] ?? '') && !backtrace.test(lines[next] ?? '')) next += 1;
  // Only the first panic of a program ends in a note: without one, it is one line, or what assert_eq! compares.
  if (next === stop) {
    next = start + 2;
    while (/^ {1,2}(?:left|right): /.test(lines[next] ?? '')) next += 1;
  }
  const value = lines
    .slice(start + 1, next)
    .join('\n')
    .trimEnd();
  return { value, place: placeFrame(at[1] ?? '', at[2], at[3]), next: Math.min(next, limit) };
}

/** The message stands in quotes, and the place behind it. */
function readOldMessage(lines: readonly string[], start: number, stop: number, rest: string): Said | null {
  if (!rest.startsWith("'")) return null;
  const message: string[] = [];
  for (let at = start; at < stop; at += 1) {
    const line = at === start ? rest.slice(1) : (lines[at] ?? '');
    const match = oldEnd.exec(line);
    message.push(match ? line.slice(0, match.index) : line);
    if (match) {
      return { value: message.join('\n'), place: placeFrame(match[1] ?? '', match[2], match[3]), next: at + 1 };
    }
  }
  return null;
}

/** The calls, newest first. */
function readBacktrace(lines: readonly string[], start: number): { readonly calls: Frame[]; readonly next: number } {
  const calls: Frame[] = [];
  if (!backtrace.test(lines[start] ?? '')) return { calls, next: start };
  let at = start + 1;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const name = (callLine.exec(line) ?? inlinedCall.exec(line))?.[1];
    if (name === undefined) break;
    const place = placeLine.exec(lines[at + 1] ?? '');
    if (place) at += 1;
    if (calls.length < maxFrames) calls.push(frameOf(nameOf(name), place));
  }
  return { calls, next: at };
}

/** Without the hash that the compiler adds: `::h0123456789abcdef`, `std[e28293b1aa0f68bd]`. */
const nameOf = (name: string): string => name.replace(/::h[\da-f]{16}$/, '').replace(/\[[\da-f]{10,16}\]/g, '');

/** Oldest call first, without the calls that only tell of the panic. The panic's own place serves where no other is. */
function placed(calls: readonly Frame[], place: Frame): readonly Frame[] {
  const border = calls.findIndex((frame) => isBorder(frame.function ?? ''));
  let newest = Math.max(border, 0);
  while (newest < calls.length && isBorder(calls[newest]?.function ?? '')) newest += 1;
  const frames = calls.slice(newest);
  if (frames.every((frame) => frame.function === '<unknown>')) return [place];
  const own = frames.findIndex(({ inApp }) => inApp);
  return frames
    .map((frame, at) =>
      at === own && frame.file === null && place.inApp ? { ...place, function: frame.function } : frame,
    )
    .toReversed();
}

const isBorder = (name: string): boolean =>
  /^(?:__rustc::)?rust_begin_unwind$|^_?(?:core|std)::panicking::|^std::rt::begin_panic|^std::sys\w*::backtrace::__rust_end_short/.test(
    name,
  );

const isLibraryFile = (file: string): boolean =>
  /^\/rustc\/|\/rustc-[\d.]+\/|\/\.?cargo\/(?:registry|git)\/|\/rustlib\/src\/|^(?:library|\/?src\/lib(?:std|core|alloc))\/|\/sysdeps\/|^\.\.\//.test(
    file,
  );

/** The type that a function is of is what tells whose it is: `<usize as core::slice::SliceIndex<[T]>>::index`. */
const isLibraryName = (name: string): boolean =>
  /^<*&?(?:mut )?(?:(?:std|core|alloc|backtrace|test|rustc_demangle)::|(?:[iu](?:8|16|32|64|128|size)|f32|f64|str|bool|char) as |[[(*])/.test(
    name,
  ) || /^(?:_?_?rust_|__rustc::|main$|_start$|__libc_start|__GI_|clone3?$|start_thread$|<unknown>$)/.test(name);

function frameOf(name: string, place: RegExpExecArray | null): Frame {
  const file = place?.[1] ?? null;
  return {
    function: name,
    file,
    line: place?.[2] === undefined ? null : Number(place[2]),
    column: place?.[3] === undefined ? null : Number(place[3]),
    source: null,
    inApp: !isLibraryName(name) && !(file !== null && isLibraryFile(file)),
  };
}

const placeFrame = (file: string, line: string | undefined, column: string | undefined): Frame => ({
  function: null,
  file,
  line: Number(line),
  column: Number(column),
  source: null,
  inApp: !isLibraryFile(file),
});

/** What ends a program without a panic. */
function readAbort(lines: readonly string[]): ReturnType<CrashReader> {
  const at = lines.findLastIndex((line) =>
    line.startsWith('thread ') ? overflowed.test(line) : line.startsWith('memory ') && noMemory.test(line),
  );
  if (at < 0) return null;
  const overflow = overflowed.test(lines[at] ?? '');
  if (overflow && !lines[at + 1]?.startsWith('fatal runtime error: stack overflow')) return null;
  const value = overflow ? 'stack overflow' : (lines[at] ?? '');
  const next = overflow || note.test(lines[at + 1] ?? '') ? at + 2 : at + 1;
  return { reading: { platform: 'native', exceptions: [{ type: 'SIGABRT', value, frames: [] }] }, end: next };
}
