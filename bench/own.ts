import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How a command is run: in a process group of its own, which is killed where it lasts too long or the benchmark is interrupted. */
export interface Running {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A file that becomes its standard input; else it is empty. */
  readonly input?: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export interface Finished {
  /** Both streams, in a file while it ran: nothing of ours is woken by it, and what goes on in the background does not hold us up. */
  readonly output: string;
  /** From before its start until its end was seen. */
  readonly seconds: number;
}

/** What every command gets of our environment: measurements don't depend on the rest. */
export const plainEnvironment = (home: string): Record<string, string> => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: home,
  LANG: 'C.UTF-8',
});

/** Runs a command to its end. @throws Error where it fails, lasts too long or is interrupted */
export async function runOwn(argv: readonly [string, ...string[]], running: Running): Promise<Finished> {
  const [program, ...args] = argv;
  const outputPath = join(running.cwd, '.output');
  const input = openSync(running.input ?? '/dev/null', 'r');
  const output = openSync(outputPath, 'w');
  const env = { ...plainEnvironment(running.cwd), ...running.env };
  const signal = AbortSignal.any([running.signal, AbortSignal.timeout(running.limitMs)]);
  signal.throwIfAborted();
  const from = performance.now();
  const child = spawn(program, args, { cwd: running.cwd, env, stdio: [input, output, output], detached: true });
  closeSync(input);
  closeSync(output);
  const killGroup = (): void => killOwnGroup(child.pid);
  signal.addEventListener('abort', killGroup);
  try {
    const [status, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
    const seconds = (performance.now() - from) / 1000;
    const text = readFileSync(outputPath, 'utf8');
    signal.throwIfAborted();
    if (status !== 0) throw new Error(`${argv.join(' ')}: ${killedBy ?? `status ${status}`}: ${text.slice(-500)}`);
    return { output: text, seconds };
  } finally {
    signal.removeEventListener('abort', killGroup);
  }
}

/** Kills a process group that we started. */
export function killOwnGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Where a program is on PATH, or null. */
export function findProgram(name: string): string | null {
  const places = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name));
  return places.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
