import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeWaiting, StatusLine } from '../../src/supervise/status-line.ts';

const minute = 60_000;

void test('what waits for longer than a minute is told, with how many and how old', () => {
  const nowMs = 1_000 * minute;
  const of = (count: number, ageMs: number) => describeWaiting({ count, oldestAtMs: nowMs - ageMs }, nowMs);
  assert.equal(describeWaiting({ count: 0, oldestAtMs: null }, nowMs), null);
  assert.equal(of(12, minute - 1), null);
  assert.equal(of(1, minute), 'outbox: 1 waiting, oldest 1m');
  assert.equal(of(12, 180 * minute + 59_999), 'outbox: 12 waiting, oldest 3h');
});

void test('the status of the service says what runs, what waits for Sentry, and what is wrong, once each', () => {
  const told: string[] = [];
  const outbox = { count: 2, oldestAtMs: Date.now() - 90_000 };
  const line = new StatusLine({
    notify: (state) => told.push(state),
    troubles: { status: 'sentry: the server answered 401' },
    outbox,
    ledger: { counts: () => ({ waiting: 7, running: 3, verifying: 0 }) },
  });
  line.tell(3);
  line.tell(3);
  outbox.count = 0;
  line.tell(3);
  assert.deepEqual(told, [
    'STATUS=3 running, 7 waiting; outbox: 2 waiting, oldest 1m; trouble with sentry: the server answered 401',
    'STATUS=3 running, 7 waiting; trouble with sentry: the server answered 401',
  ]);
});
