import { type ChildProcess, spawn } from 'node:child_process';
import { searchPath } from './prerequisites.ts';

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

const maxOutputCharacters = 8 * 1024 * 1024;

/** Runs a program to its end, whatever its exit status. Rejects where it does not start, or is not done in time: it is killed then. */
export function finished(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Finished> {
  const [program, ...rest] = argv;
  const timeoutMs = options.timeoutMs ?? 30_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      env: { ...process.env, PATH: searchPath, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] = (output[name] + text).slice(-maxOutputCharacters);
      });
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // A grandchild may hold the pipes: this process must not wait for them.
      child.stdout.destroy();
      child.stderr.destroy();
      reject(new Error(`not done after ${timeoutMs} ms: ${argv.join(' ')}\n${output.stdout}${output.stderr}`));
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (status) => {
      clearTimeout(timer);
      resolve({ status, ...output });
    });
    // A program that reads no input may be gone before it is written.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Runs a program that must succeed, and returns its output. */
export async function must(argv: readonly [string, ...string[]], options?: RunOptions): Promise<string> {
  const result = await finished(argv, options);
  if (result.status === 0) return result.stdout;
  throw new Error(`exit status ${result.status}: ${argv.join(' ')}\n${result.stdout}${result.stderr}`);
}

/** Resolves with true when the child is gone, with false after the time. */
export function gone(child: ChildProcess, timeoutMs: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.off('exit', ended);
      resolve(false);
    }, timeoutMs);
    const ended = () => {
      clearTimeout(timer);
      resolve(true);
    };
    child.once('exit', ended);
  });
}

/** Asks again and again until the answer is not null: for what can't be waited for as an event. */
export async function until<Value>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<Value | null> | Value | null,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
