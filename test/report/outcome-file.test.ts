import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { outcomePath, writeOutcomeFile } from '../../src/report/outcome-file.ts';
import { openLedger } from '../ledger/opened.ts';
import { acceptAll, claimOne, finishOf } from '../schedule/jobs.ts';

async function endedRecord(): Promise<OutcomeRecord> {
  await using opened = openLedger();
  await acceptAll(opened.queue, ['nightly']);
  const finished = await opened.queue.finish(await claimOne(opened.queue), finishOf('crashed'));
  return (finished.kind === 'ended' && finished.records[0]) || assert.fail();
}

void test('an outcome file is what the contract says, for everybody to read', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-outcomes-'));
  const record = await endedRecord();
  await writeOutcomeFile(directory.path, record, new Redactor());
  const path = join(directory.path, 'nightly.json');
  assert.equal(outcomePath(directory.path, 'nightly'), path);
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), record);
  assert.equal(statSync(path).mode & 0o777, 0o644);
});

void test('a report that is made again makes the same file, and whoever looks meanwhile sees it whole', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-outcomes-'));
  const record = await endedRecord();
  const content = (): string => readFileSync(outcomePath(directory.path, record.id), 'utf8');
  await writeOutcomeFile(directory.path, record, new Redactor());
  const whole = content();
  const progress = { isOver: false };
  const written = Promise.all(
    Array.from({ length: 10 }, () => writeOutcomeFile(directory.path, record, new Redactor())),
  ).finally(() => {
    progress.isOver = true;
  });
  let looks = 0;
  for (; !progress.isOver; looks += 1) {
    assert.equal(content(), whole);
    await setImmediate();
  }
  await written;
  assert.ok(looks > 0);
  assert.deepEqual(readdirSync(directory.path), ['nightly.json']);
});

void test('a directory that refuses is told, and nothing is left behind', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-outcomes-'));
  const record = await endedRecord();
  await assert.rejects(writeOutcomeFile(join(directory.path, 'gone'), record, new Redactor()), { code: 'ENOENT' });
  mkdirSync(outcomePath(directory.path, record.id));
  await assert.rejects(writeOutcomeFile(directory.path, record, new Redactor()));
  assert.deepEqual(readdirSync(directory.path), ['nightly.json']);
});
