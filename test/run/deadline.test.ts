import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxDurationMs, milliseconds } from '../../src/job/units.ts';
import { Deadline } from '../../src/run/deadline.ts';

const day = 86_400_000;
/** A timer that is made in a tick begins, for the mock, at the end of that tick. */
const step = 2 ** 20;

for (const afterMs of [1, 1000, 2 ** 31 - 1, 2 ** 31, 30 * day, maxDurationMs]) {
  void test(`a limit of ${afterMs} ms is neither early nor late`, (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let passed = 0;
    using _deadline = new Deadline(milliseconds(afterMs), () => (passed += 1));
    for (let left = afterMs - 1; left > 0; left -= step) context.mock.timers.tick(Math.min(step, left));
    assert.equal(passed, 0);
    context.mock.timers.tick(1);
    assert.equal(passed, 1);
    context.mock.timers.tick(day);
    assert.equal(passed, 1);
  });
}

void test('a limit that is lifted never comes, however far it was', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let passed = 0;
  const deadline = new Deadline(milliseconds(40 * day), () => (passed += 1));
  for (let days = 0; days < 30; days += 1) context.mock.timers.tick(day);
  deadline[Symbol.dispose]();
  deadline[Symbol.dispose]();
  for (let days = 0; days < 60; days += 1) context.mock.timers.tick(day);
  assert.equal(passed, 0);
});
