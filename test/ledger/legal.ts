import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import type { AttemptRecord, OutcomeRecord } from '../../src/job/outcome.ts';

type Row = Readonly<Record<string, string | number | null>>;

/** The rows of a ledger, as they are. */
export interface Rows {
  readonly jobs: readonly Row[];
  readonly attempts: readonly Row[];
  readonly reports: readonly string[];
  readonly logs: readonly Row[];
}

export function rowsOf(database: DatabaseSync): Rows {
  const read = (sql: string): Row[] =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }) as Row);
  return {
    jobs: read('SELECT * FROM job ORDER BY seq'),
    attempts: read('SELECT * FROM attempt ORDER BY job_id, number'),
    reports: read('SELECT job_id FROM report ORDER BY job_id').map((row) => String(row.job_id)),
    logs: read('SELECT * FROM log ORDER BY job_id'),
  };
}

/**
 * What holds for a ledger at any time, whatever has happened. Knows nothing of what that was.
 * @param before the same ledger one transaction or more earlier
 */
export function assertLegal(rows: Rows, before: Rows): void {
  const byId = new Map(rows.jobs.map((job) => [String(job.id), job]));
  assertLegalBeside(rows, before);
  for (const job of rows.jobs) assertVerifier(job, byId);
}

/** All of it but how pipelines and their verifiers go together: that each has one, which never runs twice, does not hold everywhere. */
export function assertLegalBeside(rows: Rows, before: Rows): void {
  const byId = new Map(rows.jobs.map((job) => [String(job.id), job]));
  for (const job of rows.jobs) {
    const attempts = rows.attempts.filter((attempt) => attempt.job_id === job.id);
    assertAttempts(job, attempts);
    assert.equal(job.state === 'ended', job.record !== null, 'a job has an outcome just when it has ended');
  }
  for (const id of rows.reports) assert.equal(byId.get(id)?.state, 'ended', 'a report is owed of ended jobs only');
  for (const { job_id: id } of [...rows.attempts, ...rows.logs])
    assert.ok(byId.has(String(id)), 'nothing is left alone');
  for (const job of before.jobs) assertWay(job, byId.get(String(job.id)) ?? null, before, rows);
}

function assertAttempts(job: Row, attempts: readonly Row[]): void {
  const open = attempts.filter(({ record }) => record === null);
  assert.deepEqual(
    attempts.map(({ number }) => number),
    Array.from({ length: Number(job.attempt) }, (_, index) => index + 1),
    'attempts are numbered from 1 without a gap',
  );
  assert.deepEqual(
    open.map(({ number, token }) => [number, token]),
    job.state === 'running' ? [[job.attempt, job.token]] : [],
    'one attempt is under way where a job runs, and none elsewhere',
  );
  assert.equal(job.started_at, attempts[0]?.started_at ?? null);
  if (job.state !== 'ended') return;
  const record = JSON.parse(String(job.record)) as OutcomeRecord;
  assert.deepEqual([record.id, record.outcome, record.attempt], [job.id, job.outcome, attempts.length]);
  assert.deepEqual(
    record.attempts,
    attempts.map((attempt) => JSON.parse(String(attempt.record)) as AttemptRecord),
  );
}

function assertVerifier(job: Row, byId: ReadonlyMap<string, Row>): void {
  const verifier = byId.get(`${job.id}+verify`);
  if (job.state === 'verifying') assert.ok(verifier && verifier.state !== 'ended', 'who is verified has a verifier');
  if (job.state !== 'verifying' && verifier) {
    assert.deepEqual([job.state, verifier.state], ['ended', 'ended'], 'both end together');
    assert.equal(job.outcome, verifier.outcome);
  }
  if (job.pipeline_id === null) return;
  assert.equal(job.id, `${job.pipeline_id}+verify`);
  if (job.state !== 'ended') assert.equal(byId.get(String(job.pipeline_id))?.state, 'verifying');
}

/** From one moment to a later one. */
function assertWay(earlier: Row, later: Row | null, before: Rows, after: Rows): void {
  const wasOwed = before.reports.includes(String(earlier.id));
  if (!later || later.seq !== earlier.seq) {
    assert.ok(earlier.state === 'ended' && !wasOwed, 'only what has ended and was reported is forgotten');
    return;
  }
  if (earlier.state === 'ended') assert.deepEqual(later, earlier, 'an ended job never changes');
  else if (later.state === 'ended')
    assert.ok(after.reports.includes(String(later.id)), 'a report is owed from the end on');
  assert.ok(Number(later.token) >= Number(earlier.token), 'tokens only grow');
  for (const attempt of before.attempts.filter(({ job_id: id, record }) => id === earlier.id && record !== null))
    assert.deepEqual(
      after.attempts.find(({ job_id: id, number }) => id === attempt.job_id && number === attempt.number),
      attempt,
      'an ended attempt never changes',
    );
}
