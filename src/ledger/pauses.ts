import type { DatabaseSync } from 'node:sqlite';
import { type JobKind, jobKinds } from '../job/job.ts';
import type { Scope } from '../schedule/control.ts';
import { text } from './rows.ts';

/** What is paused, the oldest first. Nothing in a ledger of an earlier release, until its next supervisor brings it up to date. */
export function readPauses(database: DatabaseSync): readonly Scope[] {
  const table = database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'pause'`).get();
  if (!table) return [];
  return database
    .prepare('SELECT scope FROM pause ORDER BY since, scope')
    .all()
    .map(({ scope }) => scopeOf(text(scope)));
}

/** `all`, `kind:verifier`, `group:db`. */
function scopeOf(word: string): Scope {
  const [kind] = word.split(':', 1);
  const rest = word.slice(word.indexOf(':') + 1);
  if (kind === 'group') return { kind: 'group', group: rest };
  const jobKind = jobKinds.find((known: JobKind) => known === rest);
  return jobKind === undefined ? { kind: 'all' } : { kind: 'kind', jobKind };
}
