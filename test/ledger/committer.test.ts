import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { syncPaceMs } from '../../src/disk/durable.ts';
import type { TransactionLog } from '../../src/ledger/log-file.ts';
import { LogFile } from '../../src/ledger/log-file.ts';
import { LedgerRefusal } from '../../src/ledger/refusal.ts';
import { openWords } from './words.ts';

/** A disk that finishes a sync when it is told to. */
class SlowLog implements TransactionLog {
  readonly #asked: PromiseWithResolvers<void>[] = [];
  syncs = 0;
  /** What it says of each sync that nobody waits for. */
  failure: Error | null = null;

  sync(): Promise<void> {
    this.syncs += 1;
    const asked = Promise.withResolvers<void>();
    this.#asked.push(asked);
    return asked.promise;
  }

  syncNow(): void {
    this.syncs += 1;
    if (this.failure) throw this.failure;
  }

  /** Resolves once so many have begun. */
  async begun(count: number): Promise<void> {
    for (let waitedMs = 0; this.syncs < count && waitedMs < 5000; waitedMs += 1) await sleep(1);
    assert.equal(this.syncs, count);
  }

  /** Ends the sync that runs, or is about to. */
  async end(failure: Error | null = null): Promise<void> {
    for (let waitedMs = 0; this.#asked.length === 0 && waitedMs < 5000; waitedMs += 1) await sleep(1);
    const asked = this.#asked.shift();
    assert.ok(asked, 'no sync runs');
    if (failure) asked.reject(failure);
    else asked.resolve();
    await turn();
  }

  [Symbol.dispose](): void {}
}

const full = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });

/** Notes in which order promises are settled. */
function watch(order: string[], name: string, promise: Promise<unknown>): void {
  promise.then(
    () => order.push(name),
    (error: unknown) => order.push(error instanceof LedgerRefusal ? `${name} refused` : String(error)),
  );
}

void test('a change is told once it is durable; one that need only outlive us, once it is written', async () => {
  const log = new SlowLog();
  const { committer, add, words, told, close } = openWords(log);
  const order: string[] = [];
  watch(order, 'commit', committer.commit(add('a')));
  watch(order, 'soon', committer.commitSoon(add('b')));
  watch(order, 'write', committer.write(add('c')));
  await turn();
  await turn();
  assert.deepEqual([order, words(), told()], [['write'], ['a', 'b', 'c'], []]);
  await log.end();
  assert.deepEqual([order, told()], [['write', 'commit', 'soon'], [null]]);
  close();
});

void test('what is committed during a sync waits for the next one, which all of it shares', async () => {
  const log = new SlowLog();
  const { committer, add, close } = openWords(log);
  const order: string[] = [];
  watch(order, 'a', committer.commit(add('a')));
  await turn();
  await turn();
  for (const name of ['b', 'c']) {
    watch(order, name, committer.commit(add(name)));
    await turn();
    await turn();
  }
  assert.equal(log.syncs, 1);
  await log.end();
  assert.deepEqual(order, ['a']);
  await log.begun(2);
  await log.end();
  assert.deepEqual([order, log.syncs], [['a', 'b', 'c'], 2]);
  close();
});

void test('a sync that would follow at once waits for others to share it, and one alone does not', async (t) => {
  let nowMs = 1000;
  t.mock.method(performance, 'now', () => nowMs);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const passes = (ms: number): void => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  const log = new SlowLog();
  const { committer, add, close } = openWords(log);
  const order: string[] = [];
  const commit = async (name: string): Promise<void> => {
    watch(order, name, committer.commit(add(name)));
    await turn();
    await turn();
  };
  await commit('a');
  passes(1);
  await log.end();
  await commit('b');
  await commit('c');
  assert.deepEqual([order, log.syncs], [['a'], 1]);
  passes(syncPaceMs - 1);
  assert.equal(log.syncs, 2);
  await log.end();
  assert.deepEqual(order, ['a', 'b', 'c']);
  passes(syncPaceMs);
  await commit('d');
  assert.equal(log.syncs, 3);
  await log.end();
  await commit('e');
  assert.equal(log.syncs, 4, 'the one before took no time');
  await log.end();
  close();
});

void test('what was only written is durable in a moment, though nobody asks for that', async () => {
  const log = new SlowLog();
  const { committer, add, close } = openWords(log);
  await committer.write(add('a'));
  assert.equal(log.syncs, 0);
  for (let waitedMs = 0; log.syncs === 0 && waitedMs < 5000; waitedMs += 5) await sleep(5);
  assert.equal(log.syncs, 1);
  await log.end();
  close();
});

void test('a sync that fails refuses what it was for, and nothing else is written before one has worked', async () => {
  const log = new SlowLog();
  const { committer, add, words, told, close } = openWords(log);
  const order: string[] = [];
  watch(order, 'a', committer.commit(add('a')));
  await turn();
  await turn();
  watch(order, 'b', committer.commit(add('b')));
  await turn();
  await turn();
  await log.end(full);
  assert.deepEqual([order, told().length, committer.doubts], [['a refused', 'b refused'], 1, 1]);
  watch(order, 'c', committer.commit(add('c')));
  await turn();
  await turn();
  await log.end(full);
  assert.deepEqual([order.at(-1), words()], ['c refused', ['a', 'b']]);
  watch(order, 'd', committer.commit(add('d')));
  await turn();
  await turn();
  await log.end();
  await turn();
  assert.deepEqual(words(), ['a', 'b', 'd']);
  await log.end();
  assert.deepEqual(order.at(-1), 'd');
  assert.deepEqual(
    told().map((state) => state instanceof LedgerRefusal),
    [true, true, false, false],
  );
  close();
});

void test('that something earlier is durable by now is no sign that a disk takes more', async () => {
  const log = new SlowLog();
  const { committer, add, refuse, told, close } = openWords(log);
  const order: string[] = [];
  watch(order, 'a', committer.commit(add('a')));
  await turn();
  await turn();
  refuse(true);
  watch(order, 'b', committer.commit(add('b')));
  await turn();
  await turn();
  await log.end();
  assert.deepEqual([order, told().length], [['b refused', 'a'], 1]);
  refuse(false);
  watch(order, 'c', committer.commit(add('c')));
  await turn();
  await turn();
  await log.end();
  assert.deepEqual([order.at(-1), told().at(-1)], ['c', null]);
  close();
});

void test('the last change of a ledger that is closed is durable, or refused', async () => {
  const log = new SlowLog();
  const { committer, add, close } = openWords(log);
  const order: string[] = [];
  watch(order, 'a', committer.commit(add('a')));
  await turn();
  await turn();
  watch(order, 'b', committer.commitSoon(add('b')));
  committer.flush();
  await turn();
  assert.deepEqual(order, ['a', 'b']);
  watch(order, 'c', committer.commitSoon(add('c')));
  log.failure = full;
  committer.flush();
  await turn();
  assert.deepEqual(order.at(-1), 'c refused');
  close();
});

void test('after a sync that failed the whole log is written once more, byte for byte', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-log-'));
  const path = join(directory.path, 'ledger.db');
  const content = Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 7) % 251));
  writeFileSync(`${path}-wal`, content);
  using log = new LogFile(path);
  await log.sync();
  const before = statSync(`${path}-wal`).mtimeMs;
  await log.sync();
  assert.equal(statSync(`${path}-wal`).mtimeMs, before, 'one that worked is not written again');
  utimesSync(`${path}-wal`, 1, 1);
  log.inDoubt = true;
  await log.sync();
  assert.ok(statSync(`${path}-wal`).mtimeMs > 1000, 'its pages are dirty again');
  assert.ok(readFileSync(`${path}-wal`).equals(content));
  assert.equal(log.inDoubt, false);
});
