import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import { type ChildSpec, holdsNul } from './child.ts';
import { type FoundProgram, findProgram } from './program.ts';

/** What a shell adds to the environment of a program that it becomes. */
export const ofTheShell: readonly string[] = ['PWD', 'OLDPWD', 'SHLVL'];

/**
 * Where a program is, or what execve(2) would say of it, as far as that can be known before: a shell that becomes it can only say
 * so in words.
 */
export function findRunnable(spec: ChildSpec): FoundProgram {
  if (holdsNul(spec)) return { kind: 'refused', code: 'ERR_INVALID_ARG_VALUE' };
  if (statSync(spec.cwd, { throwIfNoEntry: false }) === undefined) return { kind: 'refused', code: 'ENOENT' };
  const found = findProgram(spec);
  if (found.kind === 'refused') return found;
  const interpreter = interpreterOf(found.path);
  const flaw = interpreter === null ? null : flawOfInterpreter(resolve(spec.cwd, interpreter));
  return flaw === null ? found : { kind: 'refused', code: flaw };
}

function flawOfInterpreter(path: string): string | null {
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return code;
  }
}

/** The program that the first line of a script names (execve(2)); null where it is none, or may not be read. */
function interpreterOf(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'EACCES') return null;
    throw error;
  }
  try {
    const start = Buffer.alloc(256);
    const text = start.toString('latin1', 0, readSync(file, start));
    return /^#![ \t]*([^ \t\n\0]+)/.exec(text)?.[1] ?? null;
  } finally {
    closeSync(file);
  }
}
