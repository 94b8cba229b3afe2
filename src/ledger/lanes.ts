import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Job, JobSpec } from '../job/job.ts';
import type { Instant } from '../job/units.ts';
import { type LaneName, type LaneView, laneOf, roomIn } from '../schedule/order.ts';
import type { Claim } from '../schedule/queue.ts';
import { prepareAll } from './prepared.ts';
import { nullableInstant, text } from './rows.ts';
import { eligible, open } from './statements.ts';

export const laneTexts = {
  find: 'SELECT * FROM lane WHERE name = ?',
  put: `INSERT INTO lane (name, max_active, max_starts, per_ms) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE
    SET max_active = excluded.max_active, max_starts = excluded.max_starts, per_ms = excluded.per_ms`,
  drop: 'DELETE FROM lane WHERE name = ?',
  reopenAt: 'UPDATE lane SET reopens_at = ? WHERE name = ?',
  reopening: 'SELECT name FROM lane WHERE reopens_at <= ? LIMIT 1000',
  nextReopening: 'SELECT min(reopens_at) AS at FROM lane WHERE reopens_at IS NOT NULL',
  active: `SELECT count(*) AS count FROM job WHERE lane = ? AND state IN ('running', 'verifying') AND ${open}`,
  inUse: `SELECT 1 FROM job WHERE lane = ? AND ${open} LIMIT 1`,
  best: `SELECT seq FROM job WHERE lane = ? AND ${eligible} ORDER BY rank, seq LIMIT ? | 0`,
  let: `SELECT seq FROM job WHERE lane = ? AND state = 'waiting' AND blocked = 0 AND ${open}`,
  block: 'UPDATE job SET blocked = ? WHERE seq = ?',
  isPaused: 'SELECT 1 FROM pause WHERE scope = ?',
  noteStart:
    'INSERT INTO start (lane, at, job_id, token) SELECT name, ?, ?, ? FROM lane WHERE name = ? AND max_starts IS NOT NULL',
  undoStart: 'DELETE FROM start WHERE lane = ? AND at = ? AND job_id = ? AND token = ?',
  bringBack: 'UPDATE start SET at = ?1 WHERE at > ?1 RETURNING lane',
  forgetAllStarts: 'DELETE FROM start WHERE lane = ?',
  forgetStarts: 'DELETE FROM start WHERE lane = ? AND at <= ?',
  starts: 'SELECT count(*) AS count, min(at) AS first FROM start WHERE lane = ?',
} as const;

/** The most of a lane that are let through at a time, so that a change costs the same however wide the lane is. */
export const maxLetThrough = 64;

/** How many may run that share a group or a rate. Those that may are the best of each lane: they alone are not blocked. */
export class Lanes {
  readonly #sql: Readonly<Record<keyof typeof laneTexts, StatementSync>>;
  /** Told when others may run now. */
  readonly #onRoom: () => void;

  constructor(database: DatabaseSync, onRoom: () => void) {
    this.#sql = prepareAll(database, laneTexts);
    this.#onRoom = onRoom;
  }

  /** A new job says what holds for its lane from now on. */
  declare(lane: LaneName, { concurrency, rate }: Pick<JobSpec, 'concurrency' | 'rate'>): void {
    this.#sql.put.run(lane, concurrency?.limit ?? null, rate?.starts ?? null, rate?.perMs ?? null);
  }

  /** They start: a lane that has a rate has room again at a time that is known now; a wide one lets others through. */
  noteStarts(claims: readonly Claim[], now: Instant): void {
    const lanes = claims.map(({ job, token, startedAt }) => {
      const lane = laneOf(job.spec);
      if (lane === null) return null;
      const rated = this.#sql.noteStart.run(startedAt, job.id, token, lane).changes > 0;
      return rated || Number(this.#sql.find.get(lane)?.max_active) > maxLetThrough ? lane : null;
    });
    this.settleAll(lanes, now);
  }

  /** Starts of a clock that has been set back since would bound the rate for as long as it was set back. */
  bringBackStarts(now: Instant): void {
    this.settleAll(
      this.#sql.bringBack.all(now).map((row) => text(row.lane)),
      now,
    );
  }

  /** What was claimed and never started has used nothing. */
  undoStart({ job, token, startedAt }: Claim): void {
    const lane = laneOf(job.spec);
    if (lane !== null) this.#sql.undoStart.run(lane, startedAt, job.id, token);
  }

  nextReopening(): Instant | null {
    return nullableInstant(this.#sql.nextReopening.get()?.at);
  }

  reopen(now: Instant): void {
    this.settleAll(
      this.#sql.reopening.all(now).map((row) => text(row.name)),
      now,
    );
  }

  settleAll(lanes: Iterable<string | null>, now: Instant): void {
    for (const lane of new Set(lanes)) if (lane !== null) this.settle(lane, now);
  }

  settleFor({ spec }: Job, now: Instant): void {
    this.settleAll([laneOf(spec)], now);
  }

  /** Lets the best of a lane run, as many as there are places. To be called after every change of who waits or runs in it. */
  settle(lane: string, now: Instant): void {
    const view = this.#view(lane, now);
    if (view === null) return;
    const { places, reopensAt } = roomIn(view);
    if (!this.#sql.inUse.get(lane) && reopensAt === null) {
      this.#sql.drop.run(lane);
      this.#sql.forgetAllStarts.run(lane);
      return;
    }
    this.#sql.reopenAt.run(reopensAt, lane);
    const limit = Math.min(places, maxLetThrough);
    const best = new Set(limit === 0 ? [] : this.#sql.best.all(lane, limit).map((row) => Number(row.seq)));
    const may = new Set(this.#sql.let.all(lane).map((row) => Number(row.seq)));
    for (const seq of may) if (!best.has(seq)) this.#sql.block.run(1, seq);
    for (const seq of best) {
      if (may.has(seq)) continue;
      this.#sql.block.run(0, seq);
      this.#onRoom();
    }
  }

  #view(lane: string, now: Instant): LaneView | null {
    const row = this.#sql.find.get(lane);
    if (!row) return null;
    const rate = row.max_starts === null ? null : { starts: Number(row.max_starts), perMs: Number(row.per_ms) };
    if (rate) this.#sql.forgetStarts.run(lane, now - rate.perMs);
    const starts = rate ? this.#sql.starts.get(lane) : undefined;
    return {
      paused: this.#sql.isPaused.get(lane) !== undefined,
      maxActive: row.max_active === null ? null : Number(row.max_active),
      active: Number(this.#sql.active.get(lane)?.count),
      rate,
      recent: { starts: Number(starts?.count ?? 0), first: nullableInstant(starts?.first) },
    };
  }
}
