import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import type { JobSpec } from '../../src/job/job.ts';
import type { Judgement } from '../../src/job/judge.ts';
import { type Instant, instant, milliseconds } from '../../src/job/units.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Answer, Command as Control, Scope, Target } from '../../src/schedule/control.ts';
import type { Acceptable, Claim } from '../../src/schedule/queue.ts';
import { drop, finishOf, idOf, judgements, now as noon, specOf } from '../schedule/jobs.ts';
import { laneNameOf, Yard, type YardTarget, type YardWish } from '../schedule/yard.ts';
import type { OpenLedger } from './opened.ts';
import type { Command, Drop } from './yard-commands.ts';

const kinds = ['pipeline', 'verifier'] as const;
const origin = { release: null, environment: 'test', jitter: 0 };
/** How often time may have to be looked at before it brings nothing more. */
const maxAttends = 50;

/** Does what it is told to a ledger and to a yard, and compares what each job waits for, who is next, and every end. */
export class YardRun implements Disposable {
  readonly #opened: OpenLedger;
  readonly #yard = new Yard();
  readonly #claims: Claim[] = [];
  readonly #ends: string[] = [];
  readonly #starts = new Map<string, number[]>();
  #ledger: Ledger;
  #database: DatabaseSync;
  #now: Instant = noon;
  #drops = 0;

  constructor(opened: OpenLedger) {
    this.#opened = opened;
    this.#ledger = opened.queue;
    this.#database = new DatabaseSync(opened.path, { readOnly: true });
  }

  async run(command: Command): Promise<void> {
    await this.#do(command);
    this.#compare();
  }

  /** Lets all that is left run, and finds that each job has ended, once. */
  async conclude(): Promise<void> {
    for (const scope of this.#yard.paused) await this.run({ kind: 'resume', scope });
    for (const { id } of this.#yard.open()) await this.run({ kind: 'release', target: { kind: 'id', value: id } });
    for (let round = 0; this.#yard.open().length > 0; round += 1) {
      assert.ok(
        round < 200,
        `these never end: ${this.#yard
          .open()
          .map(({ id }) => id)
          .join(', ')}`,
      );
      await this.run({ kind: 'pass', by: 30 });
      const before = this.#yard.ends.length;
      for (const of of kinds) await this.run({ kind: 'claim', of, limit: 99 });
      for (const [pick] of this.#claims.entries())
        await this.run({ kind: 'finish', pick, how: 'succeeded', again: false, delay: null, late: 0 });
      const [first] = this.#yard.open();
      // It needs one that never came.
      if (this.#yard.ends.length === before && first && first.state === 'waiting')
        await this.run({ kind: 'cancel', target: { kind: 'id', value: first.id } });
    }
    const ended = this.#ends.map((end) => end.slice(0, end.indexOf(' ')));
    assert.equal(new Set(ended).size, ended.length, 'each ends once');
    assert.deepEqual(
      ended.toSorted((a, b) => (a < b ? -1 : 1)),
      this.#yard.jobs.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)),
    );
    for (const table of ['need', 'start', 'lane']) await this.#assertEmpty(table);
  }

  /** Once all has ended and time has passed, nothing is remembered of who waited for whom. */
  async #assertEmpty(table: string): Promise<void> {
    await this.#attend();
    assert.deepEqual(this.#database.prepare(`SELECT * FROM ${table}`).all(), [], table);
  }

  async #do(command: Command): Promise<void> {
    switch (command.kind) {
      case 'accept':
        return this.#accept(command.drops);
      case 'claim':
        return this.#claim(command.of, command.limit);
      case 'finish':
        return this.#finish(command);
      case 'release-claim':
        return this.#releaseClaim(command.pick);
      case 'pass':
        this.#now = instant(this.#now + command.by);
        if (command.by < 0) this.#starts.clear();
        return this.#attend();
      case 'attend':
        return this.#attend();
      case 'restart':
        return this.#restart();
      case 'age':
        this.#yard.aging = command.aging;
        return this.#ledger.setAging(command.aging === null ? null : milliseconds(command.aging), this.#now);
      case 'retry':
        return this.#retry(command.id, command.newId);
      case 'pause':
      case 'resume':
        return this.#pause(command.kind, command.scope);
      case 'cancel':
      case 'hold':
      case 'release':
      case 'prioritize':
        return this.#change(command);
    }
  }

  async #accept(drops: readonly Drop[]): Promise<void> {
    const wanted = drops.map(({ id, wish }) => ({ id, wish: absolute(wish, this.#now) }));
    const expected = wanted.map(({ id, wish }) => this.#yard.accept(id, wish, this.#now));
    const answers = await this.#ledger.accept(
      wanted.map((one) => acceptable(one, `drop ${(this.#drops += 1)}`, this.#now)),
      this.#now,
    );
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      expected,
    );
  }

  async #claim(kind: (typeof kinds)[number], limit: number): Promise<void> {
    const expected = this.#yard.claim(kind, limit, this.#now).map(({ id, attempts }) => `${id} ${attempts}`);
    const claims = await this.#ledger.claim(kind, limit, this.#now);
    assert.deepEqual(
      claims.map(({ job, attempt }) => `${job.id} ${attempt}`),
      expected,
    );
    for (const claim of claims) this.#assertLimits(claim);
    this.#claims.push(...claims);
  }

  /** Without any model of what waits: what has started was within the limits that the newest of its lane asked for. */
  #assertLimits({ job }: Claim): void {
    const found = this.#yard.find(job.id);
    const lane = found && laneNameOf(found.wish);
    if (!found || lane === null) return;
    const { limit, rate } = this.#yard.limitsOf(lane);
    const active = this.#yard.active(lane).length;
    assert.ok(active <= limit, `${active} of ${lane} at a time`);
    if (!rate) return void this.#starts.delete(lane);
    const recent = [...(this.#starts.get(lane) ?? []).filter((at) => at > this.#now - rate.perMs), this.#now];
    assert.ok(recent.length <= rate.starts, `${recent.length} starts of ${lane} in ${rate.perMs} ms`);
    this.#starts.set(lane, recent);
  }

  async #finish({ pick, how, again, delay, late }: Command & { kind: 'finish' }): Promise<void> {
    const claim = this.#claims[pick % this.#claims.length];
    if (!claim) return;
    const judgement: Judgement = judgements[how];
    const reason = 'reason' in judgement ? judgement.reason : null;
    const { outcome } = judgement;
    const tried = again && how !== 'succeeded' && how !== 'rejected';
    const retryAt = tried && delay !== null ? instant(this.#now + delay) : null;
    const before = this.#yard.ends.length;
    const endedAt = instant(this.#now - late);
    const expected = this.#yard.finish(claim.job.id, claim.token, { outcome, reason, again: tried, retryAt }, endedAt);
    const finished = await this.#ledger.finish(claim, finishOf(how, { again: tried, retryAt, endedAt }));
    assert.equal(finished.kind, expected);
    if (finished.kind === 'waiting') assert.equal(finished.retryAt, retryAt);
    const ends = finished.kind === 'ended' ? finished.records.map(endText) : [];
    assert.deepEqual(ends, this.#yard.ends.slice(before));
    this.#ends.push(...ends);
  }

  async #releaseClaim(pick: number): Promise<void> {
    const claim = this.#claims[pick % this.#claims.length];
    if (!claim) return;
    // Whether it counted is the yard's to say: the check of rates alone begins anew.
    this.#starts.clear();
    this.#yard.release(claim.job.id, claim.token);
    await this.#ledger.release(claim);
  }

  async #attend(): Promise<void> {
    const before = this.#yard.ends.length;
    this.#yard.attend(this.#now);
    const ends: string[] = [];
    for (let time = 0; ; time += 1) {
      const next = this.#ledger.nextChange();
      if (next === null || next > this.#now) break;
      assert.ok(time < maxAttends, 'time stands still');
      ends.push(...(await this.#ledger.advance(this.#now, origin)).map(endText));
    }
    assert.deepEqual(ends, this.#yard.ends.slice(before));
    this.#ends.push(...ends);
  }

  async #restart(): Promise<void> {
    const old = this.#ledger;
    this.#ledger = await this.#opened.restart();
    this.#opened.close(old);
    this.#database.close();
    this.#database = new DatabaseSync(this.#opened.latest(), { readOnly: true });
  }

  async #retry(id: string, newId: string | null): Promise<void> {
    const expected = this.#yard.retry(id, newId, this.#now);
    const answer = await this.#control({ kind: 'retry', id: idOf(id), newId: newId === null ? null : idOf(newId) });
    assert.deepEqual(effectsOf(answer), expected === null ? 'unknown' : [expected]);
  }

  async #pause(kind: 'pause' | 'resume', scope: string): Promise<void> {
    if (kind === 'pause') this.#yard.paused.add(scope);
    else this.#yard.paused.delete(scope);
    assert.deepEqual(effectsOf(await this.#control({ kind, scope: scopeOf(scope) })), []);
  }

  async #change(command: Command & { readonly target: YardTarget }): Promise<void> {
    const { target, kind } = command;
    const meant = { kind: target.kind, [target.kind]: target.value } as unknown as Target;
    const ended = target.kind === 'id' && this.#yard.find(target.value)?.state === 'ended';
    const expected = this.#effects(command);
    const answer = await this.#control(
      kind === 'cancel'
        ? { kind, target: meant, reason: `cancelled at ${this.#now}` }
        : ({ ...command, target: meant } as Control),
    );
    if (ended) assert.deepEqual(effectsOf(answer), [`${target.value} unchanged`]);
    else assert.deepEqual(effectsOf(answer), expected.length === 0 ? 'unknown' : expected);
  }

  #effects(command: Command & { readonly target: YardTarget }): string[] {
    switch (command.kind) {
      case 'cancel':
        return this.#yard.cancel(command.target, `cancelled at ${this.#now}`);
      case 'hold':
      case 'release':
        return this.#yard.hold(command.target, command.kind === 'hold');
      case 'prioritize':
        return this.#yard.prioritize(command.target, command.priority);
      default:
        throw new Error(command.kind);
    }
  }

  #control(command: Control): Promise<Answer> {
    return this.#ledger.control(command, this.#now);
  }

  #compare(): void {
    const rows = this.#database
      .prepare(
        'SELECT id, state, held, due_at, ending, ending_reason, outcome, attempt, priority FROM job ORDER BY seq',
      )
      .all();
    assert.deepEqual(
      rows.map(({ id, state, held, due_at, ending, ending_reason, outcome, attempt, priority }) =>
        [
          id,
          state,
          held,
          state === 'waiting' ? due_at : null,
          ending,
          ending_reason,
          outcome,
          attempt,
          priority,
        ].join(),
      ),
      this.#yard.jobs.map(({ id, state, held, dueAt, ending, outcome, attempts, priority }) => {
        const due = state === 'waiting' ? dueAt : null;
        return [id, state, Number(held), due, ending?.outcome, ending?.reason, outcome, attempts, priority].join();
      }),
    );
    for (const kind of kinds) {
      const ready = this.#database
        .prepare(
          `SELECT id FROM job WHERE kind = ? AND state = 'waiting' AND due_at IS NULL AND needs_open = 0 AND held = 0 AND ending IS NULL
          AND blocked = 0 ORDER BY rank, seq`,
        )
        .all(kind);
      assert.deepEqual(
        ready.map(({ id }) => id),
        this.#yard.ready(kind, this.#now).map(({ id }) => id),
        `who is next, of the ${kind}s`,
      );
    }
    assert.deepEqual(
      this.#ledger.cancelling().map(({ id, reason }) => `${id} ${reason}`),
      this.#yard.cancelling(),
    );
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const endText = ({ id, outcome, reason }: { id: string; outcome: string; reason: string | null }): string =>
  `${id} ${outcome} ${reason}`;

const effectsOf = (answer: Answer): string[] | 'unknown' =>
  answer.kind === 'unknown'
    ? 'unknown'
    : answer.changes.map(({ id, effect, detail }) => `${id} ${effect}${effect === 'retried' ? ` ${detail}` : ''}`);

function scopeOf(word: string): Scope {
  const [kind, of = ''] = word.split(':');
  if (kind === 'group') return { kind, group: of };
  return kind === 'kind' ? { kind, jobKind: of as 'pipeline' } : { kind: 'all' };
}

const absolute = (wish: YardWish, now: number): YardWish => ({
  ...wish,
  notBefore: wish.notBefore === null ? null : now + wish.notBefore,
  expires: wish.expires === null ? null : now + wish.expires,
});

function acceptable({ id, wish }: Drop, token: string, droppedAt: Instant): Acceptable {
  const made = drop(id, { token });
  return { ...made, spec: specFor(wish), drop: { ...made.drop, droppedAt } };
}

function specFor(wish: YardWish): JobSpec {
  const { name, kind, priority, needs, group, rate, notBefore, expires, verify } = wish;
  return {
    ...specOf(name, { kind, priority }),
    needs: needs.map(idOf),
    concurrency: group && { group: group.name, limit: group.limit, onNew: group.onNew },
    rate: rate && { starts: rate.starts, perMs: milliseconds(rate.perMs) },
    notBefore: notBefore === null ? null : { kind: 'at', at: instant(notBefore) },
    expires: expires === null ? null : { kind: 'at', at: instant(expires) },
    verify: verify ? [specFor(verify)] : [],
  };
}
