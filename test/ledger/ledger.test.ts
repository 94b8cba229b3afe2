import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { acceptAll, claimOne, drop, finishOf, idOf, now } from '../schedule/jobs.ts';
import { openLedger } from './opened.ts';

const due = (ledger: Ledger): string[] => ledger.reportsDue('', 100).map(({ id, outcome }) => `${id} ${outcome}`);

void test('a report is owed for each outcome until it is made, over a restart too', async () => {
  await using opened = openLedger();
  const { queue: ledger } = opened;
  await acceptAll(ledger, ['p', { verify: true }], ['q']);
  assert.deepEqual(due(ledger), []);
  await ledger.finish(await claimOne(ledger), finishOf('succeeded'));
  await ledger.finish(await claimOne(ledger), finishOf('interrupted'));
  assert.deepEqual(due(ledger), [], 'nothing has ended yet');
  const finished = await ledger.finish(await claimOne(ledger, 'verifier'), finishOf('crashed'));
  const next = await opened.restart();
  assert.deepEqual(due(next).sort(), ['p crashed', 'p+verify crashed']);
  assert.deepEqual(next.reportsDue('', 1).length, 1);
  assert.ok(finished.kind === 'ended');
  assert.deepEqual(
    next.reportsDue('', 100).find(({ id }) => id === 'p'),
    finished.records[1],
  );
  await next.reported(idOf('p'));
  await next.reported(idOf('p'));
  assert.deepEqual(due(next), ['p+verify crashed']);
  assert.deepEqual(due(await opened.restart()), ['p+verify crashed']);
});

void test('an outcome and an ended attempt never change, whoever tries', async () => {
  await using opened = openLedger();
  await acceptAll(opened.queue, ['a']);
  await opened.queue.finish(await claimOne(opened.queue), finishOf('crashed'));
  using database = new DatabaseSync(opened.path);
  const before = database.prepare('SELECT * FROM job').all();
  const tries = [
    `UPDATE job SET state = 'waiting', outcome = NULL, record = NULL WHERE id = 'a'`,
    `UPDATE job SET outcome = 'succeeded' WHERE id = 'a'`,
    `UPDATE job SET token = token + 1`,
    `UPDATE attempt SET record = NULL`,
  ];
  for (const sql of tries) assert.throws(() => database.exec(sql), /never changes/, sql);
  assert.throws(() => database.exec(`UPDATE job SET state = 'gone' WHERE id = 'a'`));
  assert.deepEqual(database.prepare('SELECT * FROM job').all(), before);
});

void test('no job is half ended, in a state of its own making, or twice the same', async () => {
  await using opened = openLedger();
  await acceptAll(opened.queue, ['a']);
  using database = new DatabaseSync(opened.path);
  const tries = [
    `UPDATE job SET state = 'ended'`,
    `UPDATE job SET outcome = 'succeeded'`,
    `UPDATE job SET record = '{}'`,
    `UPDATE job SET state = 'ended', outcome = 'exploded', record = '{}'`,
    `UPDATE job SET state = 'paused'`,
    `UPDATE job SET kind = 'check'`,
    `UPDATE job SET priority = 'high'`,
    `INSERT INTO job SELECT NULL, id, name, kind, state, priority, spec, pipeline_id, drop_token, file_name, dropped_by, dropped_at,
      accepted_at, token, attempt, started_at, ended_at, outputs, outcome, record, due_at, expires_at,
      rank, lane, blocked, held, needs_open, ending, ending_reason, retry_of, round, rejection FROM job`,
  ];
  for (const sql of tries) assert.throws(() => database.exec(sql), /constraint|cannot store/i, sql);
});

void test('one change that cannot be made takes no other with it', async () => {
  await using opened = openLedger();
  const { queue: ledger } = opened;
  await acceptAll(ledger, ['running'], ['other']);
  const claim = await claimOne(ledger);
  const bad = { ...drop('bad'), drop: { ...drop('bad').drop, uid: 1.5 } };
  // All are asked for in one turn, so they are in one transaction.
  const results = await Promise.allSettled([
    ledger.accept([drop('a')], now),
    ledger.accept([drop('b'), bad], now),
    ledger.finish(claim, finishOf('succeeded')),
    ledger.accept([drop('c')], now),
    ledger.finish(claim, { ...finishOf('succeeded'), durationMs: 1n as unknown as number }),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  );
  const next = await opened.restart();
  const waiting = await next.claim('pipeline', 9, now);
  assert.deepEqual(
    waiting.map(({ job }) => job.id),
    ['other', 'a', 'c'],
    'and of what failed, nothing is left',
  );
  assert.deepEqual(due(next), ['running succeeded']);
});

void test('a thousand changes at once are all made, and in order', async () => {
  await using opened = openLedger();
  const ids = Array.from({ length: 1200 }, (_, index) => `j${String(index).padStart(4, '0')}`);
  await Promise.all(ids.map((id) => opened.queue.accept([drop(id)], now)));
  const next = await opened.restart();
  assert.deepEqual(
    (await next.claim('pipeline', 2000, now)).map(({ job }) => job.id),
    ids,
  );
});

void test('what is asked for just before the end is made', async () => {
  await using opened = openLedger();
  const answers = opened.queue.accept([drop('a')], now);
  opened.close(opened.queue);
  assert.deepEqual(
    (await answers).map(({ kind }) => kind),
    ['accepted'],
  );
  assert.equal((await opened.restart()).counts().waiting, 1);
});

void test('a change after the end is refused', async () => {
  await using opened = openLedger();
  const program = join(import.meta.dirname, '../children/change-after-close.ts');
  const { stdout, status } = spawnSync(process.execPath, [program, opened.beside('other.db')], { encoding: 'utf8' });
  assert.deepEqual([stdout, status], ['refused\n', 0]);
});

void test('a verifier can be told what its pipeline came to', async () => {
  await using opened = openLedger();
  const { queue: ledger } = opened;
  await acceptAll(ledger, ['p', { verify: true }]);
  assert.equal(ledger.verifying(idOf('p')), null);
  await ledger.finish(await claimOne(ledger), finishOf('succeeded', { outputs: { rows: '7' } }));
  const record = ledger.verifying(idOf('p'));
  assert.deepEqual(
    [record?.outcome, record?.exitCode, record?.outputs, record?.attempts.length],
    ['succeeded', 0, { rows: '7' }, 1],
  );
  assert.equal(record?.endedAt, '2026-11-24T00:00:05.000Z');
  assert.equal(ledger.verifying(idOf('stranger')), null);
  await ledger.finish(await claimOne(ledger, 'verifier'), finishOf('succeeded'));
  assert.equal(ledger.verifying(idOf('p')), null);
});

void test('what was running when the supervisor died is found, with its process and how often that happened', async () => {
  await using opened = openLedger();
  const { queue: ledger } = opened;
  await acceptAll(ledger, ['a'], ['b'], ['c'], ['d']);
  await ledger.finish(await claimOne(ledger), finishOf('lost'));
  await ledger.finish(await claimOne(ledger), finishOf('interrupted'));
  const claims = await ledger.claim('pipeline', 2, now);
  const [a, b] = claims;
  assert.ok(a && b);
  const process = { pid: 4711, startTime: '123456', bootId: 'boot' };
  await ledger.noteProcess(a, { ...process, pid: 1 });
  await ledger.noteProcess(a, process);
  await ledger.noteProcess({ ...b, token: b.token + 1 }, process);
  await ledger.finish(await claimOne(ledger), finishOf('succeeded'));
  const next = await opened.restart();
  assert.deepEqual(next.leftovers(), [
    { claim: a, process, lostBefore: 1, recoveries: 0, cancelled: null },
    { claim: b, process: null, lostBefore: 0, recoveries: 0, cancelled: null },
  ]);
  assert.deepEqual(next.counts(), { waiting: 1, running: 2, verifying: 0 });
  await next.noteRecovery();
  assert.deepEqual(
    next.leftovers().map(({ recoveries }) => recoveries),
    [1, 1],
  );
  await next.finish(a, finishOf('lost'));
  assert.deepEqual(
    next.leftovers().map(({ claim }) => claim.job.id),
    ['b'],
  );
});
