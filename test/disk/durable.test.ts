import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { paceAfter, removeFile, SharedSync, syncDirectory, syncPaceMs, writeDurably } from '../../src/disk/durable.ts';

/** A place each of whose syncs takes half a millisecond, by the clock. */
function placeOf(t: TestContext) {
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  let syncs = 0;
  const shared = new SharedSync(async () => {
    syncs += 1;
    await turn();
    nowMs += 0.5;
  });
  return { shared, syncs: () => syncs };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

void test('who asks during a sync, or right after it, shares the next one; who comes alone does not wait', async (t) => {
  const { shared, syncs } = placeOf(t);
  const first = shared.ask();
  const during = shared.ask();
  assert.notEqual(during, first, 'what was renamed since may not be in it');
  await first;
  // What would begin at once has begun by then; a timer has not.
  for (let count = 0; count < 20; count += 1) await Promise.resolve();
  assert.equal(syncs(), 1, 'there is time for others to share the next one');
  assert.equal(shared.ask(), during);
  await during;
  await sleep(3 * syncPaceMs);
  const alone = shared.ask();
  assert.equal(syncs(), 3, 'at once');
  assert.notEqual(alone, during);
  await alone;
});

void test('nobody waits for others where a sync takes next to no time, nor longer than so long where it takes long', () => {
  assert.deepEqual([0, 0.1, 1, 3, 50].map(paceAfter), [0, 0, syncPaceMs, syncPaceMs, 0]);
  assert.ok(paceAfter(0.3) < syncPaceMs);
});

void test('names in a directory are synced for all who ask', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-durable-'));
  const first = syncDirectory(directory.path);
  const others = [syncDirectory(directory.path), syncDirectory(directory.path)] as const;
  assert.notEqual(others[0], first);
  assert.equal(others[0], others[1]);
  await Promise.all([first, ...others]);
});

void test('a directory that cannot be synced is told to all who asked, and can be synced later', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-durable-'));
  const path = join(directory.path, 'missing');
  const asked = [syncDirectory(path), syncDirectory(path), syncDirectory(path)];
  for (const result of await Promise.allSettled(asked)) assert.equal(result.status, 'rejected');
  await writeDurably(join(directory.path, 'there'), 'x', { mode: 0o640 });
  await syncDirectory(directory.path);
});

void test('a file is made whole with its permissions, or not at all', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-durable-'));
  const path = join(directory.path, 'outcome.json');
  await Promise.all([writeDurably(path, 'one', { mode: 0o644 }), writeDurably(path, 'two', { mode: 0o644 })]);
  assert.ok(['one', 'two'].includes(readFileSync(path, 'utf8')));
  assert.equal(statSync(path).mode & 0o777, 0o644);
  await assert.rejects(writeDurably(join(path, 'below'), 'x', { mode: 0o644 }), { code: 'ENOTDIR' });
  await assert.rejects(writeDurably(directory.path, 'x', { mode: 0o644 }), { code: 'EISDIR' });
  assert.deepEqual(readdirSync(directory.path), ['outcome.json'], 'nothing is left behind');
});

void test('a file that is not there any more needs no removal', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-durable-'));
  removeFile(join(directory.path, 'missing'));
  assert.throws(() => removeFile(join(directory.path, 'missing', 'below', '\0')), { code: 'ERR_INVALID_ARG_VALUE' });
});
