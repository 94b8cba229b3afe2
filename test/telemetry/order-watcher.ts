import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AttemptRecord, OutcomeRecord } from '../../src/job/outcome.ts';
import { parseJournalLine } from '../harness/journal-line.ts';

/*
 * A program of its own: looks at everything that tells of failures below a root, as fast as it can, until its standard
 * input ends. Each failure that it meets must be in the outbox, or else in the list of what the receiver took, at that
 * moment. Prints what it saw as JSON.
 *
 *   node order-watcher.ts ROOT JOURNAL RECEIVED
 *
 * RECEIVED has the id of each event that the receiver took, and its tag job_id, as in the event.
 */

export interface Watched {
  /** Failures whose event was not yet safe when they were seen. */
  readonly violations: readonly string[];
  /** Ids of the failed jobs, by where the failure was seen. */
  readonly seen: Readonly<Record<Place, readonly string[]>>;
  readonly looks: number;
}

const places = ['journal', 'outcome', 'ledger', 'attempt'] as const;
type Place = (typeof places)[number];

const [root = '', journalPath = '', receivedPath = ''] = process.argv.slice(2);
const outbox = join(root, 'lib/outbox');
const seen = Object.fromEntries(places.map((place) => [place, new Set<string>()])) as Record<Place, Set<string>>;
const violations: string[] = [];
let journalBytes = 0;
let ledger: DatabaseSync | null = null;

function meet(place: Place, id: string, eventId: string | null | undefined): void {
  if (seen[place].has(id)) return;
  seen[place].add(id);
  if (!eventId) violations.push(`${place}: ${id} without an event`);
  else if (!isSafe(eventId)) violations.push(`${place}: ${id} before its event ${eventId}`);
}

/** @param text of the event. In this order: what leaves the outbox has been received. */
const isSafe = (text: string): boolean =>
  envelopes().some((name) => name.includes(text) || readIfThere(join(outbox, name)).includes(text)) ||
  readFileSync(receivedPath, 'utf8').includes(text);

const envelopes = (): string[] => readdirSync(outbox).filter((name) => /^\d.*\.envelope$/.test(name));

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function lookAtJournal(): void {
  const content = readFileSync(journalPath);
  const end = content.lastIndexOf('\n') + 1;
  const lines = content.toString('utf8', journalBytes, end).split('\n');
  journalBytes = end;
  for (const line of lines.filter((raw) => raw.includes('outcome=crashed')).map(parseJournalLine)) {
    const { id = line.raw, event_id: eventId } = line.fields;
    if (line.kind === 'job.ended') meet('journal', id, eventId);
    else if (!isSafe(jobTag(id))) violations.push(`${line.kind}: ${id} before any event of it`);
  }
}

/** How an event names its job. */
const jobTag = (id: string): string => `"job_id":"${id}"`;

function lookAtOutcomes(): void {
  const directory = join(root, 'spool/outcomes');
  for (const name of readdirSync(directory)) {
    if (name.startsWith('.') || seen.outcome.has(name.slice(0, -'.json'.length))) continue;
    const record = JSON.parse(readFileSync(join(directory, name), 'utf8')) as OutcomeRecord;
    if (record.outcome === 'crashed') meet('outcome', record.id, record.sentry?.eventId);
  }
}

function lookAtLedger(): void {
  const path = join(root, 'lib/ledger.db');
  ledger ??= existsSync(path) ? new DatabaseSync(path, { readOnly: true, timeout: 5000 }) : null;
  if (!ledger) return;
  for (const row of ledger.prepare(`SELECT record FROM job WHERE outcome = 'crashed'`).iterate()) {
    const record = JSON.parse(String(row.record)) as OutcomeRecord;
    meet('ledger', record.id, record.sentry?.eventId);
  }
  for (const row of ledger.prepare('SELECT job_id, record FROM attempt WHERE record IS NOT NULL').iterate()) {
    const record = JSON.parse(String(row.record)) as AttemptRecord;
    if (record.outcome === 'crashed') meet('attempt', String(row.job_id), record.sentry?.eventId);
  }
}

const ended = new AbortController();
process.stdin.resume().once('end', () => ended.abort());
let looks = 0;
// What came to its end while it looked is seen by one look more.
for (let last = false; !last; ) {
  last = ended.signal.aborted;
  lookAtJournal();
  lookAtOutcomes();
  lookAtLedger();
  looks += 1;
  if (looks === 1) process.stdout.write('\n');
  await new Promise(setImmediate);
}
const found = Object.fromEntries(places.map((place) => [place, [...seen[place]]])) as Record<Place, string[]>;
const watched: Watched = { violations, seen: found, looks };
process.stdout.write(JSON.stringify(watched));
