import assert from 'node:assert/strict';
import type { JobKind } from '../../src/job/job.ts';
import { type Instant, instant } from '../../src/job/units.ts';
import type { Acceptance, Claim } from '../../src/schedule/queue.ts';
import { finishOf, judgements, now, type Wish } from '../schedule/jobs.ts';

export type Judged = keyof typeof judgements;

export interface Ending {
  readonly how: Judged;
  readonly again: boolean;
  /** In milliseconds after {@link now}. */
  readonly at: number;
  readonly logBytes: number;
}

export const finishFor = ({ how, again, at, logBytes }: Ending): ReturnType<typeof finishOf> =>
  finishOf(how, { again, logBytes, endedAt: instant(now + at) });

interface Attempt {
  readonly token: number;
  readonly startedAt: Instant;
  judged: Judged | null;
  recoveries: number;
  hasProcess: boolean;
}

interface ModelJob {
  readonly id: string;
  readonly wish: Wish;
  readonly pipeline: ModelJob | null;
  state: 'waiting' | 'running' | 'verifying' | 'ended';
  token: number;
  readonly attempts: Attempt[];
  outcome: string | null;
  endedAt: number | null;
  owed: boolean;
  log: { at: number; bytes: number } | null;
}

/** What a ledger should be: jobs in the order of their arrival, and what each call makes of them. */
export class Machine {
  readonly #jobs = new Map<string, ModelJob>();
  /** The id of each job that has ended, once for each time. */
  readonly outcomes: string[] = [];
  /** How many jobs there have ever been. */
  accepted = 0;

  accept(wishes: readonly (Wish & { readonly id: string })[]): Acceptance['kind'][] {
    return wishes.map(({ id, ...wish }) => {
      const known = this.#jobs.get(id);
      if (known) return known.wish.token === wish.token ? 'repeated' : 'duplicate';
      this.#insert(id, wish, null);
      return 'accepted';
    });
  }

  /** `id attempt token` of each. */
  claim(kind: JobKind, limit: number, startedAt: Instant): string[] {
    const waiting = [...this.#jobs.values()].filter(
      ({ state, wish }) => state === 'waiting' && (wish.kind ?? 'pipeline') === kind,
    );
    // The sort is stable, and the map keeps the order of arrival.
    const next = waiting.sort((a, b) => (b.wish.priority ?? 0) - (a.wish.priority ?? 0)).slice(0, limit);
    return next.map((job) => {
      job.state = 'running';
      job.token += 1;
      job.attempts.push({ token: job.token, startedAt, judged: null, recoveries: 0, hasProcess: false });
      return `${job.id} ${job.attempts.length} ${job.token}`;
    });
  }

  release(claim: Claim): void {
    const job = this.#held(claim);
    if (!job) return;
    job.state = 'waiting';
    job.attempts.pop();
  }

  noteProcess(claim: Claim): void {
    const attempt = this.#held(claim)?.attempts.at(-1);
    if (attempt) attempt.hasProcess = true;
  }

  /** What the call answers: its kind, or `id outcome` of what ended. */
  finish(claim: Claim, ending: Ending): string[] {
    const job = this.#held(claim);
    const attempt = job?.attempts.at(-1);
    if (!job || !attempt) return ['stale'];
    attempt.judged = ending.how;
    if (ending.logBytes > 0) job.log = { at: now + ending.at, bytes: (job.log?.bytes ?? 0) + ending.logBytes };
    if (ending.again) {
      job.state = 'waiting';
      return ['waiting'];
    }
    const { outcome } = judgements[ending.how];
    if (outcome === 'succeeded' && job.wish.verify) {
      job.state = 'verifying';
      this.#insert(`${job.id}+verify`, { priority: job.wish.priority ?? 0, kind: 'verifier' }, job);
      return ['verifying'];
    }
    const ended = [job, ...(job.pipeline ? [job.pipeline] : [])];
    return ended.map((one) => this.#end(one, outcome === 'interrupted' ? 'crashed' : outcome, now + ending.at));
  }

  noteRecovery(): void {
    for (const { state, attempts } of this.#jobs.values()) {
      const attempt = attempts.at(-1);
      if (state === 'running' && attempt) attempt.recoveries += 1;
    }
  }

  reported(id: string): void {
    const job = this.#jobs.get(id);
    if (job) job.owed = false;
  }

  /** Ids of jobs that a sweep takes away, in the order in which they go. */
  sweep(maxAgeMs: number, maxJobs: number, at: number): string[] {
    const gone: string[] = [];
    for (;;) {
      const ended = this.#in('ended').sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
      const removable = ended.filter(({ owed, id }) => !owed && !this.#jobs.has(`${id}+verify`));
      const old = removable.filter(({ endedAt }) => at - (endedAt ?? 0) > maxAgeMs);
      const beyond = new Set(ended.slice(0, Math.max(0, ended.length - maxJobs)));
      const chosen = old.length > 0 ? old : removable.filter((job) => beyond.has(job));
      if (chosen.length === 0) return gone;
      for (const { id } of chosen) {
        gone.push(id);
        this.#jobs.delete(id);
      }
    }
  }

  /** Ids of those whose reports are owed, in order. */
  get due(): string[] {
    return [...this.#jobs.values()]
      .filter(({ owed }) => owed)
      .map(({ id }) => id)
      .sort();
  }

  ids(state: ModelJob['state']): string[] {
    return this.#in(state).map(({ id }) => id);
  }

  /** As `Ledger.leftovers` tells them: id, attempt, token, lost before, recoveries, whether a process is known. */
  get leftovers(): unknown[] {
    return this.#in('running').map(({ id, token, attempts }) => {
      const { recoveries, hasProcess } = attempts.at(-1) ?? assert.fail();
      const lost = attempts.filter(({ judged }) => judged === 'lost').length;
      return [id, attempts.length, token, lost, recoveries, hasProcess];
    });
  }

  /** All of it, in plain values. */
  get state(): unknown {
    return [...this.#jobs.values()].map(({ pipeline, attempts, wish, ...job }) => ({
      ...job,
      kind: wish.kind ?? 'pipeline',
      priority: wish.priority ?? 0,
      pipeline: pipeline?.id ?? null,
      attempts: attempts.map(({ judged, ...attempt }) => ({
        ...attempt,
        outcome: judged === null ? null : judgements[judged].outcome,
      })),
    }));
  }

  #in(state: ModelJob['state']): ModelJob[] {
    return [...this.#jobs.values()].filter((job) => job.state === state);
  }

  #insert(id: string, wish: Wish, pipeline: ModelJob | null): void {
    this.accepted += 1;
    const fresh = {
      state: 'waiting',
      token: 0,
      attempts: [],
      outcome: null,
      endedAt: null,
      owed: false,
      log: null,
    } as const;
    this.#jobs.set(id, { id, wish, pipeline, ...fresh, attempts: [] });
  }

  #end(job: ModelJob, outcome: string, endedAt: number): string {
    Object.assign(job, { state: 'ended', outcome, endedAt, owed: true });
    this.outcomes.push(job.id);
    return `${job.id} ${outcome}`;
  }

  #held(claim: Claim): ModelJob | null {
    const job = this.#jobs.get(claim.job.id);
    return job?.state === 'running' && job.token === claim.token ? job : null;
  }
}
