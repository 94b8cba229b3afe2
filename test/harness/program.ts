import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The program under test. BOOTY_PROGRAM chooses that of another tree. */
export const program = process.env.BOOTY_PROGRAM || fileURLToPath(new URL('../../bin/booty', import.meta.url));

/** What the programs under test get of our environment: nothing that chooses a place, a DSN or a release. */
export const plainEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    USER: process.env.USER,
    LANG: 'C.UTF-8',
    TZ: process.env.TZ,
    TMPDIR: process.env.TMPDIR,
    BOOTY_NODE: process.env.BOOTY_NODE ?? process.execPath,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined),
);

export interface Finished {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Runs a command of Booty to its end. Rejects where it takes too long; it is then killed. */
export async function runBooty(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { env = {}, input = '', timeoutMs = 30_000 } = options;
  const child = spawn(program, args, { env: { ...plainEnvironment, ...env }, stdio: 'pipe' });
  endWithUs(child);
  const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, [status, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
  clearTimeout(limit);
  if (signal === 'SIGKILL') throw new Error(`booty ${args.join(' ')} ran for ${timeoutMs} ms\n${stdout}${stderr}`);
  return { status, signal, stdout, stderr };
}

export const ended = async (child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> =>
  (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];

const children = new Set<ChildProcess>();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** Kills every program that this process has started, and waits until they are gone. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...children].map(async (child) => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }),
  );
}

/** A test that ends in the middle leaves nobody behind. */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}
