/*
 * Nothing says where the message of an uncaught exception ends: it may have any number of lines, and another program
 * may print right below it.
 */

/** What begins a line that no message goes on with: a log's line, a shell's, another exception. */
const beginsAnother = new RegExp(
  [
    String.raw`\W{0,2}\d{4}[-/]\d\d[-/]\d\d`,
    String.raw`\W{0,2}\d\d:\d\d:\d\d`,
    String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d`,
    String.raw`\W{0,2}(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b`,
    String.raw`\{"`,
    String.raw`\++ \S`,
    String.raw`\S{1,80}: line \d+: `,
    String.raw`make(?:\[\d+\])?: `,
    'npm (?:ERR|error)',
    'Exception (?:ignored|in thread) ',
    'Process .{1,80}:$',
    'Task exception was never retrieved$',
    String.raw`Traceback \(most recent call last\):$`,
    String.raw`Node\.js v\d`,
    // Programs of other languages, that ran this one or go on after it.
    String.raw`panic: |goroutine \d+ \[|fatal error: |SIG[A-Z]+: `,
    `thread '.{1,80}' .*panicked at `,
    'PHP (?:Fatal|Parse|Warning|Notice)',
    String.raw`\S{1,200}\.rb:\d+:in `,
    'terminate called ',
    '(?:Segmentation fault|Aborted|Killed|Terminated|Bus error)(?: |$)',
    'sys:1: |.{1,200}: (?:Resource|Deprecation|Runtime|User)Warning: ',
  ]
    .map((begin) => `^(?:${begin})`)
    .join('|'),
);

/** As many unindented lines as may follow a death: a program that says more has gone on. */
const maxPlainLines = 12;
const maxLines = 1000;

/** The first line from `start` on that is no part of the message any more. */
export function messageEnd(lines: readonly string[], start: number): number {
  let end = start;
  let plain = 0;
  for (let at = start; at < Math.min(lines.length, start + maxLines); at += 1) {
    const line = lines[at] ?? '';
    if (line.trim() === '') continue;
    if (beginsAnother.test(line)) break;
    if (!/^[\s\])}|]/.test(line)) plain += 1;
    if (plain > maxPlainLines) return start;
    end = at + 1;
  }
  return end;
}

/** Whether a message that begins before `start` can reach to `end`. */
export const reachesTo = (lines: readonly string[], start: number, end: number): boolean =>
  end - start <= maxLines && !lines.slice(start, end).some((line) => beginsAnother.test(line));
