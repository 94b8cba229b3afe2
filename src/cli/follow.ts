import { closeSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, openUntrusted } from '../disk/durable.ts';
import { type JobId, verifierIdOf } from '../job/id.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import { outcomePath } from '../report/outcome-file.ts';
import { logPath, placeOf } from '../run/workdir.ts';
import { recordInLedger } from './lookup.ts';
import type { Place } from './place.ts';
import { printRaw } from './terminal.ts';

const pollMs = 50;
/** So many polls are between two looks for verifiers that have begun. */
const pollsPerLook = 10;
const chunkBytes = 64 * 1024;

/** The outcome of a job that has ended; null where it has not. A consumer may have collected the file: the ledger still knows. */
export function readOutcome(place: Place, id: string): OutcomeRecord | null {
  try {
    return JSON.parse(readFileSync(outcomePath(place.paths.outcomes, id), 'utf8')) as OutcomeRecord;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return recordInLedger(place, id);
  }
}

/** Prints what a job and its verifiers print, as it comes, until the job has ended. */
export async function follow(place: Place, id: JobId): Promise<OutcomeRecord> {
  const first = verifierIdOf(id);
  const logs = new Map([
    [id, new LogFollower(place, id, null)],
    [first, new LogFollower(place, first, id)],
  ]);
  for (let poll = 1; ; poll += 1) {
    // Looked at before the logs: what was printed before the end is then in them.
    const outcome = readOutcome(place, id);
    const later = outcome || poll % pollsPerLook === 0 ? verifiersIn(place, first) : [];
    for (const verifier of later) if (!logs.has(verifier)) logs.set(verifier, new LogFollower(place, verifier, id));
    for (const log of logs.values()) log.printNew();
    if (outcome) return outcome;
    await sleep(pollMs);
  }
}

/** The verifiers of a pipeline that have printed something, or run. @param first the id of its first, with which all of theirs begin */
function verifiersIn({ paths }: Place, first: JobId): readonly JobId[] {
  try {
    const names = readdirSync(paths.jobs).filter((name) => name.startsWith(first));
    return (names as JobId[]).sort(byRoundAndPlace);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return [];
  }
}

const byRoundAndPlace = (a: string, b: string): number =>
  roundOf(a) - roundOf(b) || a.localeCompare(b, 'en', { numeric: true });
const roundOf = (id: string): number => Number(/-r(\d+)$/.exec(id)?.[1] ?? 1);

/** The logs of a job's attempts, one after the other. */
export class LogFollower {
  readonly #path: (attempt: number) => string;
  #attempt = 1;
  #position = 0;

  constructor(place: Place, id: JobId, pipelineId: JobId | null) {
    const jobPlace = placeOf(place.paths.jobs, id, pipelineId);
    this.#path = (attempt) => logPath(jobPlace, attempt);
  }

  printNew(): void {
    for (;;) {
      if (this.#printRest()) continue;
      const next = open(this.#path(this.#attempt + 1));
      if (next === null) return;
      closeSync(next);
      this.#attempt += 1;
      this.#position = 0;
    }
  }

  /** Whether there was anything new. */
  #printRest(): boolean {
    const file = open(this.#path(this.#attempt));
    if (file === null) return false;
    try {
      const buffer = Buffer.alloc(chunkBytes);
      const count = readSync(file, buffer, 0, chunkBytes, this.#position);
      if (count > 0) printRaw(buffer.subarray(0, count));
      this.#position += count;
      return count > 0;
    } finally {
      closeSync(file);
    }
  }
}

/** Prints a whole log. */
export function printLogFile(path: string): void {
  const file = openUntrusted(path);
  try {
    const buffer = Buffer.alloc(chunkBytes);
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer))
      printRaw(buffer.subarray(0, count));
  } finally {
    closeSync(file);
  }
}

function open(path: string): number | null {
  try {
    return openUntrusted(path);
  } catch (error) {
    if (errorCode(error) !== null) return null;
    throw error;
  }
}
