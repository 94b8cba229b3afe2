import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../disk/durable.ts';
import { type ProcessSpec, type Spawned, spawnProcess } from '../native/spawn.ts';

/** Where execvp(3) looks when there is no PATH. */
const defaultPath = '/bin:/usr/bin';
/** What it takes for `not here`, and goes on. */
const notHere = new Set(['ENOENT', 'ESTALE', 'ENOTDIR', 'ENODEV', 'ETIMEDOUT']);

export type ProgramSpec = Omit<ProcessSpec, 'path' | 'argv'> & {
  readonly argv: readonly [string, ...string[]];
};

/** Starts the program that its first argument names, as execvp(3) finds it: by the child's own PATH. */
export async function startProgram(spec: ProgramSpec): Promise<Spawned> {
  const [name] = spec.argv;
  if (name.includes('/')) return execute(name, spec);
  let denied = false;
  for (const directory of (spec.env.PATH ?? defaultPath).split(':')) {
    const path = directory === '' ? name : `${directory}/${name}`;
    if (isAbsent(resolve(spec.cwd, path))) continue;
    const spawned = await execute(path, spec);
    if (spawned.kind === 'process') return spawned;
    if (spawned.code === 'EACCES') denied = true;
    else if (!notHere.has(spawned.code)) return spawned;
  }
  return { kind: 'refused', code: denied ? 'EACCES' : 'ENOENT' };
}

/** How often, and how long, a program that somebody has open for writing is tried again. */
const busy = { tries: 20, pauseMs: 5 } as const;

/**
 * A child that another thread is just starting has all that we have open until it is executed, a script among it that we
 * have written this moment: the kernel then says that it is busy (ETXTBSY, execve(2)). That passes.
 */
async function spawnUnlessBusy(spec: ProcessSpec): Promise<Spawned> {
  for (let tried = 1; ; tried += 1) {
    const spawned = await spawnProcess(spec);
    if (spawned.kind === 'process' || spawned.code !== 'ETXTBSY' || tried === busy.tries) return spawned;
    await sleep(busy.pauseMs);
  }
}

/** An executable text without `#!` is a script of the shell. */
async function execute(path: string, spec: ProgramSpec): Promise<Spawned> {
  const spawned = await spawnUnlessBusy({ ...spec, path });
  if (spawned.kind === 'process' || spawned.code !== 'ENOEXEC') return spawned;
  const shell = '/bin/sh';
  return spawnProcess({ ...spec, path: shell, argv: [shell, path, ...spec.argv.slice(1)] });
}

/** Spares a process that is started only to find nothing. In doubt the system tells. */
function isAbsent(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return false;
  }
}

export type FoundProgram =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'refused'; readonly code: string };

/** Where it would be found; whether it is a program that can run is still to be seen. */
export function findProgram({ argv: [name], env, cwd }: Pick<ProgramSpec, 'argv' | 'env' | 'cwd'>): FoundProgram {
  const paths = name.includes('/')
    ? [name]
    : (env.PATH ?? defaultPath).split(':').map((directory) => (directory === '' ? name : `${directory}/${name}`));
  const there = paths.map((path) => resolve(cwd, path)).filter((path) => !isAbsent(path));
  const path = there.find(isExecutable);
  if (path !== undefined) return { kind: 'found', path };
  return { kind: 'refused', code: there.length > 0 ? 'EACCES' : 'ENOENT' };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return false;
  }
}
