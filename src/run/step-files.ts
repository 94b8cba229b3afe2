import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import type { Exit } from '../job/exit.ts';
import type { Step } from '../job/job.ts';
import type { EmptyDirectories } from './empty-directories.ts';
import { argvOfModule, prepareModule } from './module-step.ts';
import { needsPathOf } from './needs.ts';
import { argvOfLine } from './shell.ts';
import { forgetShellFailures } from './shell-failures.ts';
import { type Shortage, shortageOfFiles } from './shortage.ts';
import { type JobPlace, makeWorkdir, replaceFile } from './workdir.ts';

export type SpawnFailure = Extract<Exit, { kind: 'spawn' }>;

const scriptPathOf = ({ directory }: JobPlace): string => join(directory, 'script');

export interface StepFiles {
  /** Whether no other step of the attempt has been prepared. */
  readonly isFirst: boolean;
  readonly cwd: string;
  readonly modules: string;
  readonly directories: EmptyDirectories;
  readonly needs: string | null;
}

/** What a step is started with. */
export function argvOf({ action }: Step, place: JobPlace, modules: string): readonly [string, ...string[]] {
  switch (action.kind) {
    case 'run':
      return argvOfLine(action.shell, action.line);
    case 'command':
      return action.argv;
    case 'script':
      return [scriptPathOf(place)];
    case 'module':
      return argvOfModule(action, modules);
  }
}

/** Makes the files that a step needs; what the disk refuses is an exit. */
export function prepareStep(
  { action, cwd: ownCwd }: Step,
  place: JobPlace,
  { isFirst, cwd, modules, directories, needs }: StepFiles,
): SpawnFailure | Shortage | null {
  try {
    makeWorkdir(place, directories);
    const flaw = ownCwd === null ? null : flawOfCwd(cwd);
    if (flaw) return flaw;
    if (action.kind === 'script') replaceFile(scriptPathOf(place), action.text, 0o700);
    if (!isFirst) forgetShellFailures(place);
    else if (needs !== null) replaceFile(needsPathOf(place), needs, 0o600);
    if (action.kind === 'module') prepareModule(action, place, modules);
    return null;
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    const shortage = shortageOfFiles(error);
    if (shortage) return shortage;
    return { kind: 'spawn', code, message: `its working directory cannot be made: ${code}` };
  }
}

/** Null where a step can start there. @throws what the system says of the machine */
function flawOfCwd(path: string): SpawnFailure | null {
  const flaw = (code: string, what: string): SpawnFailure => ({
    kind: 'spawn',
    code,
    message: `its cwd ${path} ${what} (${code})`,
  });
  try {
    if (!statSync(path).isDirectory()) return flaw('ENOTDIR', 'is not a directory');
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    switch (errorCode(error)) {
      case 'ENOENT':
        return flaw('ENOENT', 'does not exist');
      case 'ENOTDIR':
        return flaw('ENOTDIR', 'is not a directory');
      case 'EACCES':
        return flaw('EACCES', 'cannot be entered by this user');
      case 'ELOOP':
      case 'ENAMETOOLONG':
        return flaw(errorCode(error) ?? '', 'cannot be entered');
      default:
        throw error;
    }
  }
}
