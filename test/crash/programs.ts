import { execFile, spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a program printed before it died. */
export interface LastWords {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  /** The directory that its file was in, with a slash at its end. */
  readonly directory: string;
}

/** Writes the program to a file and runs it to its end. */
export function runProgram(interpreter: readonly [string, ...string[]], fileName: string, source: string): LastWords {
  using place = mkdtempDisposableSync(join(tmpdir(), 'booty-crash-'));
  const path = join(place.path, fileName);
  writeFileSync(path, source);
  const [program, ...args] = interpreter;
  const env = { PATH: process.env.PATH, LANG: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout, stderr, status } = spawnSync(program, [...args, path], { encoding: 'utf8', env, cwd: place.path });
  return { stdout, stderr, status, directory: `${place.path}/` };
}

/** Runs a program of this directory to its end, beside the others there. */
export async function runIn(directory: string, program: string, fileName: string): Promise<LastWords> {
  const place = realpathSync(directory);
  const env = { PATH: process.env.PATH, LANG: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [join(place, fileName)],
      { env, cwd: place, timeout: 60_000 },
      (_, stdout, stderr) => resolve({ stdout, stderr, status: child.exitCode, directory: `${place}/` }),
    );
  });
}

/** The first of these programs that runs here, or why none does. */
export function findInterpreter(...candidates: readonly [string, ...string[]]): {
  readonly path: string;
  readonly skip: string | false;
} {
  const runs = (path: string): boolean => spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0;
  const path = candidates.find(runs);
  return {
    path: path ?? '',
    skip: path === undefined && `SYSTEM: there is no ${candidates.join(' or ')} on this machine`,
  };
}
