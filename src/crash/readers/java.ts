import type { CrashReader, Frame, ReadException } from '../exception.ts';

/*
 * What the JVM prints for an exception that nothing caught (Throwable.printStackTrace), be it Java, Kotlin or Scala:
 *
 *   Exception in thread "main" shop.LoadException: cannot load rows.csv
 *   	at shop.Load.main(Load.java:22)
 *   	Suppressed: java.lang.IllegalStateException: close
 *   		at shop.Rows.close(Rows.java:7)
 *   		... 1 more
 *   Caused by: java.nio.file.NoSuchFileException: rows.csv
 *   	at java.base/java.nio.file.Files.readString(Files.java:3366)
 *   	... 1 more
 *
 * The runner of Groovy says `Caught: shop.LoadException: …`, and the same again without the word, above the frames.
 * A stack without `Exception in thread` is what a program logs of an exception that it did catch: it is passed over.
 * Named as sentry-java names them: package and class of an exception apart, the class of a frame as its module, causes
 * and suppressed ones in the reverse of the order in which they are printed.
 */

const typeName = String.raw`(?:[\p{L}\p{N}_$-]+\.)*[\p{L}\p{N}_$-]+`;
const throwable = new RegExp(`^(${typeName})(?:: (.*))?$`, 'u');
const threadPrefix = 'Exception in thread "';
const header = new RegExp(`^Exception in thread ".*?" (${typeName}(?:: .*)?)$`, 'u');
/** Of a class whose toString() tells something else than its name. */
const oddHeader = /^Exception in thread ".*?" (\S.*)$/;
const handlerHeader = new RegExp(
  `^Exception: (${typeName}) (thrown from the UncaughtExceptionHandler in thread ".*")$`,
  'u',
);
const memoryHeader = /^(?:Terminating|Aborting) due to (java\.lang\.OutOfMemoryError: .*)$/;
const groovyHeader = new RegExp(`^Caught: (${typeName}(?:: .*)?)$`, 'u');
const launcherHeader = /^Error: .* main class \S+$/;
const launcherCause = new RegExp(`^(?:\t|Caused by: )(${typeName}(?:: .*)?)$`, 'u');
const frameLine = /^(\t+)at ([^(\t]+)\(([^)]*)\)$/;
const moreLine = /^(\t+)\.\.\. (\d{1,9}) more$/;
const linkLine = /^(\t*)(?:Caused by|Suppressed): (\S.*)$/;
const circularLine = /^\t*(?:Caused by: |Suppressed: )?\[CIRCULAR REFERENCE: ?.*\]$/;

const maxExceptions = 50;
const maxMessageLines = 100;

/** Of the JDK, of the languages on top of it, and of what Sentry itself holds to be libraries. */
const libraries =
  /^(?:java|javax|jdk|sun|com\.sun|jakarta|kotlin|kotlinx|scala|groovy|clojure|akka|reactor|ch\.qos\.logback|com\.fasterxml|com\.google\.common|com\.google\.inject|com\.mysql|com\.zaxxer|io\.(?:grpc|lettuce|micrometer|netty|opentelemetry|reactivex|sentry|undertow|vertx)|net\.bytebuddy|net\.sf\.cglib|okhttp3|okio|org\.(?:apache|aspectj|codehaus\.groovy|eclipse|flywaydb|gradle|h2|hibernate|jboss|junit|mariadb|postgresql|slf4j|springframework|yaml)|picocli|retrofit2)\./;

interface Throwable {
  readonly name: Omit<ReadException, 'frames'>;
  /** How far its frames are indented: what it suppressed stands deeper. */
  readonly depth: number;
  /** Newest call first. */
  readonly frames: Frame[];
}

export const readJava: CrashReader = (lines) => {
  const start = lines.findLastIndex(startsCrash);
  const line = lines[start];
  if (line === undefined) return null;
  const [, handled = '', where = ''] = handlerHeader.exec(line) ?? [];
  if (handled) return found([{ ...nameOf(handled), value: where, frames: [] }], start + 1);
  const [, memory] = memoryHeader.exec(line) ?? [];
  if (memory) return found([{ ...nameOf(memory), frames: [] }], start + 1);
  const [, cause] = (launcherHeader.test(line) ? launcherCause.exec(lines[start + 1] ?? '') : null) ?? [];
  if (cause) return found([{ ...nameOf(cause), frames: [] }], start + 2);
  const [, caught] = groovyHeader.exec(line) ?? [];
  if (caught) return readThrowables(lines, start + 1, caught);
  const [, title] = header.exec(line) ?? oddHeader.exec(line) ?? [];
  return title ? readThrowables(lines, start, title) : null;
};

const startsCrash = (line: string, at: number, lines: readonly string[]): boolean =>
  line !== '' &&
  'CETA'.includes(line.charAt(0)) &&
  ((line.startsWith(threadPrefix) && oddHeader.test(line)) ||
    handlerHeader.test(line) ||
    memoryHeader.test(line) ||
    (line.startsWith('Caught: ') && lines[at + 1] === line.slice('Caught: '.length) && groovyHeader.test(line)) ||
    (launcherHeader.test(line) && launcherCause.test(lines[at + 1] ?? '')));

const found = ([last, ...before]: ReadException[], end: number): ReturnType<CrashReader> =>
  last ? { reading: { platform: 'java', exceptions: withLast(before, last) }, end } : null;

function withLast(before: readonly ReadException[], last: ReadException): [ReadException, ...ReadException[]] {
  const [root, ...others] = before.toReversed();
  return root ? [root, ...others, last] : [last];
}

function readThrowables(lines: readonly string[], start: number, title: string): ReturnType<CrashReader> {
  const read: Throwable[] = [];
  /** The one that was read last at each depth: the frames in common are those of the one around. */
  const latest: Throwable[] = [];
  let at = start;
  const open = (text: string, depth: number): void => {
    const { message, next } = messageFrom(lines, at);
    const one = { name: nameOf(text + message), frames: [], depth };
    at = next;
    if (read.length < maxExceptions) read.push(one);
    latest.length = depth;
    latest[depth] = one;
  };
  open(title, 0);
  let around: Throwable | undefined;
  for (let line = lines[at]; line !== undefined; line = lines[at]) {
    const [, indent = '', text = ''] = linkLine.exec(line) ?? [];
    if (circularLine.test(line)) at += 1;
    else if (text && latest[indent.length - (suppresses(line) ? 1 : 0)]) {
      around = latest[indent.length - (suppresses(line) ? 1 : 0)];
      open(text, indent.length);
    } else if (!readFrame(line, latest.at(-1), around)) break;
    else at += 1;
  }
  return found(
    read.map(({ name, frames }) => ({ ...name, frames: frames.toReversed() })),
    at,
  );
}

const suppresses = (line: string): boolean => line.trimStart().startsWith('Suppressed: ');

/** Adds what the line tells to the frames of its throwable, newest call first. False where it tells of none. */
function readFrame(line: string, one: Throwable | undefined, around: Throwable | undefined): boolean {
  const [, frameIndent, call = '', place = ''] = frameLine.exec(line) ?? [];
  const [, moreIndent, more = ''] = moreLine.exec(line) ?? [];
  const depth = (frameIndent ?? moreIndent ?? '').length - 1;
  if (!one || depth !== one.depth) return false;
  if (frameIndent) one.frames.push(frameOf(call, place));
  else one.frames.push(...(around?.frames ?? []).slice(-Number(more)));
  return true;
}

/** The other lines of a message of several: they are followed by what stands below every message. */
function messageFrom(lines: readonly string[], at: number): { readonly message: string; readonly next: number } {
  for (let next = at + 1; next <= at + maxMessageLines; next += 1) {
    const line = lines[next];
    if (line === undefined || startsCrash(line, next, lines)) break;
    if (frameLine.test(line) || moreLine.test(line) || linkLine.test(line)) {
      return { message: ['', ...lines.slice(at + 1, next)].join('\n'), next };
    }
  }
  return { message: '', next: at + 1 };
}

/** `shop.Load$BadRow: row 7` is `Load$BadRow` of `shop`. */
function nameOf(text: string): Omit<ReadException, 'frames'> {
  const [first = '', ...others] = text.split('\n');
  const match = throwable.exec(first);
  // The class cannot be known where toString() does not tell it.
  if (!match) return { type: 'Throwable', value: text };
  const [, name = '', message = ''] = match;
  const dot = name.lastIndexOf('.');
  return {
    type: name.slice(dot + 1),
    value: [message, ...others].join('\n'),
    ...(dot > 0 ? { module: name.slice(0, dot) } : {}),
  };
}

/** `app//shop.Load.main`, `java.base@17/java.util.List.forEach`: loader and module stand before the class. */
function frameOf(call: string, place: string): Frame {
  const path = call.split('/');
  // A hidden class has its address behind a slash of its own.
  const own = path.findLastIndex((part) => !part.startsWith('0x'));
  const name = path.slice(Math.max(0, own)).join('/');
  const dot = name.lastIndexOf('.');
  const [, file, line] = /^(.*?)(?::(\d{1,9}))?$/.exec(place) ?? [];
  const known = file !== undefined && file !== '' && file !== 'Native Method' && file !== 'Unknown Source';
  return {
    function: name.slice(dot + 1),
    ...(dot > 0 ? { module: name.slice(0, dot) } : {}),
    file: known ? file : null,
    line: line === undefined ? null : Number(line),
    column: null,
    source: null,
    inApp: !libraries.test(name) && !/^(?:java|jdk)\./.test(path[own - 1] ?? ''),
  };
}
