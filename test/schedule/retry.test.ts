import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRetries, type Retries } from '../../src/job/job.ts';
import type { Judgement } from '../../src/job/judge.ts';
import { milliseconds } from '../../src/job/units.ts';
import { rerunDelay, rerunsLeft, retryDelay } from '../../src/schedule/retry.ts';
import { judgements } from './jobs.ts';

const retriesOf = (rest: Partial<Retries>): Retries => ({
  ...noRetries,
  limit: 3,
  backoff: 'fixed',
  delayMs: milliseconds(1000),
  maxDelayMs: milliseconds(5000),
  ...rest,
});
const { crashed } = judgements;
const delaysOf = (rest: Partial<Retries>, jitter = 1): (number | null)[] =>
  [1, 2, 3, 4].map((failures) => retryDelay(retriesOf(rest), crashed, failures, jitter));

void test('a job is tried again as often as its limit says, and no more', () => {
  assert.deepEqual(delaysOf({ limit: 0 }), [null, null, null, null]);
  assert.deepEqual(delaysOf({ limit: 1 }), [1000, null, null, null]);
  assert.deepEqual(delaysOf({ limit: 3 }), [1000, 1000, 1000, null]);
});

void test('delays grow as their backoff says, up to the longest', () => {
  assert.deepEqual(delaysOf({ limit: 9, backoff: 'linear' }), [1000, 2000, 3000, 4000]);
  assert.deepEqual(delaysOf({ limit: 9, backoff: 'exponential' }), [1000, 2000, 4000, 5000]);
  assert.deepEqual(delaysOf({ limit: 9, backoff: 'exponential' }, 0.5), [500, 1000, 2000, 2500]);
  assert.deepEqual(delaysOf({ limit: 9, backoff: 'exponential' }, 0), [0, 0, 0, 0]);
  const many = retryDelay(retriesOf({ limit: 1000, backoff: 'exponential' }), crashed, 1000, 1);
  assert.equal(many, 5000);
});

void test('only the causes that it names are tried again', () => {
  const again = (judgement: Judgement, on: Retries['on']): boolean =>
    retryDelay(retriesOf({ on }), judgement, 1, 1) !== null;
  assert.ok(again(crashed, ['crashed']) && again(crashed, ['signal', 'exit-code']));
  assert.ok(!again(crashed, ['signal']));
  for (const judgement of [judgements.succeeded, judgements.rejected, judgements.interrupted, judgements.lost])
    assert.ok(!again(judgement, ['crashed']), judgement.outcome);
  assert.ok(!again({ ...crashed, cause: 'lost' }, ['crashed']), 'a lost attempt is onInterrupt’s');
});

void test('a pipeline that was not accepted runs again only where it names that, and within its limit', () => {
  const delay = (on: Retries['on'], outcome: 'rejected' | 'crashed', failures: number): number | null =>
    rerunDelay(retriesOf({ on, limit: 2 }), outcome, failures, 1);
  assert.deepEqual(
    [1, 2, 3].map((failures) => delay(['rejected'], 'rejected', failures)),
    [1000, 1000, null],
  );
  assert.deepEqual(
    [1, 3].map((failures) => delay(['verifier-crashed'], 'crashed', failures)),
    [1000, null],
  );
  for (const on of [['crashed'], ['verifier-crashed'], ['exit-code', 'signal']] as const)
    assert.equal(delay(on, 'rejected', 1), null);
  // Its own crashes are another matter.
  for (const on of [['crashed'], ['rejected'], ['exit-code']] as const) assert.equal(delay(on, 'crashed', 1), null);
  assert.equal(rerunDelay(retriesOf({ on: ['rejected'], backoff: 'exponential' }), 'rejected', 2, 0.25), 500);
  assert.deepEqual(
    [1, 2, 3, 4].map((failures) => rerunsLeft(retriesOf({ on: ['rejected'], limit: 2 }), 'rejected', failures)),
    [2, 1, 0, 0],
  );
  assert.ok(retryDelay(retriesOf({ on: ['rejected', 'verifier-crashed'] }), crashed, 1, 1) === null, 'its own crash');
});
