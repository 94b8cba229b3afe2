import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { JobId } from '../job/id.ts';
import { firstPlausible, type Instant, type Milliseconds } from '../job/units.ts';
import type { Committer } from './committer.ts';
import { deleteDeliveries, noDeliveryOwed } from './delivery-table.ts';
import { checkpointEvery, checkpointPages } from './open.ts';
import { prepareAll } from './prepared.ts';
import { readFrom } from './refusal.ts';
import { type Row, text } from './rows.ts';
import { findTotal } from './totals.ts';

/** How many ended jobs are kept, and for how long. Whatever has not ended, or whose report is owed, is kept in any case. */
interface Limits {
  readonly maxAgeMs: Milliseconds;
  readonly maxJobs: number;
}

/** The most that one call answers: bounds how long the loop stands still. */
export const retentionBatch = 200;
/** A job of a long history has its entries all over the file: the removal of two hundred holds the loop up for 25 ms. */
const forgottenAtOnce = 25;

/**
 * Verifiers go before their pipeline: of one that stayed alone, the next pipeline of that id could not have its own. And
 * not before that has ended, whose outcome tells what they said.
 */
const removable = `id NOT IN (SELECT job_id FROM report) AND ${noDeliveryOwed} AND NOT EXISTS (SELECT 1 FROM job AS other WHERE other.pipeline_id = job.id)
  AND NOT EXISTS (SELECT 1 FROM job AS other WHERE other.id = job.pipeline_id AND other.state <> 'ended')`;

const statementTexts = {
  olderThan: `SELECT id FROM job WHERE state = 'ended' AND ended_at BETWEEN ? AND ? - 1 AND ${removable}
    ORDER BY ended_at, seq LIMIT ${retentionBatch}`,
  /** Of so many that ended first, whatever of them has to stay. */
  oldest: `SELECT id FROM (SELECT * FROM job WHERE state = 'ended' ORDER BY ended_at, seq LIMIT ?) AS job WHERE ${removable}
    LIMIT ${retentionBatch}`,
  deleteJob: `DELETE FROM job WHERE id = ?`,
  deleteAttempts: 'DELETE FROM attempt WHERE job_id = ?',
  deleteDeliveries,
  deleteLog: 'DELETE FROM log WHERE job_id = ?',
  findTotal,
  // CROSS JOIN: from the oldest log on. SQLite would rather begin with the jobs, and then sort all of them for each batch.
  oldestLogs: `SELECT log.job_id, log.bytes FROM log CROSS JOIN job ON job.id = log.job_id WHERE job.state = 'ended'
    ORDER BY log.written_at LIMIT ${retentionBatch}`,
} as const;

/** Which ended jobs, and which of their logs, are kept no longer; and their removal from the ledger. */
export class LedgerRetention {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #committer: Committer;
  readonly #sql: Readonly<Record<keyof typeof statementTexts, StatementSync>>;

  constructor(database: DatabaseSync, path: string, committer: Committer) {
    this.#database = database;
    this.#path = path;
    this.#committer = committer;
    this.#sql = prepareAll(database, statementTexts);
  }

  /**
   * Jobs beyond the limits, the one that ended first first; at most {@link retentionBatch}, and none where all is kept.
   * @throws LedgerRefusal, BootyError LEDGER_DAMAGED
   */
  expired(limits: Limits, now: Instant): JobId[] {
    return readFrom(this.#path, () => this.#expired(limits, now)).map((row) => text(row.id) as JobId);
  }

  #expired(limits: Limits, now: Instant): readonly Row[] {
    const old = this.#sql.olderThan.all(firstPlausible, now - limits.maxAgeMs);
    if (old.length > 0) return old;
    const excess = this.#total('ended') - limits.maxJobs;
    return excess > 0 ? this.#sql.oldest.all(excess) : [];
  }

  /**
   * Ended jobs whose logs are beyond the budget, oldest log first; at most {@link retentionBatch}.
   * @param targetBytes what shall be left
   * @throws LedgerRefusal, BootyError LEDGER_DAMAGED
   */
  excessLogs(targetBytes: number): JobId[] {
    let excess = this.logBytes() - targetBytes;
    if (excess <= 0) return [];
    const chosen: JobId[] = [];
    for (const row of readFrom(this.#path, () => this.#sql.oldestLogs.all())) {
      if (excess <= 0) break;
      chosen.push(text(row.job_id) as JobId);
      excess -= Number(row.bytes);
    }
    return chosen;
  }

  /** Of all the logs that are kept. @throws LedgerRefusal, BootyError LEDGER_DAMAGED */
  logBytes(): number {
    return readFrom(this.#path, () => this.#total('log-bytes'));
  }

  #total(name: 'ended' | 'log-bytes'): number {
    return Number(this.#sql.findTotal.get(name)?.value);
  }

  /** Removes ended jobs for good, some at a time. Their ids may then be used again. */
  async forget(ids: readonly JobId[]): Promise<void> {
    checkpointEvery(this.#database, checkpointPages.sweep);
    try {
      for (let from = 0; from < ids.length; from += forgottenAtOnce)
        await this.#forget(ids.slice(from, from + forgottenAtOnce));
    } finally {
      if (this.#database.isOpen) checkpointEvery(this.#database, checkpointPages.usual);
    }
  }

  #forget(ids: readonly JobId[]): Promise<void> {
    return this.#committer.commit(() => {
      for (const id of ids) {
        this.#sql.deleteJob.run(id);
        this.#sql.deleteAttempts.run(id);
        this.#sql.deleteLog.run(id);
        this.#sql.deleteDeliveries.run(id);
      }
    });
  }

  /** The logs of these jobs are there no longer. */
  forgetLogs(ids: readonly JobId[]): Promise<void> {
    return this.#committer.commit(() => {
      for (const id of ids) this.#sql.deleteLog.run(id);
    });
  }
}
