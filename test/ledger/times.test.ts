import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Due } from '../../src/job/job.ts';
import { instant, milliseconds } from '../../src/job/units.ts';
import type { Acceptable } from '../../src/schedule/queue.ts';
import { drop, finishOf, idsOf, now } from '../schedule/jobs.ts';
import { openLedger } from './opened.ts';

const origin = { release: 'shop@1', environment: 'test', jitter: 0.5 };
const later = (ms: number) => instant(now + ms);
const after = (ms: number): Due => ({ kind: 'after', ms: milliseconds(ms) });

function timed(id: string, times: { readonly notBefore?: Due; readonly expires?: Due }): Acceptable {
  const one = drop(id);
  return { ...one, spec: { ...one.spec, ...times } };
}

void test('a job is not started before its time, and then in its place', async () => {
  await using opened = openLedger();
  let { queue: ledger } = opened;
  await ledger.accept(
    [
      timed('early', { notBefore: after(500) }),
      drop('now'),
      timed('late', { notBefore: { kind: 'at', at: later(900) } }),
    ],
    now,
  );
  assert.deepEqual(ledger.counts().waiting, 3);
  assert.equal(ledger.nextChange(), later(500));
  assert.deepEqual(idsOf(await ledger.claim('pipeline', 9, later(499))), ['now']);
  assert.deepEqual(await ledger.advance(later(499), origin), []);
  assert.deepEqual(idsOf(await ledger.claim('pipeline', 9, later(499))), []);
  ledger = await opened.restart();
  assert.equal(ledger.nextChange(), later(500), 'over a restart too');
  await ledger.advance(later(500), origin);
  await ledger.accept([drop('new')], later(500));
  assert.deepEqual(idsOf(await ledger.claim('pipeline', 9, later(500))), ['early', 'new']);
  assert.equal(ledger.nextChange(), later(900));
  await ledger.advance(later(5000), origin);
  assert.equal(ledger.nextChange(), null);
  assert.deepEqual(idsOf(await ledger.claim('pipeline', 9, later(5000))), ['late']);
});

void test('a job that was not started in time is cancelled, and never starts', async () => {
  await using opened = openLedger();
  const { queue: ledger } = opened;
  await ledger.accept(
    [timed('short', { expires: after(500) }), timed('never', { expires: after(100), notBefore: after(900) })],
    now,
  );
  assert.equal(ledger.nextChange(), later(100));
  assert.deepEqual(idsOf(await ledger.claim('pipeline', 9, later(500))), [], 'not even before anybody has looked');
  const records = await ledger.advance(later(600), origin);
  assert.deepEqual(
    records.map(({ id, outcome, reason, attempt, release }) => [id, outcome, reason, attempt, release]),
    [
      ['short', 'cancelled', 'expired: not started by 2026-11-24T00:00:00.500Z', 0, 'shop@1'],
      ['never', 'cancelled', 'expired: not started by 2026-11-24T00:00:00.100Z', 0, 'shop@1'],
    ],
  );
  assert.equal(ledger.nextChange(), null);
  assert.deepEqual(idsOf(await ledger.claim('pipeline', 9, later(9999))), []);
  assert.equal(ledger.reportsDue('', 9).length, 2);
});

void test('what has started does not expire, however often it is tried again', async () => {
  await using opened = openLedger();
  const { queue: ledger } = opened;
  await ledger.accept([timed('one', { expires: after(500) })], now);
  const [claim] = await ledger.claim('pipeline', 1, now);
  assert.ok(claim);
  const finished = await ledger.finish(claim, finishOf('crashed', { again: true, retryAt: later(700) }));
  assert.deepEqual(finished, { kind: 'waiting', retryAt: later(700), makesRoom: false });
  assert.equal(ledger.nextChange(), later(700));
  assert.deepEqual(await ledger.advance(later(600), origin), []);
  assert.deepEqual(idsOf(await ledger.claim('pipeline', 1, later(600))), []);
  await ledger.advance(later(700), origin);
  const [again] = await ledger.claim('pipeline', 1, later(700));
  assert.deepEqual([again?.job.id, again?.attempt], ['one', 2]);
  assert.deepEqual(
    ledger.attemptsOf(claim.job.id).map(({ outcome, cause }) => [outcome, cause]),
    [['crashed', 'exit-code']],
  );
});
