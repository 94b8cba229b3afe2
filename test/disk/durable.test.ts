import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFile, syncDirectory, syncPaceMs, writeDurably } from '../../src/disk/durable.ts';

void test('who asks right after a sync of a directory shares the next one; who comes alone does not wait', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-durable-'));
  const first = syncDirectory(directory.path);
  const during = syncDirectory(directory.path);
  assert.notEqual(during, first, 'what was renamed since may not be in it');
  await first;
  assert.equal(syncDirectory(directory.path), during);
  await during;
  const from = performance.now();
  for (let count = 0; count < 10; count += 1) await syncDirectory(directory.path);
  assert.ok(performance.now() - from > 9 * (syncPaceMs - 1), 'there is time for others to share each');
  await sleep(3 * syncPaceMs);
  const alone = syncDirectory(directory.path);
  assert.notEqual(alone, during);
  await alone;
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
