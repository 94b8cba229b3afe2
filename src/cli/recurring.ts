import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PathChoices, pathsOfEnvironment } from '../config/paths.ts';
import { errorCode } from '../disk/durable.ts';
import { parseDocument } from '../job/document.ts';
import { BootyError } from '../job/error.ts';
import { type DroppedFile, parseJobFile } from '../job/parse.ts';
import { nearestOf } from '../job/problems.ts';
import { localShelf } from './local-templates.ts';
import type { Place } from './place.ts';
import { dropInOf, namesIn, unitDirectory } from './timer-unit.ts';

const maxNameLength = 80;
const isName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text) && text.length <= maxNameLength;

/** A name that is a part of a unit's name as it is, without systemd-escape(1), and of the ids of its jobs. @throws BootyError SCHEDULE_REFUSED */
export function demandScheduleName(name: string): void {
  if (isName(name)) return;
  throw new BootyError(
    'SCHEDULE_REFUSED',
    `the name ${JSON.stringify(name.slice(0, 100))} may have letters, digits and . _ - only, at most ${maxNameLength}, the first a letter or digit`,
    {
      hint: 'it becomes part of the name of a unit, booty-drop@NAME.timer, as it is; the job’s own `name:` may have more',
    },
  );
}

/** The timers know of one Booty on the machine, that of booty.service. @throws BootyError USAGE */
export function demandSystemPlace(flags: PathChoices): void {
  const environment = pathsOfEnvironment(process.env);
  for (const key of ['root', 'config', 'spool'] as const) {
    const chosen = flags[key] ?? environment[key];
    if (chosen === undefined) continue;
    throw new BootyError('USAGE', `booty schedule is for the machine’s own Booty, and not for ${chosen}`, {
      hint: 'for one below --root let a timer of your own run: booty schedule drop NAME --root DIR (docs/RECURRING.md)',
    });
  }
}

export const jobFileOf = (name: string, { paths }: Place): string => join(paths.recurring, `${name}.yaml`);

/** What is there of a schedule: both files, or what a command that was cut off has left. */
export const partsOf = (name: string, place: Place): readonly string[] =>
  [jobFileOf(name, place), dropInOf(name)].filter((path) => existsSync(path));

/** Every schedule of which there is at least a part. */
export function scheduleNames(place: Place): readonly string[] {
  const files = listIfThere(place.paths.recurring).flatMap((file) => /^([^.].*)\.yaml$/.exec(file)?.[1] ?? []);
  const timers = namesIn(listIfThere(unitDirectory)).filter((name) => existsSync(dropInOf(name)));
  return [...new Set([...files, ...timers])].filter(isName).sort();
}

/** The job file of a schedule. @throws BootyError SCHEDULE_UNKNOWN */
export function readJobOf(name: string, place: Place): DroppedFile {
  const path = jobFileOf(name, place);
  try {
    return { fileName: `${name}.yaml`, content: readFileSync(path), executable: false };
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw unknownSchedule(name, scheduleNames(place), path);
    throw new BootyError('NOT_PERMITTED', `this user may not read ${path} (${code})`, {
      hint: 'as root: usermod --append --groups booty USER, then log in again',
      cause: error,
    });
  }
}

/** The name under which the ledger knows its jobs. */
export function jobNameOf(name: string, place: Place): string {
  try {
    const parsed = parseJobFile(readJobOf(name, place), place.config.defaults, localShelf(place));
    return parsed.ok ? parsed.value.spec.name : name;
  } catch (error) {
    if (error instanceof BootyError) return name;
    throw error;
  }
}

export function unknownSchedule(name: string, known: readonly string[], path: string): BootyError {
  const nearest = nearestOf(name, known);
  return new BootyError('SCHEDULE_UNKNOWN', `no recurring job ${JSON.stringify(name)}: there is no ${path}`, {
    hint: nearest ? `did you mean ${nearest}?` : 'booty schedule list shows those that there are',
  });
}

/** Each run has an id of its own: with one in the file, the second would be refused. @throws BootyError JOB_REFUSED */
export function refuseOwnId(file: DroppedFile, what: string): void {
  const document = parseDocument(file.content);
  if (!document.ok || typeof document.value.data !== 'object' || document.value.data === null) return;
  if (!Object.hasOwn(document.value.data, 'id')) return;
  const line = document.value.locate([], 'id')?.line;
  throw new BootyError('JOB_REFUSED', `${what}${line ? `:${line}` : ''}: a recurring job cannot have an id`, {
    hint: 'remove the line: each run gets an id of its own, made of the name and the time',
  });
}

function listIfThere(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
