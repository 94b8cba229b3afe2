import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { BootyError } from '../../src/job/error.ts';
import { bytes, milliseconds } from '../../src/job/units.ts';
import { LedgerRefusal } from '../../src/ledger/refusal.ts';
import { acceptAll, claimOne } from '../schedule/jobs.ts';
import { isRoot, nobody } from './another-user.ts';
import { dayMs, keepAll, Sweeps, sweep } from './sweeps.ts';

const refusal = (): Promise<never> => Promise.reject(new LedgerRefusal('database or disk is full'));

void test('jobs beyond the limits go with their outcome files, logs and whatever else they left', async () => {
  using sweeps = new Sweeps();
  await sweeps.end('old', { daysAgo: 11, logBytes: 5 });
  sweeps.write('old', 'left/by/the/job');
  await sweeps.end('first', { logBytes: 5 });
  await sweeps.end('second');
  await acceptAll(sweeps.ledger, ['running', { priority: 1 }], ['waiting']);
  await claimOne(sweeps.ledger);
  sweeps.write('running', '1.log');
  await sweep(sweeps.retention({ maxAgeMs: milliseconds(10 * dayMs) }));
  const kept = ['running directory 1.log', 'second row outcome'];
  assert.deepEqual(sweeps.jobs, ['first row outcome directory 1.log', ...kept]);
  await sweep(sweeps.retention({ maxJobs: 1 }));
  assert.deepEqual(sweeps.jobs, kept);
  assert.deepEqual(sweeps.told, ['1 0 0', '1 0 0']);
  assert.deepEqual(sweeps.ledger.counts(), { waiting: 1, running: 1, verifying: 0 });
});

void test('logs beyond their budget go, the oldest first, and a little room is made with them', async () => {
  using sweeps = new Sweeps();
  for (const [id, daysAgo] of [
    ['a', 4],
    ['b', 3],
    ['c', 2],
    ['d', 1],
  ] as const)
    await sweeps.end(id, { daysAgo, logBytes: 100 });
  sweeps.write('a', '2.log');
  sweeps.write('a', 'report.csv');
  const limit = (maxLogBytes: number) => sweeps.retention({ maxLogBytes: bytes(maxLogBytes) });
  await sweep(limit(400));
  assert.deepEqual([sweeps.ledger.retention.logBytes(), sweeps.told], [400, []], 'what fits is kept');
  await sweep(limit(310));
  // A twentieth of the budget is left free: 295 bytes are the aim.
  assert.deepEqual(sweeps.jobs, [
    'a row outcome directory report.csv',
    'b row outcome',
    'c row outcome directory 1.log',
    'd row outcome directory 1.log',
  ]);
  assert.deepEqual([sweeps.ledger.retention.logBytes(), sweeps.told], [200, ['0 2 0']]);
});

void test('rejected files go with their reasons, the oldest and those beyond their number', async () => {
  using sweeps = new Sweeps();
  for (const [name, daysAgo] of [
    ['ancient', 40],
    ['b', 3],
    ['c', 2],
    ['d', 1],
  ] as const)
    sweeps.reject(name, daysAgo);
  writeFileSync(join(sweeps.paths.rejected, 'somebody’s'), '');
  await sweep(sweeps.retention({ maxAgeMs: milliseconds(30 * dayMs) }));
  await sweep(sweeps.retention({ maxRejected: 2 }));
  assert.deepEqual(sweeps.rejected, ['c', 'c.reason.json', 'd', 'd.reason.json', 'somebody’s']);
  assert.deepEqual(sweeps.told, ['0 0 1', '0 0 1']);
});

void test('a sweep whose removals the ledger refuses is gone through again, and by then no file is missed', async () => {
  using sweeps = new Sweeps();
  for (const id of ['a', 'b']) await sweeps.end(id, { logBytes: 9 });
  const refusing = { ...sweeps.swept, forget: refusal, forgetLogs: refusal };
  const { retention } = sweeps.ledger;
  await sweep(sweeps.retention({ maxJobs: 1 }, refusing));
  assert.deepEqual(sweeps.jobs, ['a row', 'b row outcome directory 1.log'], 'its files have gone first');
  await sweep(sweeps.retention({ maxLogBytes: bytes(1) }, refusing));
  assert.deepEqual([sweeps.jobs, retention.logBytes()], [['a row', 'b row outcome'], 18]);
  assert.deepEqual(sweeps.told, []);
  await sweep(sweeps.retention({ maxJobs: 1, maxLogBytes: bytes(1) }));
  assert.deepEqual([sweeps.jobs, retention.logBytes(), sweeps.told], [['b row outcome'], 0, ['1 1 0']]);
});

/** Root may remove everything: what follows is done by somebody who may not. */
function asOrdinaryUser(): Disposable {
  if (isRoot) process.seteuid?.(nobody);
  return { [Symbol.dispose]: () => void (isRoot && process.seteuid?.(0)) };
}

void test('what a job has made read-only goes too', async () => {
  using _user = asOrdinaryUser();
  using sweeps = new Sweeps();
  await sweeps.end('cache');
  sweeps.write('cache', 'cache/of/packages/file');
  for (const [path, mode] of [
    ['cache/of/packages', 0o500],
    ['cache/of', 0],
    ['cache', 0o555],
    ['', 0o500],
  ] as const)
    chmodSync(join(sweeps.paths.jobs, 'cache', path), mode);
  await sweep(sweeps.retention({ maxJobs: 0 }));
  assert.deepEqual([sweeps.jobs, sweeps.told], [[], ['1 0 0']]);
});

void test('a stop ends a sweep after its present part, and the next goes on with it', async () => {
  using sweeps = new Sweeps();
  const ids = Array.from({ length: 250 }, (_, index) => `j${String(index).padStart(3, '0')}`);
  for (const id of ids) await sweeps.end(id);
  const { swept } = sweeps;
  const stopAndForget: typeof swept.forget = (gone) => {
    retention.stop();
    return swept.forget(gone);
  };
  const retention = sweeps.retention({ maxJobs: 0 }, { ...swept, forget: stopAndForget });
  await sweep(retention);
  assert.deepEqual(
    sweeps.jobs,
    ids.slice(200).map((id) => `${id} row outcome`),
  );
  assert.deepEqual(sweeps.told, ['200 0 0']);
  assert.equal(await sweep(retention), false, 'nothing is begun after a stop');
  await sweep(sweeps.retention({ maxJobs: 0 }));
  assert.deepEqual(sweeps.jobs, []);
});

void test('a sweep comes at the start, each hour, with new limits, and early where much has ended or was logged', async () => {
  using sweeps = new Sweeps();
  let nowMs = 0;
  const clock = mock.method(performance, 'now', () => nowMs);
  try {
    const retention = sweeps.retention({ maxJobs: 4000, maxLogBytes: bytes(1000) });
    assert.equal(await sweep(retention), true);
    nowMs += 3_600_000 - 1;
    assert.equal(await sweep(retention), false);
    nowMs += 1;
    assert.deepEqual([await sweep(retention), await sweep(retention)], [true, false]);
    for (let ended = 0; ended < 199; ended += 1) retention.note(0);
    assert.equal(await sweep(retention), false);
    retention.note(0);
    assert.deepEqual([await sweep(retention), await sweep(retention)], [true, false]);
    retention.note(49);
    assert.equal(await sweep(retention), false);
    retention.note(1);
    assert.deepEqual([await sweep(retention), await sweep(retention)], [true, false]);
    retention.setLimits({ ...keepAll, maxJobs: 10 });
    assert.deepEqual([await sweep(retention), await sweep(retention)], [true, false]);
    for (let ended = 0; ended < 99; ended += 1) retention.note(0);
    assert.equal(await sweep(retention), false, 'of few that are kept, a hundred');
    retention.note(0);
    const first = sweep(retention);
    retention.setLimits(keepAll);
    assert.deepEqual([await sweep(retention), await first], [false, true], 'one at a time');
    assert.equal(await sweep(retention), true, 'and then with the newest limits');
  } finally {
    clock.mock.restore();
  }
});

/** A tree that is deeper than a path may be long, as a loop in a job makes it. */
function digDeep(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const dig =
    'name=$(printf %0250d 0); for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do mkdir $name && cd -P $name || exit 1; done';
  execFileSync('sh', ['-c', dig], { cwd: directory });
}

/** What root has put there, as a container that runs as root does. */
function leaveForRoot(directory: string): void {
  process.seteuid?.(0);
  mkdirSync(join(directory, 'theirs'));
  writeFileSync(join(directory, 'theirs/file'), '');
  process.seteuid?.(nobody);
}

const hindrances: Readonly<Record<string, (directory: string) => void>> = {
  'a tree that is deeper than a path may be long': (directory) => digDeep(join(directory, 'mine')),
  'a file in place of its directory': (directory) => {
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
  },
  ...(isRoot ? { 'what only root may remove': leaveForRoot } : {}),
};

for (const [what, hinder] of Object.entries(hindrances))
  void test(`a job that left ${what} keeps no other from being swept`, async () => {
    using user = asOrdinaryUser();
    using sweeps = new Sweeps();
    await sweeps.end('bad', { daysAgo: 3, logBytes: 100 });
    await sweeps.end('good', { daysAgo: 2, logBytes: 100 });
    await sweeps.end('last', { daysAgo: 1 });
    sweeps.reject('file', 9);
    hinder(join(sweeps.paths.jobs, 'bad'));
    try {
      await sweep(sweeps.retention({ maxLogBytes: bytes(50), maxRejected: 0 }));
      assert.deepEqual([sweeps.jobs.slice(1), sweeps.rejected], [['good row outcome', 'last row outcome'], []]);
      await sweep(sweeps.retention({ maxJobs: 1 }));
      assert.deepEqual(
        sweeps.jobs.filter((job) => !job.startsWith('bad')),
        ['last row outcome'],
      );
    } finally {
      user[Symbol.dispose]();
      rmSync(join(sweeps.paths.jobs, 'bad'), { recursive: true, force: true });
    }
  });

void test('a reason that is gone when it is looked at keeps no other from being swept', async () => {
  using sweeps = new Sweeps();
  sweeps.reject('file', 9);
  symlinkSync('nowhere', join(sweeps.paths.rejected, 'gone.reason.json'));
  await sweep(sweeps.retention({ maxRejected: 0 }));
  assert.deepEqual(sweeps.rejected, ['gone.reason.json']);
});

void test('rejected files are left to the next sweep too where a stop came before', async () => {
  using sweeps = new Sweeps();
  sweeps.reject('file', 9);
  const retention = sweeps.retention({ maxRejected: 0 });
  const swept = sweep(retention);
  retention.stop();
  await swept;
  assert.equal(sweeps.rejected.length, 2);
});

void test('a ledger that is damaged is not passed over by the sweep that finds it', async () => {
  using sweeps = new Sweeps();
  await sweeps.end('a');
  const failure = new BootyError('LEDGER_DAMAGED', 'the ledger is damaged', { hint: 'mend it' });
  mock.method(sweeps.ledger.retention, 'expired', () => {
    throw failure;
  });
  await assert.rejects(sweep(sweeps.retention({ maxJobs: 0 })), failure);
});
