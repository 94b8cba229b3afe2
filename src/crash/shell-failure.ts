import type { CrashReading, Frame, ReadException } from './exception.ts';

/** What one bash noted of the command that failed last: see run/bash-env.sh. */
export interface ShellFailure {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly status: number;
  readonly command: string;
  /** Oldest call first. */
  readonly frames: readonly Frame[];
}

/** No calls of a shell go deeper than that and are still read. */
const maxCalls = 1000;
const maxCommandLength = 500;

/** The fields, each with a NUL behind it: time, status, line, command, count, sources, lines of calls, functions. A job may write anything there. */
export function parseShellFailure(text: string): ShellFailure | null {
  const [time = '', status = '', line = '', command = '', count = '', ...rest] = text.split('\0').slice(0, -1);
  const calls = Number(count);
  if (!/^\d{9,11}[.,]\d{1,6}$/.test(time) || !/^\d{1,3}$/.test(status) || !/^\d{1,9}$/.test(line)) return null;
  if (!/^\d{1,4}$/.test(count) || calls > maxCalls || rest.length < 2 * calls) return null;
  const [sources, lines, functions] = [rest.slice(0, calls), rest.slice(calls, 2 * calls), rest.slice(2 * calls)];
  const frames = sources.map((file, call): Frame => {
    const at = call === 0 ? line : (lines[call - 1] ?? '');
    return {
      function: functions[call] ?? null,
      file: file || null,
      line: /^\d{1,9}$/.test(at) ? Number(at) : null,
      column: null,
      source: call === 0 ? (command.split('\n', 1)[0] ?? '').slice(0, maxCommandLength) : null,
      inApp: true,
    };
  });
  return {
    at: Math.round(Number(time.replace(',', '.')) * 1000),
    status: Number(status),
    command: command.slice(0, maxCommandLength),
    frames: frames.toReversed(),
  };
}

/** How long before its shell a command may have failed that was the reason for it. */
const nearMs = 2000;

/**
 * The failure that ended a step: of the outermost shell, if it has the step's exit code and came at its end, with those of
 * the shells that it had started and that failed with the same status right before. Null where none fits: `exit 3` is no
 * command that failed.
 * @param failures by depth, outermost first
 * @param lastLine what was printed last, which mostly says why
 */
export function readShellFailures(
  failures: readonly ShellFailure[],
  exitCode: number,
  endedAt: number,
  lastLine: string | null,
): CrashReading | null {
  const chain: ShellFailure[] = [];
  let before = endedAt;
  for (const failure of failures) {
    if (failure.status !== exitCode || failure.at > before + nearMs || before - failure.at > nearMs) break;
    chain.unshift(failure);
    before = failure.at;
  }
  const [first, ...rest] = chain.map(({ command, status, frames }, index): ReadException => {
    const what = command.split('\n', 1)[0] ?? '';
    return { type: 'BashError', value: `${what}: ${(index === 0 && lastLine) || `exit status ${status}`}`, frames };
  });
  return first ? { platform: 'other', exceptions: [first, ...rest] } : null;
}
