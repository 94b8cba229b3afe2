import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { type Instant, instant } from '../../src/job/units.ts';
import { Timetable } from '../../src/supervise/timetable.ts';

const now = Date.UTC(2026, 10, 24);
const hourMs = 3_600_000;

/** A timetable under a clock of its own, of which the next change is known. */
function timetable(next: () => Instant | null) {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now });
  const woken: number[] = [];
  const advanced: number[] = [];
  const queue = {
    nextChange: next,
    advance: (at: Instant) => {
      advanced.push(at);
      return Promise.resolve([]);
    },
  };
  const table = new Timetable(queue, { release: null, environment: 'test' }, () => woken.push(Date.now() - now));
  return {
    table,
    woken,
    advanced,
    [Symbol.dispose]: () => {
      table[Symbol.dispose]();
      mock.timers.reset();
    },
  };
}

void test('it wakes when the next job is due, not before, and lets it go then', async () => {
  using timed = timetable(() => instant(now + 5000));
  await timed.table.attend();
  mock.timers.tick(4999);
  assert.deepEqual(timed.woken, []);
  mock.timers.tick(1);
  assert.deepEqual(timed.woken, [5000]);
  await timed.table.attend();
  assert.deepEqual(timed.advanced, [now + 5000]);
});

void test('a clock that is put forward is noticed within a minute, however far the next job is', async () => {
  using timed = timetable(() => instant(now + hourMs));
  await timed.table.attend();
  mock.timers.tick(60_000);
  assert.deepEqual(timed.woken, [60_000]);
  await timed.table.attend();
  mock.timers.setTime(now + 2 * hourMs);
  assert.deepEqual(timed.advanced, []);
  mock.timers.tick(60_000);
  await timed.table.attend();
  assert.equal(timed.advanced.length, 1);
});

void test('where nothing waits for a time, nothing wakes it', async () => {
  using timed = timetable(() => null);
  await timed.table.attend();
  mock.timers.tick(10 * hourMs);
  assert.deepEqual([timed.woken, timed.advanced], [[], []]);
});
