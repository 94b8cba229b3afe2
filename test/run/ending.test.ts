import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exitsOf, lives, RunningAttempt } from './attempts.ts';

const limits = { timeout: 15_000 };
/** Long enough that a test which waits for it fails. */
const endless = 60_000;

// They wait more than they work.
void suite('an attempt that is ended', { concurrency: 4 }, () => {
  void test('a step that takes too long is asked to end, and its clean-up is waited for', limits, async () => {
    using run = new RunningAttempt(
      `steps: [{ run: "trap 'echo bye > bye; exit 0' TERM; sleep 30 & wait", timeout: 300ms }, { run: touch never }]`,
      { graceMs: endless },
    );
    const result = await run.result;
    assert.deepEqual(exitsOf(result), ['step-1 timeout of the step']);
    assert.equal(await run.file('bye'), 'bye');
    assert.equal(run.has('never'), false);
    assert.ok(result.durationMs >= 300 && result.durationMs < 5000, `${result.durationMs} ms`);
  });

  void test('a job that takes too long ends in whichever step it is', limits, async () => {
    using run = new RunningAttempt(
      'timeout: 400ms\nsteps: [{ run: "true" }, { run: sleep 30, timeout: 20s }, { run: touch never }]',
    );
    const result = await run.result;
    assert.deepEqual(exitsOf(result), ['step-1 code 0', 'step-2 timeout of the job']);
    assert.deepEqual(result.steps[1]?.exit, { kind: 'timeout', limitMs: 400, of: 'job' });
    assert.equal(run.has('never'), false);
  });

  void test('who ignores the request is killed after the grace, and not before', limits, async () => {
    using run = new RunningAttempt(
      `steps: [{ run: "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done", timeout: 200ms }]`,
      { graceMs: 600 },
    );
    const pid = await run.file('pid');
    const result = await run.result;
    assert.deepEqual(exitsOf(result), ['step-1 timeout of the step']);
    assert.ok(result.durationMs >= 800, `${result.durationMs} ms`);
    assert.equal(lives(pid), false);
  });

  void test('what the shell had started has the rest of the grace, though the shell is dead', limits, async () => {
    using run = new RunningAttempt(
      `run: |
  sh -c 'trap "sleep 0.4; echo saved > saved; exit" TERM; echo > ready; while :; do sleep 0.05; done' &
  wait
`,
      { graceMs: endless },
    );
    await run.file('ready');
    run.attempt.cancel();
    assert.deepEqual(exitsOf(await run.result), ['main cancelled']);
    assert.equal(run.has('saved'), true);
  });

  void test('what the shell had started is killed after the grace, though the shell is dead', limits, async () => {
    using run = new RunningAttempt(
      `run: |
  sh -c 'trap "" TERM; echo $$ > pid; while :; do sleep 0.05; done' &
  wait
`,
      { graceMs: 500 },
    );
    const pid = await run.file('pid');
    run.attempt.cancel();
    const started = performance.now();
    const result = await run.result;
    assert.ok(performance.now() - started >= 490);
    assert.deepEqual(exitsOf(result), ['main cancelled']);
    assert.equal(lives(pid), false);
  });

  void test('the first reason to end an attempt is the one that is told', limits, async () => {
    using run = new RunningAttempt(`timeout: 900ms\nrun: "trap '' TERM; echo > ready; while :; do sleep 0.05; done"`, {
      graceMs: 1500,
    });
    await run.file('ready');
    run.attempt.cancel();
    run.attempt.cancel();
    assert.deepEqual(exitsOf(await run.result), ['main cancelled']);
    using other = new RunningAttempt(`timeout: 200ms\nrun: "trap 'echo > asked' TERM; while :; do sleep 0.05; done"`, {
      graceMs: 600,
    });
    await other.file('asked');
    other.attempt.cancel();
    assert.deepEqual(exitsOf(await other.result), ['main timeout of the job']);
  });

  void test('a second request cuts the grace short', limits, async () => {
    using run = new RunningAttempt(`run: "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done"`, {
      graceMs: endless,
    });
    const pid = await run.file('pid');
    run.attempt.cancel();
    run.attempt.kill();
    assert.deepEqual(exitsOf(await run.result), ['main cancelled']);
    assert.equal(lives(pid), false);
  });

  void test('a request without any grace ends a step of whose start nobody has been told yet', limits, async () => {
    using run = new RunningAttempt(`run: "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done"`, {
      graceMs: endless,
    });
    // The loop does not turn until the step has begun, so that its start is still to be told.
    for (let turns = 0; turns < 50; turns += 1) await Promise.resolve();
    const clock = new Int32Array(new SharedArrayBuffer(4));
    const begun = join(run.place.workdir, 'pid');
    for (let waits = 0; waits < 10_000 && !existsSync(begun); waits += 1) Atomics.wait(clock, 0, 0, 1);
    assert.ok(existsSync(begun), 'it has not begun');
    assert.deepEqual(run.pids, []);
    run.attempt.kill();
    assert.deepEqual(exitsOf(await run.result), ['main cancelled']);
  });

  void test('a second request cuts the grace of the rest short, though the shell is dead', limits, async () => {
    using run = new RunningAttempt(
      `run: |
  sh -c 'trap "echo > asked" TERM; echo $$ > pid; while :; do sleep 0.05; done' &
  wait
`,
      { graceMs: endless },
    );
    const pid = await run.file('pid');
    run.attempt.cancel();
    await run.file('asked');
    run.attempt.kill();
    assert.deepEqual(exitsOf(await run.result), ['main cancelled']);
    assert.equal(lives(pid), false);
  });

  void test('a kill without a request before it is one too', limits, async () => {
    using run = new RunningAttempt('run: echo > ready; sleep 30', { graceMs: endless });
    await run.file('ready');
    run.attempt.kill();
    assert.deepEqual(exitsOf(await run.result), ['main cancelled']);
  });

  void test('a step that ends just when it is asked to has one exit', limits, async () => {
    for (let tries = 0; tries < 10; tries += 1) {
      using run = new RunningAttempt('steps: [{ run: sleep 0.02, timeout: 22ms }]', { graceMs: endless });
      const [exit] = exitsOf(await run.result);
      assert.match(exit ?? '', /^step-1 (?:code 0|timeout of the step)$/);
    }
  });
});
