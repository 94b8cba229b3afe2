import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseEnvelope } from '../../harness/envelope.ts';
import type { FileFound, JobFound, OutcomeFacts, Place } from '../evidence.ts';
import { directories, ledgerPath } from './places.ts';
import { say } from './say.ts';

/**
 * Tells what lies on the disks. It changes nothing there, and knows nothing of Booty but its contracts.
 * @returns how many jobs have not ended
 */
export function look(): number {
  say({ kind: 'looking' });
  const files = (Object.entries(directories) as [Place, string][]).flatMap(([place, path]) => filesIn(place, path));
  const jobs = readLedger();
  say(...files, ...jobs, { kind: 'looked' });
  const dropped = files.filter(({ place }) => place === 'incoming' || place === 'claimed');
  return dropped.length + jobs.filter((found) => found.kind === 'job' && found.state !== 'ended').length;
}

export const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

function filesIn(place: Place, directory: string): FileFound[] {
  return namesIn(directory).map((name) => {
    const content = readFileSync(join(directory, name));
    const found = { kind: 'file', place, name, bytes: content.length, sha256: sha256(content) } as const;
    return { ...found, ...judge(place, name, content) };
  });
}

function namesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ name }) => name).filter((name) => !name.startsWith('.'));
}

function judge(place: Place, name: string, content: Buffer): Pick<FileFound, 'flaw' | 'outcome' | 'reason'> {
  try {
    if (place === 'outcomes') return { flaw: null, outcome: readOutcome(name, content) };
    // Beside them lie what was counted and how deliveries go.
    if (place === 'outbox' && name.endsWith('.envelope')) checkEnvelope(name, content);
    if (place === 'rejected' && name.endsWith('.reason.json')) return { flaw: null, reason: readReason(content) };
    return { flaw: null };
  } catch (error) {
    return { flaw: error instanceof Error ? error.message : String(error) };
  }
}

function readOutcome(name: string, content: Buffer): OutcomeFacts {
  const record = JSON.parse(content.toString()) as {
    readonly id: string;
    readonly outcome: string;
    readonly cause: string | null;
    readonly sentry: { readonly eventId: string | null; readonly capture: string } | null;
    readonly attempts: readonly { readonly cause: string | null }[];
  };
  if (`${record.id}.json` !== name) throw new Error(`it is the outcome of ${record.id}`);
  return {
    outcome: record.outcome,
    cause: record.cause,
    eventId: record.sentry?.eventId ?? null,
    capture: record.sentry?.capture ?? null,
    lost: record.attempts.filter(({ cause }) => cause === 'lost').length,
  };
}

function readReason(content: Buffer): NonNullable<FileFound['reason']> {
  const { code, file } = JSON.parse(content.toString()) as { readonly code?: unknown; readonly file?: unknown };
  if (typeof code !== 'string' || typeof file !== 'string') throw new Error('a reason without a code or a file');
  return { code, file };
}

function checkEnvelope(name: string, content: Buffer): void {
  const { header, items } = parseEnvelope(content);
  const id = /^\d+-([0-9a-f]{32})(?:-[0-9a-f]{32})?\.envelope$/.exec(name)?.[1];
  if (id === undefined) throw new Error('not the name of an envelope');
  if (header.event_id !== id) throw new Error(`it is the envelope of ${header.event_id}`);
  const event = items.find((item) => item.header.type === 'event');
  if (!event) throw new Error('there is no event in it');
  const { event_id } = JSON.parse(event.payload.toString()) as { readonly event_id?: unknown };
  if (event_id !== id) throw new Error('the event in it is another');
}

/** Looks at a copy, in memory: SQLite's own recovery shall be the supervisor's to make. */
function readLedger(): (JobFound | { readonly kind: 'ledger'; readonly flaw: string | null })[] {
  if (!existsSync(ledgerPath)) return [];
  const copy = '/run/ledger';
  mkdirSync(copy);
  for (const part of ['', '-wal'])
    if (existsSync(`${ledgerPath}${part}`)) copyFileSync(`${ledgerPath}${part}`, `${copy}/ledger.db${part}`);
  try {
    using database = new DatabaseSync(`${copy}/ledger.db`);
    const finding = String(database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check);
    return [{ kind: 'ledger', flaw: finding === 'ok' ? null : finding }, ...jobsIn(database)];
  } catch (error) {
    return [{ kind: 'ledger', flaw: error instanceof Error ? error.message : String(error) }];
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function jobsIn(database: DatabaseSync): JobFound[] {
  if (!hasTables(database)) return [];
  return database
    .prepare(
      'SELECT id, state, outcome, file_name, report.job_id AS owed FROM job LEFT JOIN report ON report.job_id = id',
    )
    .all()
    .map((row) => ({
      kind: 'job',
      id: String(row.id),
      state: String(row.state),
      outcome: row.outcome === null ? null : String(row.outcome),
      file: String(row.file_name),
      reportOwed: row.owed !== null,
    }));
}

/** Made by the first transaction: a cut before it leaves a ledger without them. */
const hasTables = (database: DatabaseSync): boolean =>
  database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'job'").get() !== undefined;

/** Nothing waits, runs or is owed any more. */
export function isSettled(): boolean {
  if (namesIn(directories.incoming).length + namesIn(directories.claimed).length > 0) return false;
  if (!existsSync(ledgerPath)) return false;
  using database = new DatabaseSync(ledgerPath, { readOnly: true, timeout: 5000 });
  if (!hasTables(database)) return false;
  const row = database
    .prepare(`SELECT (SELECT count(*) FROM job WHERE state <> 'ended') + (SELECT count(*) FROM report) AS open`)
    .get();
  return Number(row?.open) === 0;
}
