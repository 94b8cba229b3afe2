import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { instant, milliseconds } from '../../src/job/units.ts';
import { memoryPlace } from '../harness/memory-place.ts';
import { acceptAll, claimOne, idOf, idsOf, now } from '../schedule/jobs.ts';
import { openLedger } from './opened.ts';

const jobs = 30_000;

/** Ended jobs, each with a log. */
const history = `
  WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${jobs})
  INSERT INTO job (id, name, kind, state, priority, spec, drop_token, file_name, dropped_by, dropped_at, accepted_at, ended_at, outcome, record)
  SELECT 'job-' || (n * 7919 % ${jobs}), 'n', 'pipeline', 'ended', 0, hex(zeroblob(200)), '', '', 0, 0, 0, n, 'succeeded', hex(zeroblob(400)) FROM number;
  INSERT INTO log SELECT id, ended_at, 100 FROM job WHERE state = 'ended'`;

/** The fastest of some times: what the machine does beside it is not asked. */
async function fastestMs(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < 5; time += 1) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return Math.min(...times);
}

void test('a long history makes neither the start nor the loop slower', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger, path } = opened;
  await acceptAll(ledger, ['running'], ['waiting']);
  const claim = await claimOne(ledger);
  {
    using database = new DatabaseSync(path);
    database.exec(history);
  }
  assert.deepEqual(ledger.counts(), { waiting: 1, running: 1, verifying: 0 });
  assert.deepEqual(idsOf(ledger.leftovers().map((leftover) => leftover.claim)), ['running']);
  const limits = { maxAgeMs: milliseconds(0), maxJobs: jobs - 1 };
  assert.deepEqual(ledger.retention.expired(limits, instant(0)), ['job-7919']);
  assert.equal(ledger.retention.excessLogs(100 * (jobs - 3))[0], 'job-7919');
  const asked: Readonly<Record<string, () => unknown>> = {
    counts: () => ledger.counts(),
    leftovers: () => ledger.leftovers(),
    noteRecovery: () => ledger.noteRecovery(),
    claim: () => ledger.claim('verifier', 9, now),
    release: () => ledger.release({ ...claim, token: 99 }),
    expired: () => ledger.retention.expired(limits, instant(0)),
    'expired by age': () => ledger.retention.expired({ ...limits, maxJobs: 1e9 }, now),
    excessLogs: () => ledger.retention.excessLogs(100),
    reportsDue: () => ledger.reportsDue('', 100),
    reported: () => Promise.all([ledger.reported(idOf('job-1')), ledger.probe()]),
  };
  for (const [what, work] of Object.entries(asked)) {
    const ms = await fastestMs(work);
    assert.ok(ms < 10, `${what} took ${ms} ms`);
  }
});
