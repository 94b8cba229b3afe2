import { DatabaseSync } from 'node:sqlite';
import type { JobId } from '../src/job/id.ts';
import type { Outcome } from '../src/job/outcome.ts';
import { Ledger } from '../src/ledger/ledger.ts';
import type { Finish } from '../src/schedule/queue.ts';
import { acceptable, now, success } from './sample-jobs.ts';

/*
 * Ledgers as large as years would make them, in seconds: one job goes through the ledger's own code, and its rows are
 * then copied in large transactions, each with an id of its own.
 */

/** Ids of the model jobs, whose rows are copied: as long as those of the copies. */
const modelId = (number: number): string => `model${String(number).padStart(5, '0')}`;
/** Scattered over the alphabet, so that no index has its newest entries side by side; each number has its own. */
const scattered = `printf('%08x-%d', (n * 2654435761) % 4294967296, n % 10)`;
/** Names that recur; most ended jobs of a name have the same outcome. */
const names = 20;
const batch = 100_000;
const logBytes = 1000;

/** One that came to its end in each way, in the shares of a machine that mostly works. */
const ends: readonly { readonly outcome: Exclude<Outcome, 'cancelled' | 'skipped'>; readonly share: number }[] = [
  { outcome: 'succeeded', share: 989 },
  { outcome: 'crashed', share: 10 },
  { outcome: 'rejected', share: 1 },
];

/** Makes a ledger at the path with so many jobs that wait, each for nothing but its turn. */
export async function fillWaiting(path: string, count: number): Promise<void> {
  {
    using ledger = new Ledger(path);
    await ledger.accept([acceptable({ id: modelId(0), name: 'backlog', command: ['/bin/true'] })], now);
  }
  using database = new DatabaseSync(path);
  copyRows(database, 'job', modelId(0), 1, count);
  // The model has the place of its first copy.
}

/** Makes a ledger at the path with so many jobs that have ended in the last days, each with an attempt and a log. */
export async function fillEnded(path: string, count: number): Promise<void> {
  {
    using ledger = new Ledger(path);
    for (const [number, { outcome }] of ends.entries()) {
      const id = modelId(number);
      const kind = outcome === 'rejected' ? 'verifier' : 'pipeline';
      await ledger.accept([acceptable({ id, kind, name: 'recurring', command: ['/bin/true'] })], now);
      const [claim] = await ledger.claim(kind, 1, now);
      if (!claim) throw new Error('the model job may not run');
      await ledger.finish(claim, finishWith(outcome));
      await ledger.reported(id as JobId);
    }
  }
  using database = new DatabaseSync(path);
  let from = ends.length;
  for (const [number, { share }] of ends.entries()) {
    const until = number === ends.length - 1 ? count : Math.min(count, from + Math.round((count * share) / 1000));
    for (const table of ['job', 'attempt', 'log']) copyRows(database, table, modelId(number), from, until);
    from = until;
  }
}

function finishWith(outcome: (typeof ends)[number]['outcome']): Finish {
  const ending = { step: 'run', exitCode: 1, signal: null };
  const reason = 'exit status 1: the last line of what it printed';
  switch (outcome) {
    case 'succeeded':
      return { ...success, logBytes };
    case 'crashed':
      return { ...success, logBytes, judgement: { outcome, cause: 'exit-code', reason, ...ending } };
    case 'rejected':
      return { ...success, logBytes, judgement: { outcome, reason, ...ending } };
  }
}

/** Copies the rows of one job, so that jobs from one number until another have their own. */
function copyRows(database: DatabaseSync, table: string, model: string, from: number, until: number): void {
  const columns = database
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map(({ name }) => String(name))
    .filter((name) => name !== 'seq');
  const values = columns.map(valueOf);
  const copy =
    database.prepare(`WITH RECURSIVE number (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?2)
    INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM number, ${table} AS model
    WHERE model.${columns.includes('job_id') ? 'job_id' : 'id'} = ?3`);
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000');
  for (let next = from; next < until; next += batch) copy.run(next, Math.min(until, next + batch), model);
}

/** What a copy has in a column. */
function valueOf(column: string): string {
  switch (column) {
    case 'id':
    case 'job_id':
      return scattered;
    case 'drop_token':
      return `model.drop_token || '-' || n`;
    case 'name':
      return `model.name || '-' || (n % ${names})`;
    case 'spec':
    case 'record':
      return `replace(replace(model.${column}, ?3, ${scattered}), '"recurring"', '"recurring-' || (n % ${names}) || '"')`;
    case 'ended_at':
    case 'written_at':
    case 'accepted_at':
    case 'started_at':
      return `model.${column} + n`;
    default:
      return `model.${column}`;
  }
}
