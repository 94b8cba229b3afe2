import type { CrashReader, Frame, ReadException } from '../exception.ts';

/*
 * What the Go runtime prints as it dies (runtime/panic.go, printpanics and fatalthrow): what was panicked with, and with
 * it what had been before and was recovered; then the goroutine that did it, its newest call first; then the others.
 *
 *   panic: runtime error: index out of range [3] with length 0 [recovered]
 *   	panic: job failed
 *
 *   goroutine 1 [running]:
 *   main.guard()
 *   	/srv/job/load.go:7 +0x74
 *   panic({0x4923c0, 0xc00001a090})
 *   	/usr/lib/go-1.19/src/runtime/panic.go:884 +0x212
 *   main.main()
 *   	/srv/job/load.go:14 +0x45
 *   created by main.start in goroutine 1
 *   	/srv/job/load.go:20 +0x55
 *
 * Types, modules and what counts as the job's own follow sentry-go (stacktrace.go, exception.go).
 */

const opening = /^(panic|fatal error|SIG[A-Z0-9]+): (.*)$/;
const goroutine = /^goroutine \d+ (?:gp=0x\w+ m=\S+ (?:mp=0x\w+ )?)?\[[^\]]*\]:$/;
/** Nothing of the message any more, though it stands above the first goroutine. */
const afterMessage = /^(?:\[signal SIG|\tpanic: |runtime stack:$|PC=0x|goroutine \d+ )/;
const recovered = / \[recovered(?:, repanicked)?\]$/;
const functionLine = /^(\S.*)\(([^()]*)\)$/;
const placeLine = /^\t(.+):(\d+)(?: \+0x[\da-f]+)?(?: fp=0x\w+ sp=0x\w+ pc=0x\w+)?$/;
const createdBy = /^created by \S+(?: in goroutine \d+)?$/;
const between = /^(?:|\.\.\..*frames elided\.\.\.|\tgoroutine running on .*|-----|\w{2,6}\s+0x[\da-f]+)$/;
const farewell = /^exit status \d+$/;
/** What needs no stack to be known as the runtime's own last words (GOTRACEBACK=none prints none). */
const withoutStack =
  /^(?:panic: runtime error: .+|fatal error: (?:all goroutines are asleep - deadlock!|no goroutines \(main called runtime\.Goexit\) - deadlock!|concurrent map .+))$/;

const maxCandidates = 20;
const maxMessageLines = 200;
const maxFrames = 250;
const maxPanics = 20;

interface Call {
  readonly name: string;
  readonly frame: Frame;
}

export const readGo: CrashReader = (lines) => {
  let at = lines.length;
  for (let candidates = 0; candidates < maxCandidates; candidates += 1) {
    at = lines.slice(0, at).findLastIndex((line) => opening.test(line));
    if (at < 0) return null;
    const found = readAt(lines, at);
    if (found) return found;
  }
  return null;
};

function readAt(lines: readonly string[], start: number): ReturnType<CrashReader> {
  const limit = Math.min(lines.length, start + maxMessageLines);
  let header = start + 1;
  while (header < limit && !goroutine.test(lines[header] ?? '')) header += 1;
  if (header === limit) return readStackless(lines, start);
  // The runtime leaves a line free above the goroutine; who logs what was recovered seldom does.
  if (lines[header - 1]?.trim() !== '') return null;
  const { calls, next } = readCalls(lines, header + 1);
  if (calls[0] === undefined || /^runtime\/debug\.(?:Print)?Stack$/.test(calls[0].name)) return null;
  const exceptions = exceptionsOf(lines.slice(start, header), calls);
  return exceptions && { reading: { platform: 'go', exceptions }, end: endOf(lines, next) };
}

function readStackless(lines: readonly string[], start: number): ReturnType<CrashReader> {
  const line = lines[start] ?? '';
  const rest = lines
    .slice(start + 1)
    .filter((said) => said !== '' && !farewell.test(said) && !said.startsWith('[signal '));
  if (!withoutStack.test(line) || rest.length > 0) return null;
  const exceptions = exceptionsOf([line], []);
  return exceptions && { reading: { platform: 'go', exceptions }, end: lines.length };
}

/** The calls of one goroutine, newest first. */
function readCalls(
  lines: readonly string[],
  start: number,
): { readonly calls: readonly Call[]; readonly next: number } {
  const calls: Call[] = [];
  let at = start;
  while (at < lines.length) {
    const name = functionLine.exec(lines[at] ?? '')?.[1];
    const place = placeLine.exec(lines[at + 1] ?? '');
    if (name !== undefined && place) {
      if (calls.length < maxFrames) calls.push({ name, frame: frameOf(name, place[1] ?? '', Number(place[2])) });
      at += 2;
    } else if (/^\.\.\..*frames elided\.\.\.$/.test(lines[at] ?? '')) at += 1;
    else break;
  }
  return { calls, next: at };
}

/** Behind the other goroutines, the registers and what `go run` says. */
function endOf(lines: readonly string[], start: number): number {
  let at = start;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const call = (functionLine.test(line) || createdBy.test(line)) && placeLine.test(lines[at + 1] ?? '');
    if (call) at += 1;
    else if (!goroutine.test(line) && !between.test(line) && !farewell.test(line)) break;
  }
  return at;
}

type Exceptions = readonly [ReadException, ...ReadException[]];

/** What was panicked with, first to last. */
function exceptionsOf(words: readonly string[], calls: readonly Call[]): Exceptions | null {
  const [, kind = '', first = ''] = opening.exec(words[0] ?? '') ?? [];
  const messages: string[][] = [[first]];
  for (const line of words.slice(1)) {
    if (line.startsWith('\tpanic: ')) messages.push([line.slice('\tpanic: '.length)]);
    else if (afterMessage.test(line)) break;
    // Since Go 1.21 the runtime indents what follows the first line.
    else messages.at(-1)?.push(line.replace(/^\t/, ''));
  }
  const kept = messages.slice(-maxPanics);
  const stacks = stacksOf(calls, kept.length);
  const told = kept.map((message, at) => exceptionOf(kind, message.join('\n').trimEnd(), stacks[at] ?? []));
  const [one, ...others] = told;
  return one ? [one, ...others] : null;
}

/**
 * A deferred function runs on top of the panic that it recovers: the calls below `panic` are those of the earlier one.
 * Of what each was thrown from, oldest call first.
 */
function stacksOf(calls: readonly Call[], panics: number): readonly (readonly Frame[])[] {
  const own = calls.findIndex(({ name }) => !isRuntime(name));
  const starts = [0, ...calls.flatMap(({ name }, at) => (name === 'panic' && own >= 0 && at > own ? [at] : []))];
  const stacks: (readonly Frame[])[] = [];
  for (let at = 0; at < panics; at += 1) {
    const start = starts[at];
    const stack = start === undefined ? [] : calls.slice(start).filter(({ name }) => !isRuntime(name));
    stacks.unshift(stack.map(({ frame }) => frame).toReversed());
  }
  return stacks;
}

/** What sentry-go leaves out. */
const isRuntime = (name: string): boolean => name === 'panic' || /^(?:runtime|testing)\./.test(name);

function exceptionOf(kind: string, text: string, frames: readonly Frame[]): ReadException {
  if (kind !== 'panic') return { type: kind, value: text, frames };
  const value = text.replace(recovered, '');
  const boxed = /^\((\*?[\w./-]+)\) (.+)$/.exec(value);
  if (boxed) return { type: boxed[1] ?? '', value: boxed[2] ?? '', frames };
  const named = /^([\w./-]+\.\w+)\((?:"(.*)"|([-+\w.()]+))\)$/.exec(value);
  if (named) return { type: named[1] ?? '', value: named[2] ?? named[3] ?? '', frames };
  return { type: typeOf(value), value, frames };
}

const plainErrors =
  /^(?:assignment to entry in nil map|send on closed channel|close of (?:nil|closed) channel|makechan: size out of range)$/;

/** The runtime's own errors have a type that can be told from what they say. Others print only what they say. */
function typeOf(value: string): string {
  if (/^runtime error: (?:index|slice bounds) out of range/.test(value)) return 'runtime.boundsError';
  if (value.startsWith('runtime error: ')) return 'runtime.errorString';
  if (value.startsWith('interface conversion: ')) return '*runtime.TypeAssertionError';
  if (value.startsWith('panic called with nil argument')) return '*runtime.PanicNilError';
  return plainErrors.test(value) ? 'runtime.plainError' : 'panic';
}

function frameOf(name: string, file: string, line: number): Frame {
  const slash = name.lastIndexOf('/');
  const dot = name.indexOf('.', Math.max(slash, 0));
  const module = dot < 0 ? '' : name.slice(0, dot);
  return {
    function: name.slice(dot + 1),
    ...(module ? { module } : {}),
    file,
    line,
    column: null,
    source: null,
    inApp: isInApp(module, file),
  };
}

/** The standard library's packages (pkg.go.dev/std), by the first part of their path. */
const standard = new Set(
  (
    'archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go ' +
    'hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort ' +
    'strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak'
  ).split(' '),
);

function isInApp(module: string, file: string): boolean {
  if (/\/pkg\/mod\/|@v\d|\/vendor\/|\/third_party\/|^<autogenerated>$|^_cgo_/.test(file)) return false;
  const ofGo = standard.has(module.split('/', 1)[0] ?? '') && (!file.startsWith('/') || file.includes('/src/'));
  return !ofGo && !/vendor|third_party/.test(module);
}
