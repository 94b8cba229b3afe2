import assert from 'node:assert/strict';
import { existsSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AttemptRecord } from '../../src/job/outcome.ts';
import type { StepRecord } from '../../src/job/step.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { EmptyDirectories } from '../../src/run/empty-directories.ts';
import { makeWorkdir, placeOf } from '../../src/run/workdir.ts';
import { begin } from '../../src/supervise/beginning.ts';
import { specOf } from '../job/parsing.ts';
import { idOf, now } from '../schedule/jobs.ts';

const id = idOf('a');
const step = (name: string, outcome: StepRecord['outcome']): StepRecord => ({
  step: name,
  outcome,
  exitCode: null,
  signal: null,
  durationMs: null,
});
const failed = [step('step-1', 'succeeded'), step('step-2', 'failed')];

function attemptOf(attempt: number, steps: readonly StepRecord[] | null): AttemptRecord {
  const rest = { cause: null, reason: null, step: null, exitCode: null, signal: null, durationMs: 1, sentry: null };
  const times = { startedAt: '', endedAt: '' };
  return { attempt, outcome: 'crashed', ...times, ...rest, ...(steps ? { steps } : {}) };
}

/** How many steps the next attempt need not run, and whether it finds the file that the one before has left. */
function beginning(
  earlier: readonly AttemptRecord[],
  { attempt = 2, left = true, keys = 'resumeFrom: failed-step' } = {},
) {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-beginning-'));
  const jobs = directory.path;
  const directories = new EmptyDirectories(jobs);
  const place = placeOf(jobs, id, null);
  if (left) {
    makeWorkdir(place, directories);
    for (const path of [join(place.workdir, 'data'), place.outputPath, join(place.directory, 'verdict')])
      writeFileSync(path, '');
  }
  const spec = specOf(`steps: [{ run: a }, { run: b }]\n${keys}\n`);
  const job = { id, spec, pipelineId: null, droppedAt: now, acceptedAt: now, droppedBy: 0 };
  const { before } = begin({ job, attempt, token: 1, startedAt: now }, place, null, {
    paths: { jobs },
    emit: (event) => assert.fail(event.kind),
    ledger: { attemptsOf: () => earlier, endedRecord: () => null, verifying: () => null },
    telemetry: { release: null, environment: 'test' },
    settings: { directories, redactor: new Redactor() },
  });
  const kept = [join(place.workdir, 'data'), place.outputPath].filter(existsSync).length;
  assert.equal(existsSync(join(place.directory, 'verdict')), false);
  return [before.length, kept];
}

void test('an attempt goes on from the one right before it, with its files and outputs', () => {
  assert.deepEqual(beginning([attemptOf(1, failed)]), [1, 2]);
  assert.deepEqual(beginning([attemptOf(1, null), attemptOf(2, failed)], { attempt: 3 }), [1, 2]);
  assert.deepEqual(beginning([attemptOf(1, [step('step-1', 'failed'), step('step-2', 'skipped')])]), [0, 2]);
});

void test('where nobody knows how far that one came, it begins anew, with nothing of it', () => {
  assert.deepEqual(beginning([attemptOf(1, failed), attemptOf(2, null)], { attempt: 3 }), [0, 0], 'it was lost');
  assert.deepEqual(beginning([attemptOf(1, failed)], { attempt: 3 }), [0, 0], 'it has no record');
  assert.deepEqual(beginning([attemptOf(1, [step('step-1', 'failed')])]), [0, 0], 'of another number of steps');
  assert.deepEqual(beginning([attemptOf(1, [step('step-1', 'succeeded'), step('step-2', 'succeeded')])]), [0, 0]);
  assert.deepEqual(beginning([]), [0, 0]);
});

void test('a job that does not ask for it, or whose working directory is gone, begins anew', () => {
  assert.deepEqual(beginning([attemptOf(1, failed)], { keys: '' }), [0, 0]);
  assert.deepEqual(beginning([attemptOf(1, failed)], { left: false }), [0, 0]);
});
