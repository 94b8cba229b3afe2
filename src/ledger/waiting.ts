import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { timestamp } from '../job/units.ts';
import { prepareAll } from './prepared.ts';
import { nullableInstant, nullableText, type Row, text } from './rows.ts';
import { open } from './statements.ts';

/** How many names are told of those that a job waits for. */
const maxNamed = 3;

const texts = {
  needs: `SELECT need.needs_id, job.id AS known FROM need LEFT JOIN job ON job.id = need.needs_id WHERE job_id = ? LIMIT ${maxNamed + 1}`,
  pauses: 'SELECT scope FROM pause WHERE scope IN (?, ?, ?) ORDER BY scope',
  active: `SELECT id FROM job WHERE lane = ? AND state IN ('running', 'verifying') AND ${open} LIMIT ${maxNamed + 1}`,
  lane: 'SELECT max_active, reopens_at FROM lane WHERE name = ?',
} as const;

/** What holds waiting jobs back, each in a few words: `needs extract-1`, `group db: migrate-7 runs`. */
export class Waits {
  readonly #database: DatabaseSync;
  #prepared: Readonly<Record<keyof typeof texts, StatementSync>> | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Empty: it is its turn, as soon as a slot is free; or it does not wait. */
  of(row: Row): readonly string[] {
    // A ledger of an earlier release has none of these.
    if (row.state !== 'waiting' || row.needs_open === undefined) return [];
    const dueAt = nullableInstant(row.due_at);
    const lane = nullableText(row.lane);
    return [
      ...(row.ending === null ? [] : [`being ended: ${text(row.ending_reason)}`]),
      ...(dueAt === null ? [] : [`not before ${timestamp(dueAt)}`]),
      ...(Number(row.needs_open) > 0 ? [this.#needs(text(row.id))] : []),
      ...(row.held === 1 ? ['held: booty unhold lets it go'] : []),
      ...this.#pauses(row),
      ...(lane === null || row.blocked === 0 ? [] : this.#lane(lane)),
    ];
  }

  // Its tables are only there in a ledger of this version.
  get #sql(): Readonly<Record<keyof typeof texts, StatementSync>> {
    this.#prepared ??= prepareAll(this.#database, texts);
    return this.#prepared;
  }

  #needs(id: string): string {
    const rows = this.#sql.needs.all(id);
    return `needs ${listed(rows.map((row) => (row.known === null ? `${text(row.needs_id)} (not dropped yet)` : text(row.needs_id))))}`;
  }

  #pauses(row: Row): readonly string[] {
    const scopes = ['all', `kind:${text(row.kind)}`, text(row.lane)];
    return this.#sql.pauses
      .all(...scopes)
      .map(({ scope }) => (scope === 'all' ? 'paused' : `paused: ${text(scope).replace(':', ' ')}`));
  }

  /** Whoever is paused with its whole group waits for nobody in it, but for those that run. */
  #lane(lane: string): readonly string[] {
    const name = lane.startsWith('group:') ? `group ${lane.slice(6)}` : `rate of ${lane.slice(5)}`;
    const active = this.#sql.active.all(lane).map(({ id }) => text(id));
    const known = this.#sql.lane.get(lane);
    const limit = known?.max_active ?? null;
    if (limit !== null && active.length >= Math.min(Number(limit), maxNamed + 1))
      return [`${name}: ${listed(active)} ${active.length === 1 ? 'runs' : 'run'}`];
    const reopensAt = nullableInstant(known?.reopens_at);
    if (reopensAt !== null) return [`${name}: the next may start at ${timestamp(reopensAt)}`];
    return this.#sql.pauses.get('', '', lane) ? [] : [`${name}: others are before it`];
  }
}

const listed = (names: readonly string[]): string =>
  names.length > maxNamed ? `${names.slice(0, maxNamed).join(', ')} and more` : names.join(', ');
