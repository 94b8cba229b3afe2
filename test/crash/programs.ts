import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
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

/** Why tests with an interpreter cannot run here; false where they can. */
export function missing(interpreter: string): string | false {
  const { error, status } = spawnSync(interpreter, ['--version'], { stdio: 'ignore' });
  return (error !== undefined || status !== 0) && `SYSTEM: there is no ${interpreter} on this machine`;
}
