import type { CrashReader, Frame, ReadException } from '../exception.ts';
import { dotnetFrame } from './dotnet-frame.ts';

/*
 * What .NET prints for an exception that nothing caught (Exception.ToString, learn.microsoft.com/dotnet/api/system.exception):
 *
 *   Unhandled exception. System.AggregateException: One or more errors occurred. (nightly) (bad row)
 *    ---> System.ApplicationException: nightly
 *    ---> Shop.LoadException: no price
 *      at Shop.Program.Load(Int32 row) in /srv/job/Program.cs:line 12
 *      --- End of inner exception stack trace ---
 *      at Shop.Program.Main(String[] args) in /srv/job/Program.cs:line 20
 *      --- End of inner exception stack trace ---
 *      at System.Threading.Tasks.Task.Wait()
 *    ---> (Inner Exception #1) System.FormatException: bad row
 *      at Shop.Program.Parse(String text) in /srv/job/Program.cs:line 7<---
 *
 * Mono, .NET Framework and .NET Core before 3.0 put ` ---> ` into the line of the message. Named as sentry-dotnet
 * names them. What the logging of ASP.NET tells of exceptions is indented or has no such header: it is passed over.
 */

const sameLineHeader =
  /^(?:Unhandled exception[.:]|Unhandled Exception:|\[ERROR\] FATAL UNHANDLED EXCEPTION:) +(\S.*)$/;
const fatalHeader = /^(Fatal error|Process terminated)\.(?: +(\S.*))?$/;
const overflowHeader = /^(?:Stack overflow\.|Process is terminating due to StackOverflowException\.)$/;
/** Some have the number of an error behind them. */
const throwable = /^([A-Za-z_][\w.+`]*)(?:\[.*?\])?(?: \(-?(?:0x)?[\dA-Fa-f]+\))?(?:: (.*))?$/;
const exceptionName = /\.|(?:Exception|Error)$/;
const numbered = /^ ?---> \(Inner Exception #(\d+)\) (.*)$/;
const inner = /^ ---> (\S.*)$/;
const endOfInner = /^ *--- End of inner exception stack trace ---$/;
const between =
  /^(?: *--- (?:End of stack trace from previous location|Start of stack trace).*|Repeat(?:ed)? \d+ times:|-{32})$/;

const maxExceptions = 50;
const maxMessageLines = 100;
const maxFrames = 500;

interface Open {
  readonly type: string;
  readonly message: string[];
  readonly frames: Frame[];
  readonly inner: Open[];
}

export const readDotnet: CrashReader = (lines) => {
  const start = lines.findLastIndex((_, at) => headerAt(lines, at) !== null);
  const header = headerAt(lines, start);
  if (!header) return null;
  const { root, next } = readTree(lines, header);
  const [first, ...others] = flatten(root);
  // These words alone are said by others too.
  if (!first || (fatalHeader.test(lines[start] ?? '') && root.frames.length === 0)) return null;
  return { reading: { platform: 'csharp', exceptions: [first, ...others] }, end: next };
};

interface Header {
  /** What is to be read as type and message. */
  readonly text: string;
  /** The line that it ends in. */
  readonly at: number;
}

function headerAt(lines: readonly string[], at: number): Header | null {
  const line = lines[at] ?? '';
  if (line === '' || !'UFPS['.includes(line.charAt(0))) return null;
  const following = lines[at + 1] ?? '';
  const [, sameLine] = sameLineHeader.exec(line) ?? [];
  if (sameLine !== undefined) return isThrowable(sameLine) ? { text: sameLine, at } : null;
  if (line === 'Unhandled Exception:') return isThrowable(following) ? { text: following, at: at + 1 } : null;
  if (overflowHeader.test(line)) return { text: 'System.StackOverflowException', at };
  const [, what = '', message] = fatalHeader.exec(line) ?? [];
  if (!what) return null;
  const text = message ?? following;
  return { text: isThrowable(text) ? text : `${what}: ${text}`, at: message === undefined ? at + 1 : at };
}

const isThrowable = (text: string): boolean =>
  exceptionName.test(throwable.exec(text.split(' ---> ', 1)[0] ?? '')?.[1] ?? '');

/** Exceptions are open from their header to the end of their stack: what is told in between are their inner ones. */
function readTree(lines: readonly string[], header: Header): { readonly root: Open; readonly next: number } {
  const root = opened(header.text.split(' ---> ', 1)[0] ?? '');
  const stack: Open[] = [root];
  let count = 1;
  const open = (text: string, kept = true): void => {
    const one = opened(text);
    const around = stack.at(-1);
    count += 1;
    if (kept && count <= maxExceptions) around?.inner.push(one);
    stack.push(one);
  };
  /** The rest of a line of a message: it may open others, or close its own. */
  const openAll = (text: string): void => {
    const [, ...causes] = text.split(' ---> ');
    for (const cause of causes) {
      if (isThrowable(cause)) open(cause);
      else stack.at(-1)?.message.push(`${stack.at(-1)?.message.pop() ?? ''} ---> ${cause}`);
    }
  };
  openAll(header.text);
  let at = header.at + 1;
  let messageEnd = endOfMessage(lines, at);
  for (; at < lines.length && stack.length > 0; at += 1) {
    const line = (lines[at] ?? '').trimEnd();
    const text = line.endsWith('<---') ? line.slice(0, -4) : line;
    const [, number, aggregated] = numbered.exec(text) ?? [];
    const top = stack.at(-1) ?? root;
    const frame = dotnetFrame(text);
    if (aggregated !== undefined && isThrowable(aggregated)) {
      // Older ones tell of the first inner exception twice.
      open(aggregated.split(' ---> ', 1)[0] ?? '', number !== '0' || top.inner.length === 0);
      openAll(aggregated);
      messageEnd = endOfMessage(lines, at + 1);
    } else if (inner.test(text) && isThrowable(text.slice(6))) {
      open(text.slice(6).split(' ---> ', 1)[0] ?? '');
      openAll(text.slice(6));
      messageEnd = endOfMessage(lines, at + 1);
    } else if (frame) {
      if (top.frames.length < maxFrames) top.frames.push(frame);
    } else if (endOfInner.test(text)) stack.pop();
    else if (at < messageEnd) {
      top.message.push(text.split(' ---> ', 1)[0] ?? '');
      openAll(text);
      messageEnd = Math.max(messageEnd, endOfMessage(lines, at + 1));
    } else if (!between.test(text) && !(text === '' && (line !== '' || numbered.test(lines[at + 1] ?? '')))) break;
    if (line !== text) stack.pop();
  }
  return { root, next: at };
}

/** The first line after those of a message, or `at` where the message has no other lines. */
function endOfMessage(lines: readonly string[], at: number): number {
  for (let end = at; end < at + maxMessageLines; end += 1) {
    const line = lines[end];
    if (line === undefined || headerAt(lines, end)) return at;
    if (dotnetFrame(line) || inner.test(line) || numbered.test(line) || between.test(line)) return end;
  }
  return at;
}

function opened(text: string): Open {
  const [, type = '', message = ''] =
    throwable.exec(text) ?? /^(Process terminated|Fatal error): (.*)$/.exec(text) ?? [];
  return { type: type || 'System.Exception', message: [message], frames: [], inner: [] };
}

function flatten({ type, message, frames, inner: causes }: Open): ReadException[] {
  // Not of the message, but told with it.
  const file = message.findIndex((line, at) => at > 0 && line.startsWith("File name: '"));
  const value = message
    .slice(0, file < 0 ? message.length : file)
    .join('\n')
    .trimEnd();
  return [...causes.flatMap(flatten), { type, value, frames: frames.toReversed() }];
}
