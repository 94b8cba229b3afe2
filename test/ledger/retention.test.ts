import assert from 'node:assert/strict';
import { mkdtempDisposableSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { instant, milliseconds } from '../../src/job/units.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { checkpointPages } from '../../src/ledger/open.ts';
import { retentionBatch } from '../../src/ledger/retention.ts';
import { memoryPlace } from '../harness/memory-place.ts';
import { acceptAll, claimOne, drop, endsOf, finishOf, idOf, now } from '../schedule/jobs.ts';
import { end, sweep, upTo } from './ended-jobs.ts';
import { contentOf } from './files.ts';
import { openLedger } from './opened.ts';

/** As SQLite makes a new file. */
const pageBytes = 4096;

void test('jobs that ended longer ago than the limit go, the oldest first', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger } = opened;
  await end(ledger, [
    { id: 'c', at: 30 },
    { id: 'a', at: 10 },
    { id: 'b', at: 20 },
    { id: 'd', at: 40 },
  ]);
  const limits = upTo({ maxAgeMs: milliseconds(100) });
  assert.deepEqual(await sweep(ledger, limits, now + 110), [], 'what is just as old as the limit stays');
  assert.deepEqual(await sweep(ledger, limits, now + 131), ['a', 'b', 'c']);
  assert.deepEqual(await sweep(ledger, limits, now - 1e9), [], 'a clock that went back removes nothing');
});

void test('of jobs beyond their number those go that ended first', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger } = opened;
  await end(ledger, [
    { id: 'late', at: 50 },
    { id: 'early', at: 10 },
    { id: 'same-1', at: 20 },
    { id: 'same-2', at: 20 },
    { id: 'same-3', at: 20 },
  ]);
  assert.deepEqual(await sweep(ledger, upTo({ maxJobs: 5 })), []);
  assert.deepEqual(await sweep(ledger, upTo({ maxJobs: 3 })), ['early', 'same-1'], 'of a tie the first accepted');
  assert.deepEqual(await sweep(ledger, upTo({ maxJobs: 1 })), ['same-2', 'same-3']);
});

void test('what has not ended, or whose report is owed, stays whatever the limits are', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger, path } = opened;
  await end(ledger, [
    { id: 'owed', at: 0, owed: true },
    { id: 'done', at: 1 },
  ]);
  await acceptAll(ledger, ['verifying', { verify: true, priority: 2 }], ['running', { priority: 1 }], ['waiting']);
  await ledger.finish(await claimOne(ledger), finishOf('succeeded', { logBytes: 9 }));
  await claimOne(ledger);
  const none = upTo({ maxAgeMs: milliseconds(0), maxJobs: 0 });
  assert.deepEqual(await sweep(ledger, none, now + 1e12), ['done']);
  assert.deepEqual(ledger.retention.excessLogs(0), [], 'nor does the log of what goes on');
  const open = ['verifying', 'verifying+verify', 'running', 'waiting'];
  for (const id of [...open, 'owed']) {
    await assert.rejects(ledger.retention.forget([idOf(id)]), /never removed/, id);
    // Nor by anybody else.
    using database = new DatabaseSync(path);
    assert.throws(() => database.prepare('DELETE FROM job WHERE id = ?').run(id), /never removed/, id);
  }
  await ledger.reported(idOf('owed'));
  assert.deepEqual(await sweep(ledger, none, now + 1e12), ['owed']);
  assert.deepEqual(
    contentOf(path).tables.job?.map(({ id }) => id),
    ['verifying', 'running', 'waiting', 'verifying+verify'],
  );
});

void test('of a removal that is refused for one job, nothing is done to the others', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger, path } = opened;
  await end(ledger, [
    { id: 'a', at: 0, logBytes: 5 },
    { id: 'b', at: 0, logBytes: 5, owed: true },
  ]);
  const before = contentOf(path);
  await assert.rejects(ledger.retention.forget([idOf('a'), idOf('b')]), /never removed/);
  assert.deepEqual(contentOf(path), before);
});

void test('of a job that is forgotten nothing is left, and its id may be used again', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger, path } = opened;
  await end(ledger, [{ id: 'p', at: 0, wish: { verify: true }, logBytes: 5 }]);
  assert.deepEqual(await ledger.accept([drop('p', { token: 'again' })], now), [{ kind: 'duplicate', id: 'p' }]);
  await sweep(ledger, upTo({ maxJobs: 0 }));
  const { job, attempt, report, log } = contentOf(path).tables;
  assert.deepEqual([job, attempt, report, log], [[], [], [], []]);
  await acceptAll(ledger, ['p', { verify: true, token: 'again' }]);
  const claim = await claimOne(ledger);
  assert.equal(claim.attempt, 1);
  await ledger.finish(claim, finishOf('succeeded'));
  const finished = await ledger.finish(await claimOne(ledger, 'verifier'), finishOf('rejected'));
  assert.deepEqual(endsOf(finished), ['p+verify rejected', 'p rejected']);
});

void test('a pipeline is never forgotten before its verifier, which would be in the way of the next of that id', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger } = opened;
  await end(ledger, [{ id: 'p', at: 0, wish: { verify: true } }]);
  await sweep(ledger, upTo({ maxJobs: 1 }));
  const [answer] = await ledger.accept([drop('p', { token: 'again', verify: true })], now);
  if (answer?.kind === 'accepted') await ledger.finish(await claimOne(ledger), finishOf('succeeded'));
  await end(ledger, [{ id: 'q', at: 1 }]);
  assert.deepEqual(await sweep(ledger, upTo({ maxJobs: 1 })), ['p+verify', 'p']);
});

void test('a pipeline waits for its verifier whose report is still owed', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger } = opened;
  await end(ledger, [{ id: 'p', at: 0, wish: { verify: true }, owed: true }]);
  await ledger.reported(idOf('p'));
  assert.deepEqual(await sweep(ledger, upTo({ maxJobs: 0 })), []);
  await ledger.reported(idOf('p+verify'));
  assert.deepEqual(await sweep(ledger, upTo({ maxJobs: 0 })), ['p+verify', 'p']);
});

void test('one call answers a bounded number of jobs, and all go in the end', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger } = opened;
  const ids = Array.from({ length: 2 * retentionBatch + 5 }, (_, index) => `j${String(index).padStart(4, '0')}`);
  await acceptAll(ledger, ...ids.map((id) => [id] as const));
  const claims = await ledger.claim('pipeline', ids.length, now);
  await Promise.all(claims.map((claim) => ledger.finish(claim, finishOf('succeeded', { logBytes: 1 }))));
  await Promise.all(ids.map((id) => ledger.reported(idOf(id))));
  assert.equal(ledger.retention.expired(upTo({ maxJobs: 1 }), now).length, retentionBatch);
  assert.equal(ledger.retention.excessLogs(0).length, retentionBatch);
  assert.deepEqual(await sweep(ledger, upTo({ maxJobs: 1 })), ids.slice(0, -1));
  assert.equal(ledger.retention.logBytes(), 1);
});

void test('of logs beyond their budget the oldest go, and no more than must', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger } = opened;
  await end(ledger, [
    { id: 'new', at: 30, logBytes: 100 },
    { id: 'old', at: 10, logBytes: 60 },
    { id: 'silent', at: 5 },
    { id: 'middle', at: 20, logBytes: 40 },
  ]);
  const { retention } = ledger;
  assert.equal(retention.logBytes(), 200);
  for (const [targetBytes, ...ids] of [[200], [199, 'old'], [140, 'old'], [139, 'old', 'middle']] as const)
    assert.deepEqual(retention.excessLogs(targetBytes), ids, `${targetBytes}`);
  await retention.forgetLogs([idOf('old')]);
  assert.deepEqual([retention.logBytes(), retention.excessLogs(100)], [140, ['middle']]);
  assert.deepEqual(await sweep(ledger, upTo({ maxJobs: 3 })), ['silent'], 'its job is another matter');
});

void test('the logs of all attempts of a job are counted, as old as the last of them', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger } = opened;
  await acceptAll(ledger, ['twice', { priority: 1 }]);
  await ledger.finish(await claimOne(ledger), finishOf('lost', { endedAt: instant(now + 1), logBytes: 30 }));
  assert.deepEqual([ledger.retention.logBytes(), ledger.retention.excessLogs(0)], [30, []]);
  await end(ledger, []);
  await ledger.finish(await claimOne(ledger), finishOf('succeeded', { endedAt: instant(now + 9), logBytes: 12 }));
  await end(ledger, [{ id: 'once', at: 5, logBytes: 8 }]);
  assert.equal(ledger.retention.logBytes(), 50);
  assert.deepEqual(ledger.retention.excessLogs(49), ['once']);
  assert.deepEqual(ledger.retention.excessLogs(41), ['once', 'twice']);
});

void test('what a sweep removes goes from the log into the file little by little', async () => {
  using directory = mkdtempDisposableSync(join(memoryPlace(), 'booty-sweep-'));
  const path = join(directory.path, 'ledger.db');
  const count = 1000;
  {
    using ledger = new Ledger(path);
    await acceptAll(ledger, ...Array.from({ length: count }, (_, index): [string] => [`job-${index}`]));
    const claims = await ledger.claim('pipeline', count, now);
    await Promise.all(claims.map((claim) => ledger.finish(claim, finishOf('succeeded'))));
    await Promise.all(claims.map(({ job }) => ledger.reported(job.id)));
  }
  using ledger = new Ledger(path);
  const logBytes = (): number => statSync(`${path}-wal`).size;
  assert.equal((await sweep(ledger, upTo({ maxJobs: 0 }))).length, count);
  const batchPages = 120;
  assert.ok(logBytes() < (checkpointPages.sweep + batchPages) * pageBytes, `${logBytes()}`);
  await acceptAll(ledger, ...Array.from({ length: count }, (_, index): [string] => [`later-${index}`]));
  for (let left = count; left > 0; left -= 50) await ledger.claim('pipeline', 50, now);
  assert.ok(logBytes() > 2 * checkpointPages.sweep * pageBytes, 'after it as before it');
});
