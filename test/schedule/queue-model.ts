import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { JobKind } from '../../src/job/job.ts';
import { instant } from '../../src/job/units.ts';
import type { Claim, JobQueue } from '../../src/schedule/queue.ts';
import { drop, finishOf, type judgements, now, rerunning, type Wish } from './jobs.ts';
import type { OpenQueue } from './open-queue.ts';

type Drop = Wish & { readonly id: string; readonly reruns: number };

type Command =
  | { readonly kind: 'accept'; readonly drops: readonly Drop[] }
  | { readonly kind: 'claim'; readonly of: JobKind; readonly limit: number }
  /** `pick` chooses among all claims that there ever were, so that most are stale. */
  | { readonly kind: 'finish'; readonly pick: number; readonly how: keyof typeof judgements }
  | { readonly kind: 'release'; readonly pick: number }
  | { readonly kind: 'restart' };

const anyKind = fc.constantFrom('pipeline', 'verifier');
const wish = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  token: fc.constantFrom('t1', 't1', 't2'),
  priority: fc.integer({ min: -1, max: 1 }),
  kind: anyKind,
  verify: fc.nat(3),
  reruns: fc.nat(2),
});
const drops = fc.array(
  wish.map((made) => (made.kind === 'verifier' ? { ...made, verify: 0 } : made)),
  { minLength: 1, maxLength: 3 },
);
const how = fc.constantFrom('succeeded', 'rejected', 'crashed', 'interrupted', 'lost');
export const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('accept'), drops }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('claim'), of: anyKind, limit: fc.nat(3) }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('finish'), pick: fc.nat(), how }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('release'), pick: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
  ),
  { maxLength: 40, size: 'max' },
);

interface ModelJob {
  readonly id: string;
  readonly wish: Wish;
  readonly pipeline: ModelJob | null;
  state: 'waiting' | 'running' | 'verifying' | 'ended';
  attempt: number;
  token: number;
  /** How often a rejection may have it run again. */
  reruns: number;
  /** Those that verify it now. */
  verifiers: ModelJob[];
  round: number;
  outcome: string | null;
}

const fresh = { state: 'waiting', attempt: 0, token: 0, round: 0, outcome: null } as const;
/** Long after every delay. */
const late = instant(now + 1_000_000_000);

/** Does what it is told to a queue and to a model of it, and compares every answer. */
export class QueueModel {
  readonly #opened: OpenQueue;
  readonly #jobs = new Map<string, ModelJob>();
  readonly #claims: Claim[] = [];
  readonly #outcomes: string[] = [];
  #queue: JobQueue;

  constructor(opened: OpenQueue) {
    this.#opened = opened;
    this.#queue = opened.queue;
  }

  async run(command: Command): Promise<void> {
    switch (command.kind) {
      case 'accept':
        return this.#accept(command.drops);
      case 'claim':
        return this.#claim(command.of, command.limit);
      case 'finish':
        return this.#finish(this.#claims[command.pick % this.#claims.length], command.how);
      case 'release':
        return this.#release(this.#claims[command.pick % this.#claims.length]);
      case 'restart':
        this.#queue = await this.#opened.restart();
    }
  }

  /** Runs all that is left, and finds each accepted job ended exactly once. */
  async conclude(): Promise<void> {
    for (const claim of this.#claims) await this.#finish(claim, 'crashed');
    // What was rejected already runs once more.
    for (const kind of ['pipeline', 'verifier', 'pipeline', 'verifier'] as const) {
      const known = this.#claims.length;
      await this.#claim(kind, 100);
      for (const claim of this.#claims.slice(known)) await this.#finish(claim, 'succeeded');
    }
    assert.deepEqual(this.#outcomes.toSorted(), [...this.#jobs.keys()].sort(), 'every job has exactly one outcome');
  }

  async #accept(wishes: readonly Drop[]): Promise<void> {
    const expected = wishes.map(({ id, reruns, ...rest }) => {
      const known = this.#jobs.get(id);
      if (known) return known.wish.token === rest.token ? 'repeated' : 'duplicate';
      this.#jobs.set(id, { ...fresh, id, wish: rest, pipeline: null, reruns, verifiers: [] });
      return 'accepted';
    });
    const answers = await this.#queue.accept(
      wishes.map(({ id, reruns, ...rest }) => drop(id, { ...rest, retries: rerunning(reruns) })),
      now,
    );
    assert.deepEqual(
      answers.map((answer) => answer.kind),
      expected,
    );
  }

  async #claim(of: JobKind, limit: number): Promise<void> {
    const waiting = [...this.#jobs.values()].filter(
      (job) => job.state === 'waiting' && (job.wish.kind ?? 'pipeline') === of,
    );
    // The sort is stable, and the map keeps the order of arrival.
    const expected = waiting.sort((a, b) => (b.wish.priority ?? 0) - (a.wish.priority ?? 0)).slice(0, limit);
    const claims = await this.#queue.claim(of, limit, now);
    for (const job of expected) Object.assign(job, { state: 'running', attempt: job.attempt + 1 });
    assert.deepEqual(
      claims.map(({ job, attempt }) => [job.id, attempt]),
      expected.map(({ id, attempt }) => [id, attempt]),
    );
    for (const [index, { token }] of claims.entries()) {
      const job = expected[index];
      assert.ok(job && token > job.token, 'each claim has a later token');
      job.token = token;
    }
    this.#claims.push(...claims);
  }

  async #finish(claim: Claim | undefined, result: keyof typeof judgements): Promise<void> {
    if (!claim) return;
    const job = this.#held(claim);
    const finished = await this.#queue.finish(claim, finishOf(result));
    if (!job) return assert.deepEqual(finished, { kind: 'stale' });
    if (result === 'interrupted' || result === 'lost') {
      job.state = 'waiting';
      return assert.deepEqual(finished, { kind: 'waiting', retryAt: null, makesRoom: false });
    }
    if (result === 'succeeded' && job.wish.verify) {
      assert.ok(finished.kind === 'verifying');
      return assert.deepEqual(
        finished.verifiers.map(({ id }) => id),
        this.#startVerifying(job, Number(job.wish.verify)),
      );
    }
    assert.ok(finished.kind === 'ended');
    Object.assign(job, { state: 'ended', outcome: result });
    const { pipeline } = job;
    const ended = [job];
    if (pipeline?.verifiers.every(({ state }) => state === 'ended')) {
      const outcomes = new Set(pipeline.verifiers.map(({ outcome }) => outcome));
      const outcome = ['rejected', 'crashed'].find((one) => outcomes.has(one)) ?? 'succeeded';
      const again = outcome === 'rejected' && pipeline.round <= pipeline.reruns;
      assert.equal(finished.rerun?.id ?? null, again ? pipeline.id : null);
      Object.assign(pipeline, again ? { state: 'waiting' } : { state: 'ended', outcome });
      if (again)
        assert.deepEqual(await this.#queue.advance(late, { release: null, environment: 'test', jitter: 0 }), []);
      else ended.push(pipeline);
    } else assert.equal(finished.rerun, null);
    assert.deepEqual(
      finished.records.map(({ id, outcome }) => [id, outcome]),
      ended.map(({ id, outcome }) => [id, outcome]),
    );
    this.#outcomes.push(...ended.map(({ id }) => id));
  }

  /** Ids of the verifiers that it makes. */
  #startVerifying(pipeline: ModelJob, count: number): string[] {
    pipeline.state = 'verifying';
    pipeline.round += 1;
    const round = pipeline.round === 1 ? '' : `-r${pipeline.round}`;
    const wish: Wish = { ...pipeline.wish, kind: 'verifier', verify: 0 };
    pipeline.verifiers = Array.from({ length: count }, (_, index) => {
      const id = `${pipeline.id}+verify${index === 0 ? '' : `.${index + 1}`}${round}`;
      return { ...fresh, id, wish, pipeline, reruns: 0, verifiers: [] };
    });
    for (const verifier of pipeline.verifiers) this.#jobs.set(verifier.id, verifier);
    return pipeline.verifiers.map(({ id }) => id);
  }

  async #release(claim: Claim | undefined): Promise<void> {
    if (!claim) return;
    const job = this.#held(claim);
    await this.#queue.release(claim);
    if (job) Object.assign(job, { state: 'waiting', attempt: job.attempt - 1 });
  }

  #held(claim: Claim): ModelJob | null {
    const job = this.#jobs.get(claim.job.id);
    return job?.state === 'running' && job.token === claim.token ? job : null;
  }
}
