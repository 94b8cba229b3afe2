import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempDisposableSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { BootyError, type ErrorCode } from '../../src/job/error.ts';
import { instant } from '../../src/job/units.ts';
import { History } from '../../src/ledger/history.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { schemaVersion } from '../../src/ledger/schema.ts';
import { acceptAll, endsOf, finishOf, idOf, idsOf, now } from '../schedule/jobs.ts';
import { contentOf, stateOf } from './files.ts';
import { copyLedger } from './opened.ts';

interface Place extends Disposable {
  /** Of a ledger that need not be there. */
  readonly path: string;
}

function makePlace(): Place {
  const directory = mkdtempDisposableSync(join(tmpdir(), 'booty-migration-'));
  return { path: join(directory.path, 'ledger.db'), [Symbol.dispose]: () => directory.remove() };
}

/** A copy of what a supervisor of that version left when it was killed. */
function keptLedger(version: number): Place {
  const place = makePlace();
  copyFileSync(join(import.meta.dirname, `kept/version-${version}.db`), place.path);
  return place;
}

/** The same, its last job in the log that lies beside it: a dead supervisor's last words. */
function keptLedgerWithLog(): Place {
  using kept = keptLedger(1);
  using database = new DatabaseSync(kept.path);
  database.exec(`INSERT INTO job (id, name, kind, state, priority, spec, drop_token, file_name, dropped_by, dropped_at, accepted_at)
    SELECT 'last', name, kind, state, 9, spec, 'last', file_name, dropped_by, dropped_at, accepted_at FROM job WHERE id = 'waiting-1'`);
  const place = makePlace();
  copyLedger(kept.path, place.path);
  assert.ok(existsSync(`${place.path}-wal`));
  return place;
}

/** Of each there is one, also of the present: whoever changes the version finds it kept (scripts/keep-ledger). */
const versions = Array.from({ length: schemaVersion }, (_, index) => index + 1);

const children = join(import.meta.dirname, '../children');
const open = (path: string): void => new Ledger(path)[Symbol.dispose]();
const refusedWith = (code: ErrorCode) => (error: unknown) =>
  error instanceof BootyError && error.code === code && error.hint !== '';

const sinceVersion4 = ({ state, priority, pipeline_id }: Record<string, unknown>) => ({
  rank: state === 'ended' ? 0 : 0 - Number(priority),
  lane: null,
  blocked: 0,
  held: 0,
  needs_open: 0,
  ending: null,
  ending_reason: null,
  retry_of: null,
  round: state === 'verifying' || (state !== 'ended' && pipeline_id !== null) ? 1 : 0,
  rejection: null,
});
const totalsOf = ({ job = [], log = [] }: Readonly<Record<string, readonly Record<string, unknown>[]>>) => ({
  total: [
    { name: 'ended', value: job.filter(({ state }) => state === 'ended').length },
    { name: 'log-bytes', value: log.reduce((sum, { bytes }) => sum + Number(bytes), 0) },
  ],
});
const emptySinceVersion4 = { lane: [], start: [], need: [], pause: [], setting: [], delivery: [] };

void test('a ledger of the first version is brought to this one with all that it held', () => {
  for (const kept of [keptLedger(1), keptLedgerWithLog()]) {
    using place = kept;
    const before = contentOf(place.path);
    assert.equal(before.version, 1);
    using ledger = new Ledger(place.path);
    const after = contentOf(place.path);
    assert.equal(after.version, schemaVersion);
    assert.deepEqual(after.tables, {
      ...before.tables,
      job: before.tables.job?.map((row) => ({ ...row, due_at: null, expires_at: null, ...sinceVersion4(row) })),
      ...emptySinceVersion4,
      ...totalsOf(before.tables),
      attempt: before.tables.attempt?.map((row) => ({ ...row, recoveries: 0 })),
      log: [],
      suspect: [],
    });
    assert.deepEqual(
      ledger.leftovers().map(({ claim, process, ...rest }) => [claim.job.id, claim.attempt, process?.pid, rest]),
      [
        ['verifying+verify', 1, 15505, { lostBefore: 0, recoveries: 0, cancelled: null }],
        ['long', 1, 15516, { lostBefore: 0, recoveries: 0, cancelled: null }],
        ['once', 1, 15518, { lostBefore: 0, recoveries: 0, cancelled: null }],
      ],
    );
    assert.deepEqual(
      ledger.reportsDue('', 9).map(({ id, outcome, outputs }) => [id, outcome, outputs]),
      [['good', 'succeeded', { made: '1' }]],
    );
    assert.equal(ledger.verifying(idOf('verifying'))?.attempts.length, 1);
    using history = new History(place.path);
    assert.equal(history.flaw(), null);
  }
});

void test('a ledger of the second version is brought to this one with all that it held', () => {
  using place = keptLedger(2);
  const before = contentOf(place.path);
  assert.equal(before.version, 2);
  using ledger = new Ledger(place.path);
  const { version, tables } = contentOf(place.path);
  assert.equal(version, schemaVersion);
  const job = before.tables.job?.map((row) => ({ ...row, due_at: null, expires_at: null, ...sinceVersion4(row) }));
  assert.deepEqual(tables, { ...before.tables, job, ...emptySinceVersion4, ...totalsOf(before.tables) });
  assert.equal(ledger.counts().waiting, 3);
  assert.equal(ledger.retention.logBytes(), 17);
});

void test('a ledger of the third version is brought to this one with all that it held', async () => {
  using place = keptLedger(3);
  const before = contentOf(place.path);
  assert.equal(before.version, 3);
  using ledger = new Ledger(place.path);
  const { version, tables } = contentOf(place.path);
  assert.equal(version, schemaVersion);
  const job = before.tables.job?.map((row) => ({ ...row, ...sinceVersion4(row) }));
  assert.deepEqual(tables, { ...before.tables, job, ...emptySinceVersion4, ...totalsOf(before.tables) });
  assert.deepEqual(idsOf(ledger.leftovers().map(({ claim }) => claim)), ['verifying+verify', 'long', 'once']);
  // A retry, a job that is not to start before 2030, and one that must have started before its expiry, keep their times.
  const [stale, retry, far] = [1_796_084_411_339, 1_796_084_410_475, Date.UTC(2030, 0)];
  const origin = { release: null, environment: 'test', jitter: 0.5 };
  assert.deepEqual(await ledger.advance(instant(retry - 1), origin), []);
  const idsAt = async (at: number) => idsOf(await ledger.claim('pipeline', 9, instant(at)));
  assert.deepEqual(await idsAt(retry - 1), ['waiting-3', 'waiting-2', 'waiting-1', 'stale']);
  await ledger.advance(instant(retry), origin);
  assert.deepEqual(await idsAt(retry), ['far']);
  assert.deepEqual(await ledger.advance(instant(stale + 1), origin), []);
  assert.equal(ledger.nextChange(), far);
  await ledger.advance(instant(far), origin);
  assert.deepEqual(await idsAt(far), ['tomorrow']);
});

void test('a job of the third version that was not started in time is cancelled under this one', async () => {
  using place = keptLedger(3);
  using ledger = new Ledger(place.path);
  const origin = { release: null, environment: 'test', jitter: 0.5 };
  const ended = await ledger.advance(instant(1_796_084_411_340), origin);
  assert.deepEqual(
    ended.map(({ id, outcome }) => [id, outcome]),
    [['stale', 'cancelled']],
  );
});

void test('a ledger of the fourth version is brought to this one with all that it held', () => {
  using place = keptLedger(4);
  const before = contentOf(place.path);
  assert.equal(before.version, 4);
  using ledger = new Ledger(place.path);
  const { version, tables } = contentOf(place.path);
  assert.equal(version, schemaVersion);
  assert.deepEqual(tables, { ...before.tables, ...totalsOf(before.tables) });
  assert.ok(ledger.retention.logBytes() >= 0);
});

void test('a ledger of an earlier version can be read before it is brought to this one', () => {
  for (const [version, count] of [
    [1, 11],
    [2, 11],
    [3, 16],
    [4, 19],
  ] as const) {
    using place = keptLedger(version);
    using history = new History(place.path);
    if (version < 4) {
      assert.deepEqual([history.reportsOwed(), history.reportsOf('good')], [{ count: 0, oldestAt: null }, []]);
    }
    const { jobs } = history.list({ limit: 99 });
    assert.equal(jobs.length, count);
    assert.equal(history.list({ state: 'waiting', limit: 99 }).jobs.length, history.openCounts().waiting);
    for (const { id } of jobs) assert.ok('id' in history.find(id));
    assert.equal(contentOf(place.path).version, version);
  }
});

void test('work that was begun under the first version goes on to its end', async () => {
  using place = keptLedgerWithLog();
  using ledger = new Ledger(place.path);
  await acceptAll(ledger, ['new', { priority: 2 }]);
  const [verifier, long, once] = ledger.leftovers().map(({ claim }) => claim);
  assert.ok(verifier && long && once);
  await ledger.noteRecovery();
  assert.deepEqual(endsOf(await ledger.finish(verifier, finishOf('lost'))), ['waiting']);
  assert.deepEqual(endsOf(await ledger.finish(long, finishOf('lost'))), ['waiting']);
  assert.deepEqual(endsOf(await ledger.finish(once, finishOf('lost', { again: false, logBytes: 7 }))), [
    'once crashed',
  ]);
  const claims = [...(await ledger.claim('pipeline', 9, now)), ...(await ledger.claim('verifier', 9, now))];
  assert.deepEqual(idsOf(claims), ['last', 'waiting-3', 'waiting-2', 'new', 'waiting-1', 'long', 'verifying+verify']);
  const ends = [];
  for (const claim of claims) ends.push(...endsOf(await ledger.finish(claim, finishOf('succeeded'))));
  assert.deepEqual(ends.slice(-3), ['long succeeded', 'verifying+verify succeeded', 'verifying succeeded']);
  const due = ledger.reportsDue('', 99);
  assert.equal(due.length, 10);
  for (const { id } of due) await ledger.reported(idOf(id));
  assert.equal(ledger.retention.logBytes(), 7);
  const limits = { maxAgeMs: 0, maxJobs: 1 } as Parameters<Ledger['retention']['expired']>[0];
  for (;;) {
    const ids = ledger.retention.expired(limits, instant(Date.UTC(2030, 0)));
    if (ids.length === 0) break;
    await ledger.retention.forget(ids);
  }
  const { tables } = contentOf(place.path);
  assert.deepEqual([tables.job, tables.attempt, tables.report, tables.log], [[], [], [], []]);
});

void test('a ledger that was brought to this version is like one that was made by it', () => {
  const schemaOf = (path: string): unknown => {
    using copy = makePlace();
    using database = new DatabaseSync(copyLedger(path, copy.path));
    return database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();
  };
  using made = makePlace();
  open(made.path);
  for (const version of versions) {
    using kept = keptLedger(version);
    open(kept.path);
    assert.deepEqual(schemaOf(kept.path), schemaOf(made.path), `of version ${version}`);
  }
  using old = keptLedger(1);
  open(old.path);
  const before = stateOf(old.path);
  open(old.path);
  assert.deepEqual(stateOf(old.path), before, 'and is left alone from then on');
});

void test('a migration that fails in its middle leaves the ledger as it was, for the version before', () => {
  // Of the second version's statements some come before this one's turn, and some after.
  const obstacle = 'CREATE TABLE log (whose INTEGER) STRICT';
  for (const kept of [keptLedger(1), keptLedgerWithLog()]) {
    using place = kept;
    {
      using database = new DatabaseSync(place.path);
      database.exec(obstacle);
    }
    const [before, bytes] = [contentOf(place.path), readFileSync(place.path)];
    assert.throws(() => open(place.path), refusedWith('LEDGER_UNUSABLE'));
    assert.deepEqual(contentOf(place.path), before);
    assert.deepEqual(readFileSync(place.path), bytes);
    {
      using database = new DatabaseSync(place.path);
      database.exec('DROP TABLE log');
    }
    using ledger = new Ledger(place.path);
    assert.equal(ledger.leftovers().length, 3, 'nothing of the first try is in the way of the second');
  }
});

/** Opens it in a process whose files may have no more than so many bytes. */
function openWithin(bytes: number, path: string): string {
  const limit = ['prlimit', `--fsize=${bytes}`, '--', process.execPath, join(children, 'open-ledger.ts'), path];
  const { stdout, error } = spawnSync(limit[0] ?? '', limit.slice(1), { encoding: 'utf8' });
  if (error) throw error;
  return stdout.trim();
}
const noLimits =
  spawnSync('prlimit', ['--version']).status !== 0 && 'SYSTEM: there is no prlimit (util-linux) to make a disk full';

void test('a disk that is full in the middle of a migration leaves the ledger as it was', { skip: noLimits }, () => {
  using place = keptLedgerWithLog();
  const before = contentOf(place.path);
  const { size } = statSync(`${place.path}-wal`);
  for (const pages of [0.5, 3]) {
    assert.equal(openWithin(size + pages * 4096, place.path), 'LEDGER_UNUSABLE');
    assert.deepEqual(contentOf(place.path), before);
  }
  assert.equal(openWithin(1024 ** 2, place.path), 'opened');
  assert.equal(contentOf(place.path).version, schemaVersion);
});

void test('a newer ledger that was left by a killed supervisor is refused, with every byte of it in its place', async () => {
  using place = makePlace();
  const writer = spawn(process.execPath, [join(children, 'leave-newer-ledger.ts'), place.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(writer, 'exit');
  await once(writer.stdout, 'data');
  writer.kill('SIGKILL');
  await exited;
  const before = stateOf(place.path);
  assert.deepEqual(
    before.map((file) => file.split(' ')[0]),
    ['ledger.db', 'ledger.db-wal'],
    'what says that it is newer is in the log',
  );
  for (let time = 0; time < 2; time += 1) {
    assert.throws(() => open(place.path), refusedWith('LEDGER_NEWER'));
    assert.throws(() => new History(place.path), refusedWith('LEDGER_NEWER'));
    assert.deepEqual(stateOf(place.path), before);
  }
});

/** A ledger of some pages, and what its supervisor left beside it where that was killed. */
async function filledLedger(end: 'stopped' | 'killed'): Promise<Place> {
  const place = makePlace();
  using first = makePlace();
  using ledger = new Ledger(first.path);
  await acceptAll(ledger, ...Array.from({ length: 500 }, (_, index) => [`job-${index}`] as const));
  if (end === 'killed') {
    using database = new DatabaseSync(first.path);
    database.exec('PRAGMA wal_checkpoint');
    await acceptAll(ledger, ['one-more']);
  } else ledger[Symbol.dispose]();
  copyLedger(first.path, place.path);
  return place;
}

const damages: Readonly<Record<string, (path: string) => void>> = {
  'with pages of nonsense': (path) => {
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x5a, 3 * 4096, 9 * 4096));
  },
  'that lost its end': (path) => truncateSync(path, 5 * 4096),
  'that lost a page of an index': (path) => {
    using copy = makePlace();
    using database = new DatabaseSync(copyLedger(path, copy.path));
    const root = `SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_job_1'`;
    const page = database.prepare(root).get()?.rootpage;
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, (Number(page) - 1) * 4096, Number(page) * 4096));
  },
};

for (const [what, damage] of Object.entries(damages))
  for (const end of ['stopped', 'killed'] as const)
    void test(`a ledger ${what}, whose supervisor was ${end}, is refused as it is`, async () => {
      using place = await filledLedger(end);
      open(copyLedger(place.path, `${place.path}.sound`));
      damage(place.path);
      const before = stateOf(place.path);
      assert.equal(existsSync(`${place.path}-wal`), end === 'killed');
      assert.throws(() => open(place.path), refusedWith('LEDGER_DAMAGED'));
      assert.deepEqual(stateOf(place.path), before);
    });
