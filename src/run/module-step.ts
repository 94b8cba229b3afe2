import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ModuleAction } from '../job/job.ts';
import { type ModuleCall, maxErrorFileBytes, maxLogFileBytes } from '../job/module-call.ts';
import { type JobPlace, readEndOfFile, readSmallFile, replaceFile } from './workdir.ts';

/** In a release everything lies side by side in lib/. */
const host = import.meta.filename.endsWith('.mjs')
  ? join(import.meta.dirname, 'module-host.mjs')
  : join(import.meta.dirname, '../module/host.ts');

/** What the host of a module step is started with; the path is there for whoever looks at the processes. */
export const argvOfModule = (action: ModuleAction, modules: string): readonly [string, ...string[]] => [
  process.execPath,
  // Errors of compiled modules tell of the source that they were compiled from.
  '--enable-source-maps',
  // A module needs no package.json beside it.
  '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
  host,
  resolve(modules, action.path),
];

export const callPathOf = ({ directory }: JobPlace): string => join(directory, 'module-call.json');
const errorPathOf = ({ directory }: JobPlace): string => join(directory, 'module-error.json');
const logPathOf = ({ directory }: JobPlace): string => join(directory, 'module-log.jsonl');

/** Writes down what the host is to do, and removes what the last one has left. @throws the system's error */
export function prepareModule(action: ModuleAction, place: JobPlace, modules: string): void {
  const call: ModuleCall = {
    module: resolve(modules, action.path),
    modules,
    export: action.export,
    with: action.with,
    errorPath: errorPathOf(place),
    logPath: logPathOf(place),
  };
  rmSync(call.errorPath, { force: true, recursive: true });
  // The input may hold what only the job is to read.
  replaceFile(callPathOf(place), JSON.stringify(call), 0o600);
}

/** What the last host has handed over, as text that the job may have forged; null where there is none. */
export const readErrorFile = (place: JobPlace): string | null => readSmallFile(errorPathOf(place), maxErrorFileBytes);

/** The same of what the hosts of the attempt have logged. */
export const readLogFile = (place: JobPlace): string | null => readEndOfFile(logPathOf(place), maxLogFileBytes);
