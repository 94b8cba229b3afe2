import type { DatabaseSync } from 'node:sqlite';
import type { JobSpec } from '../job/job.ts';
import type { AttemptRecord, OutcomeRecord } from '../job/outcome.ts';
import { describeTarget, type Report } from '../job/report.ts';
import { type Instant, instant } from '../job/units.ts';
import type { Scope } from '../schedule/control.ts';
import { type JobFilter, selectNewest, selectNewestSlowly } from './filter.ts';
import { secureLog } from './log-file.ts';
import { integrityFlaw, openLedgerForReading } from './open.ts';
import { readPauses } from './pauses.ts';
import { type JobRow, jobRowOf, nullableInstant, nullableText, type Row, specOf, text } from './rows.ts';
import { statementTexts } from './statements.ts';
import { Waits } from './waiting.ts';

export interface JobDetails extends JobRow {
  readonly spec: JobSpec;
  readonly fileName: string;
  readonly droppedBy: number;
  readonly attempts: readonly AttemptRecord[];
  /** When the attempt that runs now began. */
  readonly runningSince: Instant | null;
  readonly record: OutcomeRecord | null;
  /** What holds it back while it waits. */
  readonly waitsFor: readonly string[];
  /** The ended job that it is a copy of. */
  readonly retryOf: string | null;
}

/** What became of a report to somebody whom a job names. */
export interface ReportState {
  /** By which the receiver knows it. */
  readonly id: string;
  readonly to: string;
  readonly state: 'owed' | 'made' | 'given-up';
  readonly tries: number;
  readonly nextTryAt: Instant | null;
  readonly endedAt: Instant | null;
  /** Why the last try failed. */
  readonly why: string | null;
}

/** What the ledger tells to whoever may read it, with or without a supervisor. */
export class History implements Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #hasDeliveries: boolean;
  readonly #isOfFirstReleases: boolean;
  readonly #waits: Waits;
  /** The columns that have come since the first release. */
  readonly #added: string;

  /** @throws BootyError LEDGER_MISSING, LEDGER_UNUSABLE, LEDGER_NEWER */
  constructor(path: string) {
    this.#path = path;
    this.#database = openLedgerForReading(path);
    this.#waits = new Waits(this.#database);
    const columns = new Set(
      this.#database
        .prepare('PRAGMA table_info(job)')
        .all()
        .map(({ name }) => name),
    );
    this.#isOfFirstReleases = !columns.has('due_at');
    // A ledger of an earlier release, until its next supervisor brings it up to date.
    this.#added = [
      columns.has('due_at') ? 'due_at' : 'NULL AS due_at',
      ...(columns.has('needs_open') ? ['lane', 'blocked', 'held', 'needs_open', 'ending', 'ending_reason'] : []),
    ].join(', ');
    this.#hasDeliveries = this.#database.prepare('PRAGMA table_info(delivery)').all().length > 0;
  }

  /** The newest first. */
  list(filter: JobFilter): {
    readonly jobs: readonly (JobRow & { readonly reason: string | null; readonly waitsFor: readonly string[] })[];
    readonly more: boolean;
  } {
    const select = this.#isOfFirstReleases ? selectNewestSlowly : selectNewest;
    const newest = select({ ...filter, limit: filter.limit + 1 });
    const rows = this.#database
      .prepare(
        `SELECT id, name, kind, state, priority, attempt, pipeline_id, dropped_at, accepted_at, started_at, ended_at, outcome, ${this.#added},
          json_extract(record, '$.reason') AS reason FROM job WHERE seq IN (${newest.text}) ORDER BY seq DESC`,
      )
      .all(...newest.values);
    secureLog(this.#path);
    const jobs = rows.slice(0, filter.limit).map((row) => ({
      ...jobRowOf(row),
      reason: nullableText(row.reason),
      waitsFor: this.#waits.of(row),
    }));
    return { jobs, more: rows.length > filter.limit };
  }

  /** The job of that id, or the only one whose id begins so. */
  find(idOrPrefix: string): JobDetails | { readonly candidates: readonly string[] } {
    const found = this.#find(idOrPrefix);
    secureLog(this.#path);
    return found;
  }

  #find(idOrPrefix: string): JobDetails | { readonly candidates: readonly string[] } {
    const exact = this.#database.prepare('SELECT * FROM job WHERE id = ?').get(idOrPrefix);
    if (exact) return this.#details(exact);
    const end = `${idOrPrefix}\u{10ffff}`;
    const likeIt = (which: string): Row[] =>
      this.#database
        .prepare(`SELECT * FROM job WHERE id >= ? AND id < ? AND pipeline_id IS ${which} ORDER BY id LIMIT 6`)
        .all(idOrPrefix, end);
    // A pipeline and its verifiers share their beginning; who types it means the pipeline.
    const jobs = likeIt('NULL');
    if (jobs.length === 1 && jobs[0]) return this.#details(jobs[0]);
    return { candidates: [...jobs, ...(jobs.length > 0 ? [] : likeIt('NOT NULL'))].map((row) => text(row.id)) };
  }

  counts(): Readonly<Record<string, number>> {
    const ended = this.#database
      .prepare(`SELECT outcome AS state, count(*) AS count FROM job WHERE state = 'ended' GROUP BY outcome`)
      .all();
    return { ...this.openCounts(), ...countsOf(ended) };
  }

  /** Of those that have not ended, by their states. */
  openCounts(): Readonly<Record<string, number>> {
    return countsOf(this.#database.prepare(statementTexts.counts).all());
  }

  /** The reports of a job to whom it names, in its order. */
  reportsOf(id: string): readonly ReportState[] {
    if (!this.#hasDeliveries) return [];
    const rows = this.#database.prepare('SELECT * FROM delivery WHERE job_id = ? ORDER BY number').all(id);
    return rows.map((row) => ({
      id: text(row.id),
      to: describeTarget((JSON.parse(text(row.report)) as Report).target),
      state: text(row.state) as ReportState['state'],
      tries: Number(row.tries),
      nextTryAt: row.state === 'owed' ? instant(Number(row.next_at)) : null,
      endedAt: nullableInstant(row.ended_at),
      why: nullableText(row.why),
    }));
  }

  /** How many reports are owed, and since when the first of them. */
  reportsOwed(): { readonly count: number; readonly oldestAt: Instant | null } {
    if (!this.#hasDeliveries) return { count: 0, oldestAt: null };
    const row = this.#database
      .prepare(`SELECT count(*) AS count, min(owed_at) AS oldest FROM delivery WHERE state = 'owed'`)
      .get();
    return { count: Number(row?.count ?? 0), oldestAt: nullableInstant(row?.oldest) };
  }

  /** What is paused, the oldest first. */
  pauses(): readonly Scope[] {
    return readPauses(this.#database);
  }

  /** What SQLite finds wrong with the file, or null. */
  flaw(): string | null {
    return integrityFlaw(this.#database, 'integrity_check');
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #details(row: Row): JobDetails {
    const attempts = this.#database
      .prepare('SELECT started_at, record FROM attempt WHERE job_id = ? ORDER BY number')
      .all(text(row.id));
    const current = attempts.find((attempt) => attempt.record === null);
    return {
      ...jobRowOf(row),
      spec: specOf(row),
      fileName: text(row.file_name),
      droppedBy: Number(row.dropped_by),
      attempts: attempts.flatMap((attempt) =>
        attempt.record === null ? [] : [JSON.parse(text(attempt.record)) as AttemptRecord],
      ),
      runningSince: current ? instant(Number(current.started_at)) : null,
      record: row.record === null ? null : (JSON.parse(text(row.record)) as OutcomeRecord),
      waitsFor: this.#waits.of(row),
      retryOf: nullableText(row.retry_of),
    };
  }
}

const countsOf = (rows: readonly Row[]): Readonly<Record<string, number>> =>
  Object.fromEntries(rows.flatMap(({ state, count }) => (count === 0 ? [] : [[text(state), Number(count)]])));
