import assert from 'node:assert/strict';
import type { BatchEvidence } from './evidence.ts';
import type { FlawKind } from './flaw.ts';
import { at, attempt, type Forged, forgeBatch, mark } from './forged.ts';

type Batch = Forged<BatchEvidence>;
type Sighting = Batch['sightings'][number];
type Outcome = Sighting['record'];
type Attempt = Outcome['attempts'][number];

/** One way to spoil the evidence, and the flaw that it must be. */
export interface Spoiled {
  readonly flaw: FlawKind;
  /** What somebody would notice. */
  readonly what: string;
  readonly spoil: (story: Story) => unknown;
}

/** Forged evidence, and what is changed in it by name. */
export class Story {
  readonly batch: Batch = forgeBatch();

  sighting(id: string): Sighting {
    return one(
      this.batch.sightings.find(({ record }) => record.id === id),
      id,
    );
  }

  outcome(id: string): Outcome {
    return this.sighting(id).record;
  }

  attempt(id: string, number = 1): Attempt {
    return one(this.outcome(id).attempts[number - 1], id);
  }

  job(key: string): Batch['jobs'][number] {
    return one(
      this.batch.jobs.find((job) => job.key === key),
      key,
    );
  }

  rejected(name: string): Batch['rejected'][number] {
    return one(
      this.batch.rejected.find((file) => file.name === name),
      name,
    );
  }

  life(number: number): Batch['lives'][number] {
    return one(this.batch.lives[number - 1], `supervisor ${number}`);
  }

  /** Another outcome, like one that is there. */
  addOutcome(like: string, keys: { readonly id: string; readonly name: string }): void {
    this.batch.sightings.push({ ...this.sighting(like), record: { ...this.outcome(like), ...keys } });
  }

  removeOutcome(id: string): void {
    this.batch.sightings = this.batch.sightings.filter(({ record }) => record.id !== id);
  }

  reject(file: string, code: string): void {
    this.batch.rejected.push({
      name: file,
      sha256: '',
      reason: { file, code, message: 'because', refusedAt: at(8000) },
    });
  }

  /** Puts a line before, or after, everything that jobs wrote. */
  write(where: 'first' | 'last', what: string, key: string, number = 1): void {
    const line = mark(what, key, number);
    const marks = where === 'first' ? [line, ...this.batch.marks] : [...this.batch.marks, line];
    this.batch.marks = marks.map((one, index) => ({ ...one, line: index }));
  }

  unwrite(key: string, what?: string): void {
    this.batch.marks = this.batch.marks.filter((mark) => mark.key !== key || (what ?? mark.what) !== mark.what);
  }

  /** As if the job had gone through these attempts, and every event of theirs had come. */
  retell(id: string, ...attempts: readonly Attempt[]): void {
    const { startedAt: _, ...last } = attempts.at(-1) ?? attempt('succeeded', 1, 0, 1);
    Object.assign(this.outcome(id), last, { attempt: attempts.length, attempts });
    this.batch.received = this.batch.received.filter(({ jobId }) => jobId !== id);
    for (const { sentry, attempt: number } of attempts)
      if (sentry?.eventId) this.batch.received.push({ eventId: sentry.eventId, jobId: id, attempt: number });
  }
}

export const lost = (number: number): Attempt => attempt('lost', number, 100 * number, 1300);
/** The last one, after which the job was not run again. */
export const putAside = (number: number): Attempt => ({ ...lost(number), outcome: 'crashed' });
export const killed = (): Attempt => ({
  ...attempt('crashed', 1, 300, 400),
  cause: 'signal',
  signal: 'SIGKILL',
  exitCode: null,
});

function one<Item>(item: Item | undefined, name: string): Item {
  assert.ok(item, name);
  return item;
}
