import type { CrashReader, CrashReading, Frame } from '../exception.ts';

/*
 * What the sanitizers of gcc and clang print as they end a program (github.com/google/sanitizers/wiki):
 *
 *   ==29767==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x60200000001c at pc 0x55b6 bp 0x7fff sp 0x7fff
 *   READ of size 4 at 0x60200000001c thread T0
 *       #0 0x55b6eb332203 in price src/load.c:4
 *       #1 0x55b6eb3320e0 in _start (/srv/job/job+0x10e0)
 *   …
 *   SUMMARY: AddressSanitizer: heap-buffer-overflow src/load.c:4 in price
 *   …
 *   ==29767==ABORTING
 *
 * UndefinedBehaviorSanitizer ends a program only where it was told to, and says the same where it does not: its line
 * counts where it is the last.
 */

const report = /^==\d+==(?:ERROR|WARNING): ((?:Address|HWAddress|Leak|Memory|Thread)Sanitizer): (.+)$/;
/** ThreadSanitizer goes on, and has the program end with 66; it names no process, and its frames have no address. */
const race = /^WARNING: (ThreadSanitizer): (.+?)(?: \(pid=\d+\))?$/;
const undefinedBehaviour = /^([^\s:][^:]*):(\d+):(\d+): runtime error: (.+)$/;
const frameLine = /^ {4}#\d+ (?:0x[\da-f]+ )?(.*)$/;
const summary = /^SUMMARY: \w+Sanitizer: /;
const last = /^==\d+==ABORTING$|^\s*Exiting$|^ThreadSanitizer: reported \d+ warnings$/;

const maxWords = 8;
const maxFrames = 300;
const maxLinesToSummary = 1000;
const maxLinesAfterSummary = 60;

export const readSanitizer: CrashReader = (lines) => readUndefinedBehaviour(lines) ?? readReport(lines);

const reading = (type: string, value: string, frames: readonly Frame[]): CrashReading => ({
  platform: 'native',
  exceptions: [{ type, value, frames }],
});

function readReport(lines: readonly string[]): ReturnType<CrashReader> {
  const start = lines.findLastIndex((line) => report.test(line) || race.test(line));
  const opening = lines[start] ?? '';
  const [, tool = '', text = ''] = report.exec(opening) ?? race.exec(opening) ?? [];
  if (!tool) return null;
  const words = [`${tool}: ${text.replace(/ (?:at pc 0x.*|\(pc 0x.*\))$/, '')}`];
  let at = start + 1;
  for (; at <= start + maxWords && !frameLine.test(lines[at] ?? ''); at += 1) {
    const line = (lines[at] ?? '').replace(/^==\d+==/, '').trim();
    if (line) words.push(line);
  }
  const stack = readFrames(lines, at);
  if (stack.frames.length === 0) return null;
  return { reading: reading(kindOf(text), words.join('\n'), stack.frames), end: endOf(lines, stack.next) };
}

function kindOf(text: string): string {
  if (text.startsWith('detected memory leaks')) return 'memory-leak';
  if (text.startsWith('attempting double-free')) return 'double-free';
  if (text.startsWith('attempting free')) return 'bad-free';
  if (text.startsWith('data race')) return 'data-race';
  const kind = text.split(' ', 1)[0] ?? text;
  return /^(?:SEGV|BUS|FPE|ILL|TRAP|ABRT)$/.test(kind) ? `SIG${kind}` : kind;
}

function endOf(lines: readonly string[], start: number): number {
  const find = (from: number, length: number, pattern: RegExp): number => {
    const at = lines.slice(from, from + length).findIndex((line) => pattern.test(line));
    return at < 0 ? from : from + at + 1;
  };
  return find(find(start, maxLinesToSummary, summary), maxLinesAfterSummary, last);
}

function readUndefinedBehaviour(lines: readonly string[]): ReturnType<CrashReader> {
  const start = lines.findLastIndex((line) => undefinedBehaviour.test(line));
  const [, file = '', line, column, text = ''] = undefinedBehaviour.exec(lines[start] ?? '') ?? [];
  if (!file) return null;
  const stack = readFrames(lines, start + 1);
  const rest = lines.slice(stack.next).filter((said) => said.trim() !== '' && !summary.test(said));
  if (rest.length > 0) return null;
  const place = frameAt(null, file, line, column);
  const frames = stack.frames.length > 0 ? stack.frames : [place];
  return { reading: reading('undefined-behavior', text, frames), end: lines.length };
}

/** Oldest call first. */
function readFrames(lines: readonly string[], start: number): { readonly frames: Frame[]; readonly next: number } {
  const frames: Frame[] = [];
  let at = start;
  for (; at < lines.length; at += 1) {
    const text = frameLine.exec(lines[at] ?? '')?.[1];
    if (text === undefined) break;
    if (frames.length < maxFrames) frames.push(frameOf(text));
  }
  return { frames: frames.toReversed(), next: at };
}

/** `in shop::price(int) src/load.cpp:4:52`, `in free (/srv/job/job+0xa2ea2) (BuildId: b9b9)`, ` (/srv/job/job+0x1203)`. */
function frameOf(text: string): Frame {
  // ThreadSanitizer says where in the program it is, behind the place.
  const told = text.replace(/ \(BuildId: \w+\)$/, '').replace(/(:\d+| <null>) \([^()]+\+0x[\da-f]+\)$/, '$1');
  const space = told.lastIndexOf(' ');
  const place = told.slice(space + 1);
  const name = told.slice(0, Math.max(space, 0)).replace(/^in /, '').trim() || null;
  if (place === '<null>') return frameAt(name, '', undefined, undefined);
  const module = /^\((.+)\+0x[\da-f]+\)$/.exec(place)?.[1];
  if (module !== undefined) return frameAt(name, module, undefined, undefined);
  const [, file = place, line, column] = /^([^:]+)(?::(\d+))?(?::(\d+))?$/.exec(place) ?? [];
  return frameAt(name, file, line, column);
}

const frameAt = (name: string | null, file: string, line: string | undefined, column: string | undefined): Frame => ({
  function: name,
  file,
  line: line === undefined ? null : Number(line),
  column: column === undefined ? null : Number(column),
  source: null,
  inApp: !isLibrary(file) && !(line === undefined && name !== null && isRuntime(name)),
});

const isLibrary = (file: string): boolean =>
  /\/sysdeps\/|\/csu\/|\/libsanitizer\/|\/compiler-rt\/|^\/(?:usr\/)?(?:lib|lib64|libx?32|include)\//.test(file);

/** The sanitizer's own functions, and libc's in its place, stand in the program's own file where it is linked in. */
const isRuntime = (name: string): boolean =>
  /^(?:_start|__libc_\w+|__interceptor_\w+|__(?:asan|lsan|msan|ubsan|sanitizer|hwasan)_?\w*|_{0,2}(?:(?:m|c|re)alloc|free|(?:mem|str|wcs)\w+|v?s?n?printf)|operator (?:new|delete).*)$/.test(
    name,
  );
