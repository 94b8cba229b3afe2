import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { maxDurationMs, milliseconds } from '../../src/job/units.ts';
import { Deadline } from '../../src/run/deadline.ts';

const day = 86_400_000;
/** A timer that is made in a tick begins, for the mock, at the end of that tick. */
const step = 2 ** 20;

for (const afterMs of [1, 1000, 2 ** 31 - 1, 2 ** 31, 30 * day, maxDurationMs]) {
  void test(`a limit of ${afterMs} ms is neither early nor late`, async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let passed = 0;
    using _deadline = new Deadline(milliseconds(afterMs), () => (passed += 1));
    for (let left = afterMs - 1; left > 0; left -= step) context.mock.timers.tick(Math.min(step, left));
    await turn();
    assert.equal(passed, 0);
    context.mock.timers.tick(1);
    await turn();
    assert.equal(passed, 1);
    context.mock.timers.tick(day);
    await turn();
    assert.equal(passed, 1);
  });
}

void test('a limit that is lifted never comes, however far it was', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let passed = 0;
  const deadline = new Deadline(milliseconds(40 * day), () => (passed += 1));
  for (let days = 0; days < 30; days += 1) context.mock.timers.tick(day);
  deadline[Symbol.dispose]();
  deadline[Symbol.dispose]();
  for (let days = 0; days < 60; days += 1) context.mock.timers.tick(day);
  await turn();
  assert.equal(passed, 0);
});

void test('a limit that passed is lifted by what had happened before', async () => {
  const child = spawn('sleep', ['0.05']);
  let passed = 0;
  const deadline = new Deadline(milliseconds(200), () => (passed += 1));
  child.once('exit', () => deadline[Symbol.dispose]());
  // The loop stands still over both.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  await once(child, 'exit');
  await turn();
  assert.equal(passed, 0);
});
