import type { CrashReader, Frame } from '../exception.ts';

/*
 * What a JVM says on stdout when it is the one that crashes (HotSpot, VMError::report; the rest is in hs_err_pidN.log):
 *
 *   #
 *   # A fatal error has been detected by the Java Runtime Environment:
 *   #
 *   #  SIGSEGV (0xb) at pc=0x00007fe45f6d2f94, pid=19806, tid=19807
 *   #
 *   # Problematic frame:
 *   # V  [libjvm.so+0xed2f94]  Unsafe_PutLong+0x124
 *   #
 *
 * Signals are told in the words of sentry-native.
 */

const header =
  /^# (?:A fatal error has been detected by the Java Runtime Environment:|There is insufficient memory for the Java Runtime Environment to continue\.)$/;
const signalLine = /^# {2}(SIG[A-Z]+) \(0x[\da-f]+\) at pc=/;
const internalLine = /^# {2}Internal Error \((.+?):(\d{1,9})\), pid=/;
const errorLine = /^# {2}((?:fatal error|guarantee\(.*|assert\(.*|Error): .*)$/;
const memoryLine = /^# (Native memory allocation .*|Cannot create worker .*)$/;
const nativeFrame = /^# ([CVv]) {2}\[(.+?)\+0x[\da-f]+\](?: {2}(.+?)(?:\+0x[\da-f]+)?)?$/;
const javaFrame = /^# (?:J \d+ (?:c[12]|jvmci)?|j|A) +(\S+)\.([^.(\s]+)\(/;

const meanings = new Map([
  ['SIGSEGV', 'Segfault'],
  ['SIGBUS', 'BusError'],
  ['SIGILL', 'IllegalInstruction'],
  ['SIGFPE', 'FloatingPointException'],
  ['SIGABRT', 'Abort'],
  ['SIGTRAP', 'Trap'],
]);

export const readJvmFatal: CrashReader = (lines) => {
  const start = lines.findLastIndex((line) => line.startsWith('# ') && header.test(line));
  if (start < 0) return null;
  let end = start;
  while (end < lines.length && /^#( |$)/.test(lines[end] ?? '') && end < start + 60) end += 1;
  const block = lines.slice(start, end);
  const name = nameOf(block);
  if (!name) return null;
  const frames = block.flatMap((line) => frameOf(line) ?? internalFrameOf(line) ?? []).slice(0, 1);
  return { reading: { platform: 'native', exceptions: [{ ...name, frames }] }, end };
};

function nameOf(block: readonly string[]): { readonly type: string; readonly value: string } | null {
  for (const line of block) {
    const [, signal] = signalLine.exec(line) ?? [];
    if (signal) return { type: signal, value: meanings.get(signal) ?? signal };
    const [, memory] = memoryLine.exec(line) ?? [];
    if (memory) return { type: 'Out of memory', value: memory };
    if (internalLine.test(line)) {
      const error = block.flatMap((other) => errorLine.exec(other)?.[1] ?? [])[0];
      return { type: 'Internal Error', value: error ?? '' };
    }
  }
  return null;
}

function frameOf(line: string): Frame | null {
  const [, kind, library, name] = nativeFrame.exec(line) ?? [];
  const [, module, method] = javaFrame.exec(line) ?? [];
  if (library !== undefined) {
    const inApp =
      kind === 'C' && !/^(?:lib(?:c|m|jvm|java|jli|nio|net|zip|pthread|stdc\+\+|gcc_s)|ld-linux)\b/.test(library);
    return { function: name ?? null, file: library, line: null, column: null, source: null, inApp };
  }
  if (module === undefined || method === undefined) return null;
  const inApp = !/^(?:java|javax|jdk|sun)\./.test(module);
  return { function: method, module, file: null, line: null, column: null, source: null, inApp };
}

function internalFrameOf(line: string): Frame | null {
  const [, file, number] = internalLine.exec(line) ?? [];
  if (file === undefined) return null;
  return { function: null, file, line: Number(number), column: null, source: null, inApp: false };
}
