import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Root } from '../harness/root.ts';
import type { BadFile, BatchEvidence, DroppedJob, OutcomeSeen, Rejected, Sighting } from './evidence.ts';
import { Marks } from './marks.ts';
import type { Post } from './post.ts';
import type { Witness } from './witness.ts';

/** What was dropped in the same few rounds: checked, and cleared away, together. */
export class Batch {
  readonly number: number;
  readonly jobs = new Map<string, DroppedJob>();
  readonly badFiles: BadFile[] = [];
  readonly marks: Marks;
  /** No other round is to come. */
  closed = false;
  /** Files that are still on their way into the spool. */
  pending = 0;
  /** Kills so far when all that was dropped had its end. */
  settledAtKill: number | null = null;
  readonly #root: Root;

  constructor(number: number, root: Root) {
    this.number = number;
    this.#root = root;
    mkdirSync(root.in('marks'), { recursive: true });
    this.marks = new Marks(root.in('marks', String(number)));
  }

  /** Whether an outcome is of one of its jobs, or of the verifier of one. */
  has(record: OutcomeSeen): boolean {
    return this.jobs.has(record.name) || (record.pipelineId !== null && this.jobs.has(keyOfVerifier(record.name)));
  }

  sightings(witness: Witness): Sighting[] {
    return [...witness.sightings.values()].filter(({ record }) => this.has(record) || this.#isBad(record));
  }

  /** Jobs that have no outcome yet, and were not refused. */
  waiting(witness: Witness): string[] {
    const ended = new Set(this.sightings(witness).map(({ record }) => record.name));
    return [...this.jobs.values()]
      .filter(({ key, file }) => !ended.has(key) && !this.#isRefused(file))
      .map(({ key }) => key);
  }

  /** Everything that can still be expected: outcomes, refusals, events. */
  missing(witness: Witness, post: Post): string[] {
    const sightings = this.sightings(witness);
    const ids = new Set(sightings.map(({ record }) => record.id));
    return [
      ...this.waiting(witness),
      ...this.badFiles.map(({ file }) => file).filter((file) => !this.#isRefused(file)),
      ...sightings.flatMap(({ record }) => record.verdicts.map(({ id }) => id)).filter((id) => !ids.has(id)),
      ...sightings
        .flatMap(({ record }) => record.attempts.flatMap(({ sentry }) => sentry?.eventId ?? []))
        .filter((eventId) => !post.events.has(eventId)),
    ];
  }

  isSettled(witness: Witness, post: Post): boolean {
    return this.closed && this.pending === 0 && this.missing(witness, post).length === 0;
  }

  evidence(witness: Witness, post: Post, rest: Pick<BatchEvidence, 'hits' | 'lives' | 'concurrency'>): BatchEvidence {
    this.marks.follow();
    const before = this.sightings(witness);
    witness.compareAll(before.map(({ record }) => record.id));
    const sightings = this.sightings(witness);
    const ids = new Set(sightings.map(({ record }) => record.id));
    return {
      ...rest,
      jobs: [...this.jobs.values()],
      badFiles: this.badFiles,
      marks: this.marks.lines,
      sightings,
      rejected: this.#rejected(),
      received: [...post.events.values()].filter(({ jobId }) => ids.has(jobId)),
      hits: rest.hits.filter(({ jobId }) => ids.has(jobId)),
    };
  }

  /** Removes all that it left on the disk and in memory; answers what Booty should not have left, and how many reasons are without their file. */
  clear(witness: Witness, post: Post): { readonly files: readonly string[]; readonly reasons: number } {
    const files: string[] = [];
    let reasons = 0;
    for (const { record } of this.sightings(witness)) {
      const { id } = record;
      const own = this.#root.in('lib/jobs', id);
      files.push(
        ...listIfThere(own)
          .filter((name) => !/^\d+\.log$/.test(name))
          .map((name) => `${id}/${name}`),
      );
      witness.retire(id);
      rmSync(this.#root.in('spool/outcomes', `${id}.json`), { force: true });
      rmSync(own, { recursive: true, force: true });
      for (const { sentry } of record.attempts) if (sentry?.eventId) post.events.delete(sentry.eventId);
    }
    const refused = this.#namesInRejected();
    for (const name of refused) {
      if (name.endsWith(reasonEnding) && !refused.includes(name.slice(0, -reasonEnding.length))) reasons += 1;
      rmSync(this.#root.in('spool/rejected', name));
    }
    this.marks[Symbol.dispose]();
    rmSync(this.marks.path);
    return { files, reasons };
  }

  /** Refused again after a kill in between, it has a number. */
  #isRefused(file: string): boolean {
    return [file, `${file}.1`].some((name) => existsSync(this.#root.in('spool/rejected', name)));
  }

  #isBad(record: OutcomeSeen): boolean {
    return this.badFiles.some(({ key }) => key === record.name);
  }

  #rejected(): Rejected[] {
    const pathOf = (name: string): string => this.#root.in('spool/rejected', name);
    const names = this.#namesInRejected();
    return names
      .filter((name) => !name.endsWith(reasonEnding))
      .map((name) => ({
        name,
        sha256: hashIfFile(pathOf(name)),
        reason: names.includes(name + reasonEnding)
          ? (JSON.parse(readFileSync(pathOf(name + reasonEnding), 'utf8')) as Rejected['reason'])
          : null,
      }));
  }

  #namesInRejected(): string[] {
    const files = [...this.badFiles, ...this.jobs.values()].map(({ file }) => file);
    return readdirSync(this.#root.in('spool/rejected')).filter((name) => {
      const stem = name.endsWith(reasonEnding) ? name.slice(0, -reasonEnding.length) : name;
      return files.some((file) => isFor(file, stem));
    });
  }
}

const reasonEnding = '.reason.json';

export const keyOfVerifier = (name: string): string => name.replace(/-verify$/, '');

/** Refused again after a kill in between, a file may have a number: `NAME.1`. */
const isFor = (file: string, name: string): boolean =>
  name === file || (name.startsWith(`${file}.`) && /^\d+$/.test(name.slice(file.length + 1)));

function hashIfFile(path: string): string | null {
  return lstatSync(path).isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : null;
}

function listIfThere(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
