import assert from 'node:assert/strict';
import { copyFileSync, mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StepRecord } from '../../src/job/step.ts';
import { History } from '../../src/ledger/history.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { acceptAll, claimOne, finishOf, idOf, now } from '../schedule/jobs.ts';

const temporary = () => mkdtempDisposableSync(join(tmpdir(), 'booty-ledger-steps-'));

void test('a job that an earlier version accepted has steps as they were then', async () => {
  for (const version of [1, 2]) {
    using directory = temporary();
    const path = join(directory.path, 'ledger.db');
    copyFileSync(join(import.meta.dirname, `kept/version-${version}.db`), path);
    using ledger = new Ledger(path);
    const claims = await ledger.claim('pipeline', 9, now);
    assert.ok(claims.length > 0);
    for (const { job } of claims) {
      assert.equal(job.spec.resumeFrom, 'first-step');
      for (const { action, cwd, when, continueOnError } of job.spec.steps) {
        assert.deepEqual([cwd, when, continueOnError], [null, 'success', false]);
        if (action.kind === 'run') assert.equal(action.shell, 'sh');
      }
    }
    using history = new History(path);
    const found = history.find(claims[0]?.job.id ?? '');
    assert.ok('spec' in found && found.spec.steps[0].when === 'success');
  }
});

const steps: readonly StepRecord[] = [{ step: 'main', outcome: 'failed', exitCode: 3, signal: null, durationMs: 5 }];

void test('what became of the steps is kept of every attempt, and told of the last twenty', async () => {
  using directory = temporary();
  using ledger = new Ledger(join(directory.path, 'ledger.db'));
  await acceptAll(ledger, ['a']);
  assert.equal(ledger.endedRecord(idOf('a')), null);
  for (let attempt = 1; attempt < 23; attempt += 1)
    await ledger.finish(await claimOne(ledger), finishOf('crashed', { again: true, steps }));
  const finished = await ledger.finish(await claimOne(ledger), finishOf('crashed', { steps }));
  assert.ok(finished.kind === 'ended');
  const attempts = finished.records[0]?.attempts ?? [];
  assert.deepEqual(
    attempts.map((attempt) => attempt.steps),
    attempts.map((_, index) => (index < 3 ? undefined : steps)),
  );
  assert.equal(attempts.length, 23);
  assert.deepEqual(ledger.attemptsOf(idOf('a'))[0]?.steps, steps);
  assert.deepEqual(ledger.endedRecord(idOf('a')), finished.records[0]);
  assert.equal(ledger.endedRecord(idOf('nobody')), null);
});
