import type { CrashReader, Frame, ReadException } from '../exception.ts';

/*
 * What the C and C++ libraries print before they abort a program:
 *
 *   terminate called after throwing an instance of 'std::runtime_error'        (libstdc++)
 *     what():  row 7: no price
 *   libc++abi: terminating with uncaught exception of type std::runtime_error: row 7: no price
 *   free(): double free detected in tcache 2                                   (glibc)
 *   job: src/load.c:5: price: Assertion `row != NULL' failed.
 *
 * What is no exception is called after the signal that ends the program, as sentry-native calls it.
 */

const thrown = /^terminate called after throwing an instance of '(.+)'$/;
const what = /^ {2}what\(\): {2}(.*)$/;
const thrownWithLibcxx =
  /^libc\+\+abi: terminating (?:with|due to) (?:an )?uncaught (?:foreign )?exception of type (.+)$/;
const terminated = /^terminate called (?:without an active exception|recursively)$/;
const terminatedWithLibcxx = /^libc\+\+abi: ((?:terminating|[Pp]ure virtual function called).*)$/;
const pureVirtual = /^pure virtual method called$/;
const heapState =
  '(?:invalid|corrupted|double free|unaligned|memory corruption|mismatching|unsorted|smallbin|largebin|too many|misaligned)';
const corrupted = new RegExp(
  `^(?:(?:free|malloc|realloc|calloc|munmap_chunk|malloc_consolidate|unlink_chunk|sysmalloc)\\(\\): ${heapState}.*` +
    '|double free or corruption \\(.+\\)|corrupted (?:size vs\\. prev_size|double-linked list).*' +
    '|\\*\\*\\* (?:stack smashing|buffer overflow|%n in writable segment|invalid %N\\$ use|longjmp causes.*) detected \\*\\*\\*: .+' +
    "|\\*\\*\\* Error in `.+': .+ \\*\\*\\*)$",
);
const assertion = /^(?:[^:]+: )?([^:]+):(\d+): (.+): Assertion [`'](.*)' failed\.$/;
const assertionOfMusl = /^Assertion failed: (.+) \(([^:]+): ([^:]+): (\d+)\)$/;
/** What a shell says of it. */
const aborted = /^(?:.+: line \d+: +\d+ )?Aborted\b/;
const maxWhatLines = 50;

/** Most lines need no closer look. */
const hint = /^(?:terminate called |libc\+\+abi: |\w+\(\): |double free|corrupted |\*\*\* |Assertion failed: )/;
const isHinted = (line: string): boolean => line.length > 10 && (line.endsWith(' failed.') || hint.test(line));

export const readAbort: CrashReader = (lines) => {
  const at = lines.findLastIndex((line) => isHinted(line) && exceptionOf(line) !== null);
  const exception = exceptionOf(lines[at] ?? '');
  if (!exception) return null;
  const told = withWhat(lines, at, exception);
  const end = aborted.test(lines[told.next] ?? '') ? told.next + 1 : told.next;
  return { reading: { platform: 'native', exceptions: [told.exception] }, end };
};

function exceptionOf(line: string): ReadException | null {
  const type = thrown.exec(line)?.[1];
  if (type !== undefined) return { type, value: '', frames: [] };
  const libcxx = thrownWithLibcxx.exec(line)?.[1];
  if (libcxx !== undefined) {
    const colon = libcxx.indexOf(': ');
    return colon < 0
      ? { type: libcxx, value: '', frames: [] }
      : { type: libcxx.slice(0, colon), value: libcxx.slice(colon + 2), frames: [] };
  }
  const words = terminatedWithLibcxx.exec(line)?.[1] ?? (terminated.test(line) || corrupted.test(line) ? line : null);
  return words === null ? failedAssertion(line) : { type: 'SIGABRT', value: words, frames: [] };
}

function failedAssertion(line: string): ReadException | null {
  const glibc = assertion.exec(line);
  if (glibc) return assertionAt(glibc[4] ?? '', glibc[3] ?? '', glibc[1] ?? '', Number(glibc[2]));
  const musl = assertionOfMusl.exec(line);
  return musl && assertionAt(musl[1] ?? '', musl[3] ?? '', musl[2] ?? '', Number(musl[4]));
}

function assertionAt(expression: string, name: string, file: string, line: number): ReadException {
  const inApp = !/^\/usr\/(?:include|lib)\/|\/sysdeps\//.test(file);
  const frame: Frame = { function: name, file, line, column: null, source: null, inApp };
  return { type: 'SIGABRT', value: `Assertion \`${expression}' failed.`, frames: [frame] };
}

interface Told {
  readonly exception: ReadException;
  readonly next: number;
}

/** A message ends at its line end, but for one of several lines before a shell's word that the program aborted. */
function withWhat(lines: readonly string[], at: number, exception: ReadException): Told {
  const own = what.exec(lines[at + 1] ?? '')?.[1];
  const isThrown = thrown.test(lines[at] ?? '');
  if (terminated.test(lines[at] ?? '') && pureVirtual.test(lines[at - 1] ?? '')) {
    return { exception: { ...exception, value: lines[at - 1] ?? '' }, next: at + 1 };
  }
  if (isThrown && own === undefined) return { exception, next: at + 1 };
  if (!isThrown && exception.type === 'SIGABRT') return { exception, next: at + 1 };
  const first = isThrown ? at + 2 : at + 1;
  const length = lines
    .slice(first, first + maxWhatLines)
    .findIndex((line) => aborted.test(line) || /^==\d+== /.test(line));
  const next = length < 0 ? first : first + length;
  const value = [own ?? exception.value, ...lines.slice(first, next)].join('\n').trimEnd();
  return { exception: { ...exception, value }, next };
}
