import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, openUntrusted } from '../disk/durable.ts';
import type { JobId } from '../job/id.ts';
import { maxOutputBytes, outputPairs, parseOutputs } from '../job/outputs.ts';
import { plainLine } from '../job/plain-line.ts';
import { syncFileSystem } from '../native/libc.ts';
import { maxPatternBytes } from '../redact/patterns.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { EmptyDirectories } from './empty-directories.ts';
import { removeTree } from './remove-tree.ts';

/*
 * jobs/ID/            everything of one job
 *         work/       BOOTY_WORKDIR: kept over its steps and for its verifiers, removed when all have ended
 *         output      BOOTY_OUTPUT: key=value lines
 *         needs.json  BOOTY_NEEDS: how the jobs ended that this one needs, and their outputs
 *         N.log       what attempt N printed
 */

const workdirName = 'work';

export interface JobPlace {
  readonly directory: string;
  readonly workdir: string;
  readonly outputPath: string;
}

/**
 * Where a job's files are. A verifier works in its pipeline's directory, and keeps its own outputs and logs.
 * Ids have no slash and don't begin with a dot, so that this stays below `jobs`.
 */
export function placeOf(jobs: string, id: JobId, pipelineId: JobId | null): JobPlace {
  const directory = join(jobs, id);
  return { directory, workdir: join(jobs, pipelineId ?? id, workdirName), outputPath: join(directory, 'output') };
}

export const isLogName = (name: string): boolean => /^\d+\.log$/.test(name);
export const logPath = (place: JobPlace, attempt: number): string => join(place.directory, `${attempt}.log`);

/** Makes the directories of a job. @throws the system's error */
export function makeWorkdir(place: JobPlace, directories: EmptyDirectories): void {
  if (dirname(place.workdir) === place.directory) return directories.makeNest(place.directory, workdirName);
  directories.make(place.directory);
  directories.make(place.workdir);
}

/** Writes a file in place of whatever a job has left there, and not where a link of its leads to. @throws the system's error */
export function replaceFile(path: string, text: string, mode: number): void {
  rmSync(path, { force: true, recursive: true });
  writeFileSync(path, text, { mode, flag: 'wx' });
}

/** Makes what the steps wrote there durable: a job is not asked for fsyncs of its own. A disk that refuses will refuse the ledger too, which waits. */
export async function syncWorkdir({ workdir }: JobPlace): Promise<void> {
  let directory: number;
  try {
    directory = openSync(workdir, 'r');
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return;
  }
  try {
    await syncFileSystem(directory);
  } finally {
    closeSync(directory);
  }
}

/** What a job writes beside its logs, and nobody needs once its attempt has ended. */
const passingFiles = new Set([
  'output',
  'script',
  'verdict',
  'pipeline-outcome.json',
  'needs.json',
  'module-call.json',
  'module-error.json',
  'module-error.json.new',
  'module-log.jsonl',
  'module-log.jsonl.new',
  'unit-refused',
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((depth) => `shell-failure-${depth}`),
]);

/**
 * Removes what only a running attempt needs: each attempt begins with an empty workdir. That of a pipeline is its
 * verifiers' too, over all their attempts, and stays when one of them ends: it goes with the pipeline. Logs stay.
 * @param ended whether the job has ended; else it waits for another attempt
 */
export function tidy(
  jobs: string,
  id: JobId,
  pipelineId: JobId | null,
  ended: boolean,
  directories: EmptyDirectories,
): void {
  const place = placeOf(jobs, id, pipelineId);
  // One that left nothing at all, as most do.
  if (ended && pipelineId === null && directories.keepNest(place.directory, workdirName)) return;
  if (pipelineId === null && !directories.keep(place.workdir)) removeTree(place.workdir);
  removePassing(place.directory);
  if (ended && !directories.keep(place.directory)) removeIfEmpty(place.directory);
}

/** Removes what the next attempt of a job makes anew, where it goes on from this one: workdir and outputs stay. */
export const tidyForResume = (jobs: string, id: JobId): void => removePassing(join(jobs, id), new Set(['output']));

function removePassing(directory: string, kept: ReadonlySet<string> = new Set()): void {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return;
  }
  for (const name of names)
    if (passingFiles.has(name) && !kept.has(name)) rmSync(join(directory, name), { recursive: true, force: true });
}

/** A job that printed nothing leaves nothing. */
function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'ENOENT') throw error;
  }
}

const maxVerdictBytes = 4096;

/** The `key=value` lines that a job wrote to BOOTY_OUTPUT. */
export function readOutputs(place: JobPlace, redactor: Redactor): Readonly<Record<string, string>> {
  const text = readSmallFile(place.outputPath, maxOutputBytes) ?? '';
  return redactor.deep(parseOutputs(redactor.known(text), Buffer.byteLength(text) >= maxOutputBytes));
}

/** The same as they stand there, line by line: for the job's own later steps. */
export const rawOutputs = ({ outputPath }: JobPlace): ReturnType<typeof outputPairs> =>
  outputPairs(readSmallFile(outputPath, maxOutputBytes) ?? '');

/** The one line that a verifier may have written to BOOTY_VERDICT. */
export function readVerdict(path: string, redactor: Redactor): string | null {
  const text = readSmallFile(path, maxVerdictBytes) ?? '';
  const clean = redactor.known(text);
  // What the limit cuts may be the beginning of a secret.
  const whole = Buffer.byteLength(text) < maxVerdictBytes ? clean : clean.slice(0, -maxPatternBytes);
  const line = redactor.text(plainLine(whole.split('\n', 1)[0] ?? ''));
  return line ? line.slice(0, 1000) : null;
}

/** At most so many bytes of a regular file that a job wrote; null where there is none, whatever the job put in its place. */
export const readSmallFile = (path: string, limit: number): string | null => readFilePart(path, limit, 'start');

/** The same of its end. */
export const readEndOfFile = (path: string, limit: number): string | null => readFilePart(path, limit, 'end');

function readFilePart(path: string, limit: number, part: 'start' | 'end'): string | null {
  // Mostly there is none, and an error costs more than a look.
  if (!lstatSync(path, { throwIfNoEntry: false })) return null;
  let file: number;
  try {
    file = openUntrusted(path);
  } catch (error) {
    if (errorCode(error) !== null) return null;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(limit);
    const from = part === 'start' ? 0 : Math.max(0, fstatSync(file).size - limit);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, limit, from));
  } catch (error) {
    if (errorCode(error) !== null) return null; // A directory, or a FIFO without a writer.
    throw error;
  } finally {
    closeSync(file);
  }
}
