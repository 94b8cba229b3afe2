import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import { parseDocument } from '../job/document.ts';
import { BootyError } from '../job/error.ts';
import { jobIdOfDrop, makeDropToken } from '../job/id.ts';
import type { JobSpec } from '../job/job.ts';
import { type DroppedFile, parseJobFile } from '../job/parse.ts';
import { isUse } from '../job/parse-use.ts';
import type { Refusal } from '../job/refusal.ts';
import { instant } from '../job/units.ts';
import { localShelf } from './local-templates.ts';
import type { Place } from './place.ts';
import { note } from './terminal.ts';

export interface DropOptions {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

/** A job that is ready to be dropped, and the file as it was given. */
export interface ReadJob {
  readonly id: string;
  readonly content: string;
}

/** Where a job comes from: a file, or `-` for standard input; the words of a command; what was read already. */
export type JobSource =
  | { readonly file: string }
  | { readonly command: readonly string[] }
  | { readonly read: DroppedFile; readonly what: string };

/** @throws BootyError JOB_REFUSED with every problem, USAGE */
export function readJob(source: JobSource, options: DropOptions, place: Place): ReadJob {
  const { read: file, what } = 'read' in source ? source : readSource(source);
  const own = {
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.name === undefined ? {} : { name: options.name }),
  };
  const unseen = unseenTemplate(file, place);
  if (unseen) return blindUse({ ...unseen, ...own }, place);
  const given = { ...asData(file, place, what), ...own };
  const { id: asked, spec } = parsed(
    { ...file, content: Buffer.from(JSON.stringify(given)), executable: false },
    place,
    'the job',
  );
  for (const path of missingModules(spec, place))
    note(`booty: there is no module ${path} here; its step crashes unless the supervisor finds one`);
  const id = asked ?? jobIdOfDrop(spec.name, makeDropToken(instant(Date.now())));
  // A template makes the name, and perhaps the id, by itself.
  const made = spec.template === null ? { id, name: spec.name } : asked === null ? { id } : {};
  return { id, content: `${JSON.stringify({ ...given, ...made }, null, 2)}\n` };
}

/** What a file says that uses a template where the templates cannot be seen from here, as from within a container. */
function unseenTemplate(file: DroppedFile, { paths }: Place): Record<string, unknown> | null {
  const document = parseDocument(file.content);
  return document.ok && isUse(document.value.data) && !canList(paths.templates) ? document.value.data : null;
}

function blindUse(given: Record<string, unknown>, { paths }: Place): ReadJob {
  note(`booty: the templates in ${paths.templates} cannot be seen from here; the supervisor checks the job`);
  const stem = String(given.uses);
  const asked = typeof given.id === 'string' || typeof given.id === 'number' ? String(given.id) : null;
  const id = asked ?? jobIdOfDrop(stem, makeDropToken(instant(Date.now())));
  return { id, content: `${JSON.stringify({ ...given, id }, null, 2)}\n` };
}

function canList(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return false;
  }
}

/** Whether they are there when they are to run is for the machine of the supervisor to say. */
const missingModules = ({ steps, verify }: JobSpec, { paths }: Place): string[] =>
  [...steps, ...verify.flatMap((verifier) => verifier.steps)].flatMap(({ action }) => {
    const path = action.kind === 'module' ? resolve(paths.modules, action.path) : null;
    return path === null || existsSync(path) ? [] : [path];
  });

/** Reads it once. @throws BootyError USAGE where it cannot be read */
export const readSource = (
  source: Exclude<JobSource, { readonly read: DroppedFile }>,
): Extract<JobSource, { readonly read: DroppedFile }> =>
  'file' in source
    ? { read: readJobFile(source.file), what: source.file }
    : { read: commandFile(source.command), what: 'the command' };

/** @throws BootyError USAGE where it cannot be read */
export function readJobFile(path: string): DroppedFile {
  try {
    if (path === '-') return { fileName: 'stdin', content: readFileSync(0), executable: false };
    return { fileName: basename(path), content: readFileSync(path), executable: (statSync(path).mode & 0o111) !== 0 };
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    throw new BootyError('USAGE', `${path === '-' ? 'standard input' : path} cannot be read (${code})`, {
      hint: 'booty run FILE takes a job file; booty run -- COMMAND takes a command',
      cause: error,
    });
  }
}

const commandFile = (command: readonly string[]): DroppedFile => ({
  fileName: basename(command[0] ?? 'command'),
  content: Buffer.from(JSON.stringify({ command })),
  executable: false,
});

/** The file's own keys, once it is known to be sound. */
function asData(file: DroppedFile, place: Place, what: string): Record<string, unknown> {
  const { spec } = parsed(file, place, what);
  const script = spec.steps[0].action;
  if (file.executable && script.kind === 'script') return { script: script.text };
  const document = parseDocument(file.content);
  if (!document.ok) throw refusedJob(what, [document.refusal]);
  return document.value.data as Record<string, unknown>;
}

function parsed(file: DroppedFile, place: Place, what: string) {
  const shelf = localShelf(place);
  const result = parseJobFile(file, place.config.defaults, {
    find: (name) => shelf.find(name),
    // Where its links lead is for the supervisor to say, who may look there.
    flawOfPath: () => null,
  });
  if (!result.ok) throw refusedJob(what, [result.refusal, ...(result.also ?? [])]);
  return result.value;
}

function refusedJob(what: string, problems: readonly Refusal[]): BootyError {
  const lines = problems.map(
    ({ line, column, message, hint }) =>
      `${what}${line ? `:${line}${column ? `:${column}` : ''}` : ''}: ${message} (${hint})`,
  );
  return new BootyError('JOB_REFUSED', lines.join('\nbooty: '), {
    hint: 'nothing was submitted; docs/JOBS.md has every key',
  });
}
