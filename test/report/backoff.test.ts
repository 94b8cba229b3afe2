import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Instant, instant } from '../../src/job/units.ts';
import { delaysOf, maxAgeMs, nextTry, routePause } from '../../src/report/backoff.ts';

const hourMs = 3_600_000;
const owedAt = instant(Date.UTC(2026, 10, 24));

/** When each try of a report that never succeeds is made, after it was first owed. */
function triesOf(delays: readonly number[], retryAfterMs: number | null = null): number[] {
  const times: number[] = [];
  let now: Instant | null = owedAt;
  while (now !== null) {
    times.push(now - owedAt);
    now = nextTry(delays, { tries: times.length, owedAt }, now, retryAfterMs, 0.5);
  }
  return times;
}

void test('a report over the net is tried again within seconds at first, over three days, and then no more', () => {
  const times = triesOf(delaysOf.webhook);
  assert.deepEqual(times.slice(0, 4), [0, 5000, 35_000, 155_000]);
  assert.equal(times.length, 13);
  assert.ok((times.at(-1) ?? 0) > 60 * hourMs && (times.at(-1) ?? 0) < 75 * hourMs, String(times.at(-1)));
});

void test('a program of this machine is tried five times within a quarter of an hour', () => {
  assert.deepEqual(triesOf(delaysOf.command), [0, 5000, 35_000, 155_000, 755_000]);
});

void test('who asks for a later time gets it, within a day; who asks for an earlier one does not', () => {
  const first = (retryAfterMs: number): number => triesOf(delaysOf.webhook, retryAfterMs)[1] ?? 0;
  assert.equal(first(60_000), 60_000);
  assert.equal(first(1), 5000);
  assert.equal(first(1e12), 24 * hourMs);
  assert.equal(triesOf(delaysOf.webhook, 1e12).length, 5);
});

void test('after a machine was off for a week, a report is still tried more than once', () => {
  const now = instant(owedAt + 7 * 24 * hourMs);
  const next = (tries: number) => nextTry(delaysOf.webhook, { tries, owedAt }, now, null, 0.5);
  for (const tries of [1, 2, 3, 4]) assert.notEqual(next(tries), null);
  assert.equal(next(5), null);
  assert.ok(now - owedAt > maxAgeMs);
});

void test('reports that failed together do not come back together', () => {
  const at = (jitter: number) => (nextTry([10_000], { tries: 1, owedAt }, owedAt, null, jitter) ?? 0) - owedAt;
  assert.deepEqual([at(0), at(0.5), at(1)], [8000, 10_000, 12_000]);
});

void test('a route that fails is left alone for longer and longer, up to a minute, or as long as it asks', () => {
  assert.deepEqual(
    [1, 2, 3, 6, 7, 99].map((failures) => routePause(failures, null)),
    [1000, 2000, 4000, 32_000, 60_000, 60_000],
  );
  assert.equal(routePause(1, 300_000), 300_000);
  assert.equal(routePause(1, 1e12), 24 * hourMs);
});
