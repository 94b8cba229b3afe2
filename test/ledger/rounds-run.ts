import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import type { JobSpec } from '../../src/job/job.ts';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { type Instant, instant } from '../../src/job/units.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Claim } from '../../src/schedule/queue.ts';
import { drop, finishOf, idOf, type judgements, now, rerunning } from '../schedule/jobs.ts';
import { assertLegalBeside, type Rows, rowsOf } from './legal.ts';
import type { OpenLedger } from './opened.ts';

export type Step =
  | { readonly kind: 'accept'; readonly id: string; readonly verify: number; readonly limit: number }
  | { readonly kind: 'claim'; readonly limit: number }
  /** `pick` chooses among the claims that are held, or, every tenth, among all that there ever were. */
  | { readonly kind: 'finish'; readonly pick: number; readonly how: keyof typeof judgements }
  /** `verifier`: one of those of its first round; null: the pipeline. */
  | { readonly kind: 'cancel'; readonly id: string; readonly verifier: number | null }
  | { readonly kind: 'pass'; readonly by: number }
  | { readonly kind: 'kill' };

type Row = Rows['jobs'][number];

const origin = { release: null, environment: 'test', jitter: 0.5 };
/** What the first of these is among the outcomes of a round is that of the pipeline (docs/JOBS.md). */
const precedence = ['rejected', 'crashed', 'cancelled', 'succeeded'];

/** Does what it is told to a ledger, and holds every row of it against what must be true of it at any time. */
export class RoundsRun implements Disposable {
  readonly #opened: OpenLedger;
  readonly #claims: Claim[] = [];
  readonly #accepted = new Set<string>();
  /** Who asked for it: their outcome is `cancelled`, whatever the verifiers say. */
  readonly #cancelled = new Set<string>();
  #ledger: Ledger;
  #database: DatabaseSync;
  #rows: Rows;
  #at: Instant = now;

  constructor(opened: OpenLedger) {
    this.#opened = opened;
    this.#ledger = opened.queue;
    this.#database = new DatabaseSync(opened.path, { readOnly: true });
    this.#rows = rowsOf(this.#database);
  }

  async run(step: Step): Promise<void> {
    await this.#do(step);
    await this.#ledger.advance(this.#at, origin);
    this.#look();
  }

  /** Runs what is left to its end. */
  async conclude(): Promise<void> {
    await this.run({ kind: 'kill' });
    for (let left = 200; this.#rows.jobs.some(({ state }) => state !== 'ended'); left -= 1) {
      assert.ok(left > 0, 'it never ends');
      await this.run({ kind: 'pass', by: 2000 });
      await this.run({ kind: 'claim', limit: 99 });
      for (const claim of this.#claims.filter((one) => this.#isHeld(one))) await this.#finish(claim, 'succeeded');
      this.#look();
    }
    const ended = this.#rows.jobs.filter(({ pipeline_id: pipeline }) => pipeline === null).map(({ id }) => String(id));
    assert.deepEqual(new Set(ended), this.#accepted, 'each that was accepted has ended');
    assert.equal(this.#ledger.reportsDue('', 999).length, this.#rows.jobs.length, 'and each is told of');
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'accept': {
        const { id, verify, limit } = step;
        await this.#ledger.accept([drop(id, { verify, retries: rerunning(limit) })], this.#at);
        this.#accepted.add(id);
        return;
      }
      case 'claim':
        for (const kind of ['pipeline', 'verifier'] as const)
          this.#claims.push(...(await this.#ledger.claim(kind, step.limit, this.#at)));
        return;
      case 'finish': {
        const among = step.pick % 10 === 0 ? this.#claims : this.#claims.filter((claim) => this.#isHeld(claim));
        const claim = among[step.pick % among.length];
        if (claim) await this.#finish(claim, step.how);
        return;
      }
      case 'cancel':
        return this.#cancel(step.verifier === null ? step.id : `${step.id}+verify${nth(step.verifier)}`);
      case 'pass':
        this.#at = instant(this.#at + step.by);
        return;
      case 'kill':
        return this.#kill();
    }
  }

  async #finish(claim: Claim, asked: keyof typeof judgements): Promise<void> {
    // Only verifiers reject.
    const how = asked === 'rejected' && claim.job.pipelineId === null ? 'crashed' : asked;
    const { kind } = await this.#ledger.finish(claim, finishOf(how, { endedAt: this.#at }));
    assert.equal(kind !== 'stale', this.#isHeld(claim), 'only who holds a job ends it');
  }

  /** By what the ledger last said. */
  #isHeld({ job, token }: Claim): boolean {
    return this.#rows.jobs.some((row) => row.id === job.id && row.state === 'running' && row.token === token);
  }

  async #cancel(id: string): Promise<void> {
    const answer = await this.#ledger.control(
      { kind: 'cancel', target: { kind: 'id', id: idOf(id) }, reason: 'cancelled by the test' },
      this.#at,
    );
    const changes = answer.kind === 'done' ? answer.changes : [];
    if (changes.some(({ effect }) => effect !== 'unchanged')) this.#cancelled.add(id);
  }

  async #kill(): Promise<void> {
    this.#ledger = await this.#opened.restart();
    this.#database.close();
    this.#database = new DatabaseSync(this.#opened.latest(), { readOnly: true });
    await this.#ledger.noteRecovery();
    for (const { claim, cancelled } of this.#ledger.leftovers())
      await this.#ledger.finish(claim, finishOf('lost', { endedAt: this.#at, again: cancelled === null }));
  }

  #look(): void {
    const rows = rowsOf(this.#database);
    assertLegalBeside(rows, this.#rows);
    for (const job of rows.jobs)
      if (job.kind === 'pipeline') this.#checkPipeline(job, rows);
      else assert.ok(rows.jobs.some(({ id }) => id === job.pipeline_id));
    this.#rows = rows;
  }

  #checkPipeline(job: Row, { jobs, attempts }: Rows): void {
    const { verify, retries } = JSON.parse(String(job.spec)) as Pick<JobSpec, 'verify' | 'retries'>;
    const verifiers = jobs.filter(({ pipeline_id: pipeline }) => pipeline === job.id);
    const ofRound = (round: number): Row[] => verifiers.filter((verifier) => verifier.round === round);
    const rounds = Number(job.round);
    assert.ok(rounds <= retries.limit + 1, `verified ${rounds} times, with ${retries.limit} retries`);
    assert.equal(verifiers.length, rounds * verify.length, 'all its verifiers run in each round, and none in another');
    for (let round = 1; round <= rounds; round += 1) {
      const open = ofRound(round).filter(({ state }) => state !== 'ended').length;
      const isLast = round === rounds;
      assert.equal(open > 0, isLast && job.state === 'verifying', `in round ${round} of ${rounds}, ${open} are open`);
      if (!isLast)
        assert.ok(
          ofRound(round).some(({ outcome }) => outcome === 'rejected'),
          'it ran again without a reason',
        );
    }
    const done = attempts
      .filter(({ job_id: id, record }) => id === job.id && record !== null)
      .map(({ record }) => (JSON.parse(String(record)) as { outcome: string }).outcome);
    if (verify.length > 0 && !this.#cancelled.has(String(job.id)))
      assert.equal(done.filter((outcome) => outcome === 'succeeded').length, rounds, 'what has succeeded is verified');
    if (job.state === 'ended') this.#checkOutcome(job, done.at(-1) ?? null, ofRound(rounds), verifiers.length);
  }

  #checkOutcome(job: Row, lastAttempt: string | null, decisive: readonly Row[], verifiers: number): void {
    if (this.#cancelled.has(String(job.id)))
      return assert.ok(['cancelled', 'succeeded', 'rejected', 'crashed'].includes(String(job.outcome)));
    if (lastAttempt !== 'succeeded') return assert.equal(job.outcome, lastAttempt);
    const outcomes = new Set(['succeeded', ...decisive.map(({ outcome }) => String(outcome))]);
    assert.equal(
      job.outcome,
      precedence.find((one) => outcomes.has(one)),
    );
    const { verdicts } = JSON.parse(String(job.record)) as OutcomeRecord;
    assert.equal(verdicts.length, verifiers, 'its outcome names the verdicts of all rounds');
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const nth = (index: number): string => (index === 0 ? '' : `.${index + 1}`);
