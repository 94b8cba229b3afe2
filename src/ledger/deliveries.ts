import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { JobId } from '../job/id.ts';
import type { Job } from '../job/job.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import { type Report, routeOf } from '../job/report.ts';
import { type Instant, instant } from '../job/units.ts';
import type { Committer } from './committer.ts';
import { prepareAll } from './prepared.ts';
import { readFrom } from './refusal.ts';
import { type Row, recordOf, text } from './rows.ts';

/** A report that has not been made. */
export interface OwedDelivery {
  /** The same over all tries, and over restarts: who gets it twice knows it by that. */
  readonly id: string;
  readonly jobId: JobId;
  readonly pipelineId: JobId | null;
  readonly report: Report;
  readonly route: string;
  readonly owedAt: Instant;
  /** How often it was tried. */
  readonly tries: number;
  readonly record: OutcomeRecord;
}

/** The most that one call changes: bounds how long the loop stands still. */
const batch = 1000;

const due = `delivery.state = 'owed' AND delivery.route = ? AND next_at <= ?`;
const statementTexts = {
  owe: `INSERT INTO delivery (id, job_id, number, report, route, state, owed_at, next_at) VALUES (?, ?, ?, ?, ?, 'owed', ?, ?)`,
  // From each route to the next one by the index, however many reports each has.
  routes: `WITH RECURSIVE known (route) AS (SELECT min(route) FROM delivery WHERE state = 'owed' UNION ALL
      SELECT (SELECT min(route) FROM delivery WHERE state = 'owed' AND route > known.route) FROM known WHERE known.route IS NOT NULL)
    SELECT route, (SELECT min(next_at) FROM delivery WHERE state = 'owed' AND delivery.route = known.route) AS next_at
    FROM known WHERE route IS NOT NULL`,
  due: `SELECT delivery.*, job.pipeline_id, job.record FROM delivery JOIN job ON job.id = delivery.job_id WHERE ${due}
    ORDER BY next_at LIMIT ? | 0`,
  // A program shall find the outcome file.
  dueAfterFile: `SELECT delivery.*, job.pipeline_id, job.record FROM delivery JOIN job ON job.id = delivery.job_id WHERE ${due}
    AND NOT EXISTS (SELECT 1 FROM report WHERE report.job_id = delivery.job_id) ORDER BY next_at LIMIT ? | 0`,
  isOwed: `SELECT 1 FROM delivery WHERE job_id = ? AND state = 'owed' LIMIT 1`,
  begin: `UPDATE delivery SET tries = tries + 1 WHERE id = ? AND state = 'owed'`,
  putOff: `UPDATE delivery SET tries = ?, next_at = ?, why = ? WHERE id = ? AND state = 'owed'`,
  end: `UPDATE delivery SET state = ?, tries = ?, ended_at = ?, why = ? WHERE id = ? AND state = 'owed'`,
  bringForward: `UPDATE delivery SET next_at = ? WHERE id IN (SELECT id FROM delivery WHERE state = 'owed' AND route = ? AND next_at > ?
    ORDER BY next_at LIMIT ${batch})`,
  owedBefore: `SELECT delivery.*, job.pipeline_id, job.record FROM delivery JOIN job ON job.id = delivery.job_id
    WHERE delivery.state = 'owed' AND delivery.route = ? AND delivery.owed_at < ? LIMIT 100`,
} as const;

/** What the ledger knows of reports to whom the jobs name. */
export class LedgerDeliveries {
  readonly #path: string;
  readonly #committer: Committer;
  readonly #sql: Readonly<Record<keyof typeof statementTexts, StatementSync>>;
  #onOwed: () => void = () => undefined;
  #waking = false;

  constructor(database: DatabaseSync, path: string, committer: Committer) {
    this.#path = path;
    this.#committer = committer;
    this.#sql = prepareAll(database, statementTexts);
  }

  /** Called back after a transaction that may have made a report due. */
  onOwed(callback: () => void): void {
    this.#onOwed = callback;
  }

  /** To be called within the transaction that ends the job. */
  owe(job: Job, record: OutcomeRecord): void {
    job.spec.report.forEach((report, number) => {
      if (!report.on.includes(record.outcome)) return;
      const at = Date.parse(record.endedAt);
      const id = deliveryId(job, number);
      this.#sql.owe.run(id, job.id, number, JSON.stringify(report), routeOf(report.target), at, at);
      this.#wake();
    });
  }

  /** The outcome file of a job is there: a program that it is to be reported to may be called. */
  wakeFor(id: JobId): void {
    if (this.#sql.isOwed.get(id)) this.#wake();
  }

  #wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    // A transaction is over before the loop turns.
    setImmediate(() => {
      this.#waking = false;
      this.#onOwed();
    });
  }

  /** Each route that reports wait for, and when the first of them is due. @throws LedgerRefusal */
  routes(): readonly { readonly route: string; readonly nextAt: Instant }[] {
    return readFrom(this.#path, () => this.#sql.routes.all()).map((row) => ({
      route: text(row.route),
      nextAt: instant(Number(row.next_at)),
    }));
  }

  /** Those that are due on a route, the longest due first. @throws LedgerRefusal */
  due(route: string, now: Instant, limit: number): OwedDelivery[] {
    const statement = route.startsWith('command ') ? this.#sql.dueAfterFile : this.#sql.due;
    return readFrom(this.#path, () => statement.all(route, now, limit)).map(deliveryOf);
  }

  /** Those of a route that have been owed since before that time; at most a hundred. @throws LedgerRefusal */
  owedBefore(route: string, before: Instant): OwedDelivery[] {
    return readFrom(this.#path, () => this.#sql.owedBefore.all(route, before)).map(deliveryOf);
  }

  /** Counts a try before it is made: one under which the supervisor dies each time is not made for ever. */
  begin(id: string): Promise<void> {
    return this.#committer.commitSoon(() => {
      this.#sql.begin.run(id);
    });
  }

  putOff(id: string, tries: number, nextAt: Instant, why: string): Promise<void> {
    return this.#committer.commitSoon(() => {
      this.#sql.putOff.run(tries, nextAt, why, id);
    });
  }

  end(id: string, state: 'made' | 'given-up', tries: number, at: Instant, why: string | null): Promise<void> {
    return this.#committer.commitSoon(() => {
      this.#sql.end.run(state, tries, at, why, id);
    });
  }

  /** What waits on a route need not wait longer: it works again, or the clock was set back. */
  bringForward(route: string, now: Instant): Promise<void> {
    return this.#committer.commitSoon(() => {
      this.#sql.bringForward.run(now, route, now);
    });
  }
}

const deliveryOf = (row: Row): OwedDelivery => ({
  id: text(row.id),
  jobId: text(row.job_id) as JobId,
  pipelineId: row.pipeline_id === null ? null : (text(row.pipeline_id) as JobId),
  report: JSON.parse(text(row.report)) as Report,
  route: text(row.route),
  owedAt: instant(Number(row.owed_at)),
  tries: Number(row.tries),
  record: recordOf(row),
});

/** Made of what is unique, so that a ledger that was put back from a copy tells nobody twice under two names. */
const deliveryId = (job: Job, number: number): string =>
  `msg_${createHash('sha256').update(`booty report ${job.id} ${job.acceptedAt} ${number}`).digest('hex').slice(0, 32)}`;
