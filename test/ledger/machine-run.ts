import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { instant, milliseconds } from '../../src/job/units.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Claim } from '../../src/schedule/queue.ts';
import { drop, endsOf, idOf, now } from '../schedule/jobs.ts';
import { assertLegal, type Rows, rowsOf } from './legal.ts';
import { finishFor, Machine } from './machine.ts';
import type { Change, Command, Drop } from './machine-commands.ts';
import type { OpenLedger } from './opened.ts';

const claimText = ({ job, attempt, token }: Claim): string => `${job.id} ${attempt} ${token}`;

/** Does what it is told to a ledger and to a model of it, and compares every answer, and every row. */
export class MachineRun implements Disposable {
  readonly #opened: OpenLedger;
  readonly #machine = new Machine();
  #claims: Claim[] = [];
  #ledger: Ledger;
  #database: DatabaseSync;
  #rows: Rows;

  constructor(opened: OpenLedger) {
    this.#opened = opened;
    this.#ledger = opened.queue;
    this.#database = new DatabaseSync(opened.path, { readOnly: true });
    this.#rows = rowsOf(this.#database);
  }

  async run(command: Command): Promise<void> {
    switch (command.kind) {
      case 'together':
        // Whatever was claimed in the same turn is nobody's to finish yet.
        await Promise.all([...command.changes.map((one) => this.#change(one)), this.#ledger.probe()]);
        break;
      case 'kill':
        await this.#kill(command.unanswered);
        if (command.recovers) await this.#recover(command.again);
        break;
      case 'sweep':
        await this.#sweep(command.maxAgeMs, command.maxJobs);
    }
    this.#compare();
  }

  /** Runs all that is left, reports it and forgets it: each job that there ever was has ended once. */
  async conclude(): Promise<void> {
    await this.#kill([]);
    await this.#recover(true);
    const ending = { how: 'succeeded', again: false, at: 30, logBytes: 0 } as const;
    for (const kind of ['pipeline', 'verifier'] as const) {
      const known = this.#claims.length;
      await this.#change({ kind: 'claim', of: kind, limit: 99 });
      for (let index = known; index < this.#claims.length; index += 1)
        await this.#change({ kind: 'finish', pick: index, ending });
      this.#compare();
    }
    assert.equal(this.#machine.outcomes.length, this.#machine.accepted, 'each accepted job has one outcome');
    await Promise.all([...this.#machine.due.map((id) => this.#reported(id)), this.#ledger.probe()]);
    this.#compare();
    await this.#sweep(0, 0);
    this.#compare();
    assert.deepEqual(this.#rows, { jobs: [], attempts: [], reports: [], logs: [] });
  }

  /** Asks for it at once, so that those of one turn are in one transaction, in their order. */
  async #change(one: Change): Promise<void> {
    const claim = 'pick' in one ? this.#claims[one.pick % this.#claims.length] : undefined;
    switch (one.kind) {
      case 'accept': {
        const expected = this.#machine.accept(one.drops);
        const asked = one.drops.map(({ id, ...wish }) => drop(id, wish));
        const answers = await this.#ledger.accept(asked, now);
        return assert.deepEqual(
          answers.map(({ kind }) => kind),
          expected,
        );
      }
      case 'claim': {
        const expected = this.#machine.claim(one.of, one.limit, now);
        const claims = await this.#ledger.claim(one.of, one.limit, now);
        this.#claims.push(...claims);
        return assert.deepEqual(claims.map(claimText), expected);
      }
      case 'finish': {
        if (!claim) return;
        const expected = this.#machine.finish(claim, one.ending);
        return assert.deepEqual(endsOf(await this.#ledger.finish(claim, finishFor(one.ending))), expected);
      }
      case 'release':
        if (!claim) return;
        this.#machine.release(claim);
        return this.#ledger.release(claim);
      case 'process':
        if (!claim) return;
        this.#machine.noteProcess(claim);
        return this.#ledger.noteProcess(claim, { pid: claim.token, startTime: '1', bootId: 'boot' });
      case 'report': {
        // Of what had ended before this turn.
        const due = this.#rows.reports;
        return this.#reported(due[one.pick % due.length] ?? 'nobody');
      }
    }
  }

  #reported(id: string): Promise<void> {
    this.#machine.reported(id);
    return this.#ledger.reported(idOf(id));
  }

  async #kill(unanswered: readonly Drop[]): Promise<void> {
    // The old one may go on with it: what is copied now is what the next supervisor finds.
    const lost = this.#ledger.accept(
      unanswered.map(({ id, ...wish }) => drop(id, wish)),
      now,
    );
    this.#ledger = await this.#opened.restart();
    await lost;
    this.#database.close();
    this.#database = new DatabaseSync(this.#opened.latest(), { readOnly: true });
  }

  /** As the next supervisor does: whatever was running is lost. */
  async #recover(again: boolean): Promise<void> {
    const leftovers = this.#ledger.leftovers();
    assert.deepEqual(
      leftovers.map(({ claim, process, lostBefore, recoveries }) => {
        assert.ok(process === null || process.pid === claim.token, 'of the attempt itself, and no other');
        return [claim.job.id, claim.attempt, claim.token, lostBefore, recoveries, process !== null];
      }),
      this.#machine.leftovers,
    );
    this.#machine.noteRecovery();
    await this.#ledger.noteRecovery();
    for (const { claim } of leftovers) {
      const ending = { how: 'lost', again, at: 21, logBytes: 1 } as const;
      const expected = this.#machine.finish(claim, ending);
      assert.deepEqual(endsOf(await this.#ledger.finish(claim, finishFor(ending))), expected);
    }
  }

  async #sweep(maxAgeMs: number, maxJobs: number): Promise<void> {
    const at = instant(now + 31);
    const gone: string[] = [];
    for (;;) {
      const ids = this.#ledger.retention.expired({ maxAgeMs: milliseconds(maxAgeMs), maxJobs }, at);
      if (ids.length === 0) break;
      gone.push(...ids);
      await this.#ledger.retention.forget(ids);
    }
    assert.deepEqual(gone, this.#machine.sweep(maxAgeMs, maxJobs, at));
    // A job has been told of its end long before: nobody holds a claim on what is forgotten.
    this.#claims = this.#claims.filter(({ job }) => !gone.includes(job.id));
  }

  #compare(): void {
    const rows = rowsOf(this.#database);
    assertLegal(rows, this.#rows);
    this.#rows = rows;
    assert.deepEqual(stateOf(rows), this.#machine.state);
    const { waiting, running, verifying } = this.#ledger.counts();
    const expected = (['waiting', 'running', 'verifying'] as const).map((state) => this.#machine.ids(state));
    assert.deepEqual(
      [waiting, running, verifying],
      expected.map((ids) => ids.length),
    );
    const due = this.#ledger.reportsDue('', 99);
    assert.deepEqual(
      due.map(({ id }) => id),
      this.#machine.due,
    );
    for (const record of due)
      assert.deepEqual(record, JSON.parse(String(rows.jobs.find(({ id }) => id === record.id)?.record)));
    for (const id of this.#machine.ids('verifying'))
      assert.equal(this.#ledger.verifying(idOf(id))?.outcome, 'succeeded');
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** The rows, as {@link Machine.state} tells them. */
const stateOf = ({ jobs, attempts, reports, logs }: Rows): unknown =>
  jobs.map((job) => {
    const log = logs.find(({ job_id: id }) => id === job.id);
    return {
      id: job.id,
      state: job.state,
      token: job.token,
      outcome: job.outcome,
      endedAt: job.ended_at,
      owed: reports.includes(String(job.id)),
      log: log ? { at: log.written_at, bytes: log.bytes } : null,
      kind: job.kind,
      priority: job.priority,
      pipeline: job.pipeline_id,
      attempts: attempts
        .filter(({ job_id: id }) => id === job.id)
        .map(({ token, started_at: startedAt, recoveries, process, record }) => ({
          token,
          startedAt,
          recoveries,
          hasProcess: process !== null,
          outcome: record === null ? null : (JSON.parse(String(record)) as { outcome: string }).outcome,
        })),
    };
  });
