import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { JobId } from '../job/id.ts';
import type { Outcome } from '../job/outcome.ts';
import { prepareAll } from './prepared.ts';
import { nullableText, text } from './rows.ts';

export const needTexts = {
  outcomeOf: 'SELECT state, outcome FROM job WHERE id = ?',
  add: 'INSERT INTO need (job_id, needs_id) VALUES (?, ?)',
  of: 'SELECT needs_id FROM need WHERE job_id = ?',
  isNeeded: 'SELECT 1 FROM need WHERE needs_id = ? LIMIT 1',
  met: `UPDATE job SET needs_open = needs_open - 1 WHERE id IN (SELECT job_id FROM need WHERE needs_id = ?) AND state = 'waiting'
    RETURNING lane, needs_open`,
  failed: `UPDATE job SET ending = 'skipped', ending_reason = ? WHERE id IN (SELECT job_id FROM need WHERE needs_id = ?)
    AND state = 'waiting' AND ending IS NULL RETURNING lane`,
  settled: 'DELETE FROM need WHERE needs_id = ?',
  forget: 'DELETE FROM need WHERE job_id = ?',
} as const;

/** The most jobs that are looked at for a circle. */
const maxLookedAt = 100_000;

/** How the needs of a new job stand. */
export type Standing =
  /** So many have not succeeded yet. */
  { readonly kind: 'open'; readonly ids: readonly JobId[] } | { readonly kind: 'failed'; readonly reason: string };

/** Who waits for whom to succeed. A row goes when the needed job has ended, so that only what is open is kept. */
export class Needs {
  readonly #sql: Readonly<Record<keyof typeof needTexts, StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#sql = prepareAll(database, needTexts);
  }

  standing(needs: readonly JobId[]): Standing {
    const open: JobId[] = [];
    for (const id of needs) {
      const row = this.#sql.outcomeOf.get(id);
      const outcome = nullableText(row?.outcome) as Outcome | null;
      if (outcome === null) open.push(id);
      else if (outcome !== 'succeeded') return { kind: 'failed', reason: reasonToSkip(id, outcome) };
    }
    return { kind: 'open', ids: open };
  }

  add(id: JobId, open: readonly JobId[]): void {
    for (const needed of open) this.#sql.add.run(id, needed);
  }

  /** Why a new job may not need these: it would wait for itself. Null where it may. */
  objection(id: JobId, needs: readonly JobId[]): string | null {
    if (needs.includes(id)) return 'it needs itself';
    // Only a job that somebody waits for already can close one.
    if (!this.#sql.isNeeded.get(id)) return null;
    const from = new Map<string, string | null>(needs.map((needed) => [needed, null]));
    for (const at of from.keys()) {
      if (at === id) return `its needs form a circle: ${wayTo(id, from).join(' → ')}`;
      if (from.size > maxLookedAt) return `it needs more than ${maxLookedAt} jobs, those that they need among them`;
      for (const row of this.#sql.of.all(at)) {
        const next = text(row.needs_id);
        if (!from.has(next)) from.set(next, at);
      }
    }
    return null;
  }

  /** A job has ended. Answers the lanes of those that this concerns; null stands for none. */
  settle(id: JobId, outcome: Outcome): readonly (string | null)[] {
    if (!this.#sql.isNeeded.get(id)) return [];
    const rows = outcome === 'succeeded' ? this.#sql.met.all(id) : this.#sql.failed.all(reasonToSkip(id, outcome), id);
    if (rows.length > 0) this.#sql.settled.run(id);
    return rows.map((row) => nullableText(row.lane));
  }

  /** It waits no more. */
  forget(id: JobId): void {
    this.#sql.forget.run(id);
  }
}

function wayTo(id: string, from: ReadonlyMap<string, string | null>): readonly string[] {
  const way = [id];
  for (let at = from.get(id) ?? null; at !== null; at = from.get(at) ?? null) way.push(at);
  const [first, ...rest] = [id, ...way.toReversed()];
  return rest.length <= 10 ? [first ?? id, ...rest] : [id, ...rest.slice(0, 5), '…', ...rest.slice(-4)];
}

function reasonToSkip(id: JobId, outcome: Outcome): string {
  const what = outcome === 'crashed' ? 'crashed' : `was ${outcome}`;
  return `it needs ${id}, which ${what}`;
}
