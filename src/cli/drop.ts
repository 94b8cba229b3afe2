import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, writeDurablySync } from '../disk/durable.ts';
import { parseDocument } from '../job/document.ts';
import { BootyError } from '../job/error.ts';
import { jobIdOfDrop, makeDropToken } from '../job/id.ts';
import type { JobSpec } from '../job/job.ts';
import { type DroppedFile, parseJobFile } from '../job/parse.ts';
import type { Refusal } from '../job/refusal.ts';
import { instant } from '../job/units.ts';
import { supervisorHolding } from '../ledger/lock.ts';
import type { Reason } from '../spool/refuse.ts';
import type { Place } from './place.ts';
import { note } from './terminal.ts';

export interface DropOptions {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

/** A job on its way into the spool. */
export interface Dropped {
  readonly id: string;
  readonly fileName: string;
}

/** Where a job comes from: a file, or `-` for standard input; the words of a command; what was read already. */
export type JobSource =
  | { readonly file: string }
  | { readonly command: readonly string[] }
  | { readonly read: DroppedFile; readonly what: string };

/** @throws BootyError JOB_REFUSED with every problem, USAGE */
export function readJob(
  source: JobSource,
  options: DropOptions,
  place: Place,
): { readonly id: string; readonly content: string } {
  const { read: file, what } = 'read' in source ? source : readSource(source);
  const data = asData(file, place, what);
  const given = {
    ...data,
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.name === undefined ? {} : { name: options.name }),
  };
  const checked = parsed({ ...file, content: Buffer.from(JSON.stringify(given)), executable: false }, place, 'the job');
  for (const path of missingModules(checked.spec, place))
    note(`booty: there is no module ${path} here; its step crashes unless the supervisor finds one`);
  const id = checked.id ?? jobIdOfDrop(checked.spec.name, makeDropToken(instant(Date.now())));
  return { id, content: `${JSON.stringify({ ...given, id, name: checked.spec.name }, null, 2)}\n` };
}

/** Whether they are there when they are to run is for the machine of the supervisor to say. */
const missingModules = ({ steps, verify }: JobSpec, { paths }: Place): string[] =>
  [...steps, ...(verify?.steps ?? [])].flatMap(({ action }) => {
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

function readJobFile(path: string): DroppedFile {
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
  const result = parseJobFile(file, place.config.defaults);
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

/**
 * Puts a job into the spool, durably and at once.
 * @param fileName default: a name of its own for each drop, so that its refusal is known from another's
 * @throws BootyError SPOOL_MISSING, SPOOL_NOT_WRITABLE
 */
export function drop(
  job: { readonly id: string; readonly content: string },
  place: Place,
  fileName = `${job.id}.${makeDropToken(instant(Date.now()))}.json`,
): Dropped {
  const { incoming } = place.paths;
  try {
    writeDurablySync(join(incoming, fileName), job.content, { mode: 0o640 });
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    if (code === 'ENOENT') {
      throw new BootyError('SPOOL_MISSING', `no spool at ${place.paths.spool}`, {
        hint: 'start a supervisor there (booty supervise), or name the right place with --root or BOOTY_ROOT',
        cause: error,
      });
    }
    throw new BootyError('SPOOL_NOT_WRITABLE', `cannot write to ${incoming} (${code})`, {
      hint:
        code === 'EACCES'
          ? 'ask to be made a member of the group booty: usermod -aG booty USER, then log in again'
          : 'check the disk and the mount',
      cause: error,
    });
  }
  return { id: job.id, fileName };
}

/** Whether a supervisor takes what is dropped here; null where this user may not know. */
export const supervisorPid = (place: Place): number | null => {
  try {
    return supervisorHolding(place.paths.lock);
  } catch (error) {
    if (errorCode(error) !== null) return null;
    throw error;
  }
};

const pollMs = 10;
const takenLimitMs = 3000;
const refusalLimitMs = 250;

/**
 * Waits until a supervisor has taken the file, a few seconds at most. The refusal, where it refused; `taken`; or `waiting`,
 * where the file still lies there.
 */
export async function awaitTaking(
  dropped: Dropped,
  place: Place,
  isAccepted: () => boolean,
): Promise<Reason | 'taken' | 'waiting'> {
  const { incoming, rejected } = place.paths;
  const began = performance.now();
  let gone: number | null = null;
  while (performance.now() - began < takenLimitMs) {
    if (gone === null && !existsSync(join(incoming, dropped.fileName))) gone = performance.now();
    if (gone !== null) {
      const refusal = readReason(join(rejected, `${dropped.fileName}.reason.json`));
      if (refusal) return refusal;
      if (isAccepted() || performance.now() - gone > refusalLimitMs) return 'taken';
    }
    await sleep(pollMs);
  }
  return gone === null ? 'waiting' : 'taken';
}

function readReason(path: string): Reason | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Reason;
  } catch (error) {
    if (errorCode(error) !== null) return null;
    throw error;
  }
}
