import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { BootyError } from '../../src/job/error.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { LedgerRefusal } from '../../src/ledger/refusal.ts';
import { acceptAll, claimOne, drop, finishOf, now } from '../schedule/jobs.ts';
import { checkRefusals } from './refusing.ts';
import { openWords } from './words.ts';

const place = () => mkdtempDisposableSync(join(tmpdir(), 'booty-refusal-'));

/** Limits how large our files may become. Node.js ignores the signal that comes with it (SIGXFSZ). */
const limitFiles = (size: number | 'unlimited') =>
  spawnSync('prlimit', ['--pid', String(process.pid), `--fsize=${size}:`], { encoding: 'utf8' });
const noLimit =
  limitFiles('unlimited').status !== 0 && 'SYSTEM: prlimit (util-linux) cannot make files that do not grow';

void test('what a disk without room refuses is not half done, is told once, and can be done later', {
  skip: noLimit,
}, async () => {
  using directory = place();
  const path = join(directory.path, 'ledger.db');
  try {
    await checkRefusals(path, {
      take: () => assert.equal(limitFiles(statSync(`${path}-wal`).size).status, 0),
      give: () => assert.equal(limitFiles('unlimited').status, 0),
    });
  } finally {
    limitFiles('unlimited');
  }
});

const small = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'];
const mounted = 'mount -t tmpfs -o size=24M booty "$1" && shift && exec "$@"';
const runOnSmallDisk = (...command: readonly string[]) => {
  using directory = place();
  const [program, ...args] = [...small, mounted, 'sh', directory.path, ...command, directory.path];
  return spawnSync(program, args, { encoding: 'utf8' });
};
const noDisk = runOnSmallDisk('true').status !== 0 && 'SYSTEM: unshare (util-linux) cannot mount a small file system';

void test('the same holds for a file system that is full', { skip: noDisk }, () => {
  const program = join(import.meta.dirname, '../children/fill-disk.ts');
  const { stdout, stderr, status } = runOnSmallDisk(process.execPath, program);
  assert.deepEqual([stdout, status], ['done\n', 0], stderr);
});

void test('a change that cannot be made takes no other with it, and is no trouble of the disk', async () => {
  const { committer, add, words, told, close } = openWords();
  const failure = new Error('a defect');
  const results = await Promise.allSettled([
    committer.commit(add('a')),
    committer.commit(add(null)),
    committer.commitSoon(() => {
      add('half')();
      throw failure;
    }),
    committer.commit(add('a')),
    committer.commit(add('b')),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'],
  );
  assert.equal(results[2]?.status === 'rejected' && results[2].reason, failure);
  assert.deepEqual([words(), told()], [['a', 'b'], [null]]);
  close();
});

void test('what is refused to one change is refused to all of its transaction, and to none that comes later', async () => {
  const { committer, add, words, refuse, told, close } = openWords();
  const changes = [add('a'), () => refuse(true), add('b'), words];
  const results = await Promise.allSettled(changes.map((work) => committer.commit<unknown>(work)));
  assert.ok(results.every((result) => result.status === 'rejected' && result.reason instanceof LedgerRefusal));
  refuse(false);
  assert.equal(await committer.commit(add('c')), 1);
  assert.deepEqual([words(), told().map((state) => state instanceof LedgerRefusal)], [['c'], [true, false]]);
  close();
});

void test('many changes are several transactions, and what became of them is told', async () => {
  const { committer, add, words, told, close } = openWords();
  const written: string[] = [];
  const all = Array.from({ length: 1200 }, async (_, index) => {
    await committer.write(add(`${index}`));
    written.push(`${index}`);
  });
  const sizes: number[] = [];
  for (let turns = 0; written.length < 1200 && turns < 1200; turns += 1) {
    const before = written.length;
    await turn();
    if (written.length > before) sizes.push(written.length - before);
  }
  await Promise.all(all);
  await committer.commit(add('last'));
  assert.deepEqual([sizes, words().length], [[500, 500, 200], 1201]);
  assert.deepEqual([...new Set(told())], [null]);
  close();
});

void test('what nobody waits for is done by itself', async () => {
  const { committer, add, words, close } = openWords();
  await committer.commitSoon(add('a'));
  assert.deepEqual(words(), ['a']);
  void committer.commitSoon(add('b'));
  committer.flush();
  assert.deepEqual(words(), ['a', 'b']);
  await assert.rejects(Promise.race([committer.commit(add('b')), committer.commit(add('b'))]), /UNIQUE/);
  close();
});

void test('a ledger that is damaged while it is open is told as such, and left as it is', async () => {
  using directory = place();
  const path = join(directory.path, 'ledger.db');
  {
    using ledger = new Ledger(path);
    await acceptAll(ledger, ...Array.from({ length: 500 }, (_, index) => [`job-${index}`] as const));
    await ledger.finish(await claimOne(ledger), finishOf('succeeded'));
  }
  const states: unknown[] = [];
  using ledger = new Ledger(path, (failure) => states.push(failure));
  const damaged = readFileSync(path).fill(0x5a, 3 * 4096);
  writeFileSync(path, damaged);
  const isDamage = (error: unknown): boolean =>
    error instanceof BootyError && error.code === 'LEDGER_DAMAGED' && error.message.includes(path) && error.hint !== '';
  await assert.rejects(ledger.accept([drop('new')], now), isDamage);
  await assert.rejects(ledger.claim('pipeline', 1, now), isDamage);
  assert.deepEqual(states.map(isDamage), [true, true]);
  for (const look of [() => ledger.counts(), () => ledger.leftovers(), () => ledger.reportsDue('', 9)])
    assert.throws(look, isDamage);
  assert.deepEqual(readFileSync(path), damaged);
});

void test('a ledger that is damaged is told as such by those too who look for what may go', async () => {
  using directory = place();
  const path = join(directory.path, 'ledger.db');
  {
    using ledger = new Ledger(path);
    const ids = Array.from({ length: 500 }, (_, index) => `job-${index}`);
    await acceptAll(ledger, ...ids.map((id) => [id] as const));
    for (const claim of await ledger.claim('pipeline', 500, now))
      void ledger.finish(claim, finishOf('succeeded', { logBytes: 1 }));
    await ledger.probe();
  }
  using ledger = new Ledger(path);
  writeFileSync(path, readFileSync(path).fill(0x5a, 3 * 4096));
  const limits = { maxAgeMs: 0, maxJobs: 0 } as Parameters<typeof ledger.retention.expired>[0];
  const isDamage = (error: unknown): boolean => error instanceof BootyError && error.code === 'LEDGER_DAMAGED';
  for (const look of [
    () => ledger.retention.expired(limits, now),
    () => ledger.retention.excessLogs(0),
    () => ledger.retention.logBytes(),
  ])
    assert.throws(look, isDamage);
});
