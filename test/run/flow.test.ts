import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { AttemptResult } from '../../src/run/attempt.ts';
import { exitsOf, RunningAttempt } from './attempts.ts';

const limits = { timeout: 15_000 };

/** `a failed`, of every step of the job. */
const outcomesOf = ({ records }: AttemptResult): string[] => records.map(({ step, outcome }) => `${step} ${outcome}`);
const decisiveOf = ({ decision }: AttemptResult): string | null => decision?.run.step ?? null;

void test('once a step has failed, only those run that are for that, or for any case', limits, async () => {
  using run = new RunningAttempt(`
steps:
  - { name: early, if: failure(), run: echo early }
  - { name: work, run: echo work }
  - { name: fail, run: echo fail; exit 3 }
  - { name: more, run: echo more }
  - { name: tell, if: failure(), run: echo tell }
  - { name: clean, if: always(), run: echo clean }
  - { name: last, if: success(), run: echo last }
`);
  const result = await run.result;
  assert.equal(run.log, 'work\nfail\ntell\nclean\n');
  assert.deepEqual(outcomesOf(result), [
    'early skipped',
    'work succeeded',
    'fail failed',
    'more skipped',
    'tell succeeded',
    'clean succeeded',
    'last skipped',
  ]);
  assert.equal(decisiveOf(result), 'fail');
});

void test('where nothing fails, what is for a failure does not run', limits, async () => {
  using run = new RunningAttempt(
    'steps: [{ run: echo a }, { if: failure(), run: echo b }, { if: always(), run: echo c }]',
  );
  const result = await run.result;
  assert.equal(run.log, 'a\nc\n');
  assert.equal(decisiveOf(result), null);
});

void test('a step that may fail does not end the attempt, and what follows does not know', limits, async () => {
  using run = new RunningAttempt(`
steps:
  - { name: a, run: exit 3, continueOnError: true }
  - { name: b, command: [no-such-program], continueOnError: true }
  - { name: c, run: sleep 20, timeout: 100ms, continueOnError: true }
  - { name: d, run: kill -9 $$, continueOnError: true }
  - { name: e, if: failure(), run: echo e }
  - { name: f, run: echo f }
  - { name: g, run: exit 1, continueOnError: true }
`);
  const result = await run.result;
  assert.equal(run.log, 'f\n');
  assert.equal(decisiveOf(result), null);
  assert.deepEqual(
    result.records.map(({ outcome, exitCode, signal }) => [outcome, exitCode, signal]),
    [
      ['continued', 3, null],
      ['continued', null, null],
      ['continued', null, null],
      ['continued', null, 'SIGKILL'],
      ['skipped', null, null],
      ['succeeded', 0, null],
      ['continued', 1, null],
    ],
  );
});

void test('of several failures the first that counts decides, also one of a step for any case', limits, async () => {
  using first = new RunningAttempt(
    'steps: [{ run: exit 3 }, { if: always(), run: exit 4 }, { if: failure(), run: exit 5 }]',
  );
  const result = await first.result;
  assert.deepEqual(
    [decisiveOf(result), exitsOf(result)],
    ['step-1', ['step-1 code 3', 'step-2 code 4', 'step-3 code 5']],
  );
  using second = new RunningAttempt('steps: [{ run: "true" }, { if: always(), run: exit 4 }, { run: touch never }]');
  assert.equal(decisiveOf(await second.result), 'step-2');
  assert.equal(second.has('never'), false);
  using third = new RunningAttempt('steps: [{ run: exit 3, continueOnError: true }, { run: exit 4 }]');
  assert.equal(decisiveOf(await third.result), 'step-2');
});

void test('what a step printed is known as it was when it ended, whatever follows it', limits, async () => {
  using run = new RunningAttempt(`
steps:
  - { name: before, run: echo before; echo before >&2 }
  - { name: fail, run: echo its words; echo its error >&2; exit 3 }
  - { name: clean, if: always(), run: "echo removed; echo 'Error: nothing to remove' >&2; exit 1" }
`);
  const { decision, output } = await run.result;
  assert.ok(decision);
  assert.deepEqual([decision.printed.text('stdout'), decision.printed.text('stderr')], ['its words\n', 'its error\n']);
  assert.deepEqual(
    [decision.printed.tails.stdout.toString(), decision.printed.tails.stderr.toString()],
    ['before\nits words\n', 'before\nits error\n'],
  );
  assert.match(output.stderr.text(), /nothing to remove/);
  assert.match(run.log, /nothing to remove/);
});

void test('what bash noted of the step that failed is not lost to the steps that follow', limits, async () => {
  using run = new RunningAttempt(`
shell: bash
steps:
  - { run: test -e nothing }
  - { if: always(), run: test -e cleaner || true }
`);
  const { decision } = await run.result;
  assert.match(decision?.shellNotes.join() ?? '', /test -e nothing/);
  assert.doesNotMatch(decision?.shellNotes.join() ?? '', /cleaner/);
});

void test('a step that ran into its own time limit is cleaned up after', limits, async () => {
  using run = new RunningAttempt(
    'steps: [{ run: sleep 20, timeout: 100ms }, { run: touch never }, { if: always(), run: echo clean }]',
  );
  const result = await run.result;
  assert.deepEqual(exitsOf(result), ['step-1 timeout of the step', 'step-3 code 0']);
  assert.equal(run.log, 'clean\n');
});

void test('after the time limit of the job nothing runs any more', limits, async () => {
  using run = new RunningAttempt(
    'timeout: 300ms\nsteps: [{ run: sleep 20, continueOnError: true }, { if: always(), run: touch never }, { if: failure(), run: touch never }]',
  );
  const result = await run.result;
  assert.deepEqual(exitsOf(result), ['step-1 timeout of the job']);
  assert.deepEqual(outcomesOf(result), ['step-1 failed', 'step-2 skipped', 'step-3 skipped']);
  assert.equal(run.has('never'), false);
});

void test(
  'after a stop nothing runs any more, and what was cleaned up until then had failed before',
  limits,
  async () => {
    using run = new RunningAttempt(
      'steps: [{ run: "echo x > started; sleep 20", continueOnError: true }, { if: always(), run: touch never }]',
    );
    await run.file('started');
    run.attempt.cancel();
    const result = await run.result;
    assert.deepEqual(outcomesOf(result), ['step-1 interrupted', 'step-2 skipped']);
    assert.equal(decisiveOf(result), 'step-1');
    using cleaning = new RunningAttempt(
      'steps: [{ run: exit 3 }, { if: always(), run: "echo x > started; sleep 20" }, { if: always(), run: touch never }]',
    );
    await cleaning.file('started');
    cleaning.attempt.cancel();
    const cleaned = await cleaning.result;
    assert.deepEqual(outcomesOf(cleaned), ['step-1 failed', 'step-2 interrupted', 'step-3 skipped']);
    assert.deepEqual([decisiveOf(cleaned), cleaned.decision?.run.exit], ['step-1', { kind: 'code', code: 3 }]);
    assert.equal(cleaning.has('never') || run.has('never'), false);
  },
);

void test('a stop while a step of its own time limit ends lets no other step begin', limits, async () => {
  using run = new RunningAttempt(
    `steps: [{ run: 'trap "" TERM; echo x > started; while :; do sleep 0.05; done', timeout: 300ms }, { if: always(), run: touch never }]`,
    { graceMs: 60_000 },
  );
  await run.file('started');
  await new Promise((resolve) => setTimeout(resolve, 400));
  run.attempt.kill();
  const result = await run.result;
  assert.deepEqual(exitsOf(result), ['step-1 timeout of the step']);
  assert.equal(run.has('never'), false);
});

void test('later steps have what earlier ones put out in their environment', limits, async () => {
  using run = new RunningAttempt(
    `
steps:
  - { run: 'echo "first:$BOOTY_OUTPUT_rows$BOOTY_OUTPUT_size"; echo rows=7 >> $BOOTY_OUTPUT; echo a.b=x y >> $BOOTY_OUTPUT' }
  - { run: 'echo "second:$BOOTY_OUTPUT_rows:$BOOTY_OUTPUT_a_b:$BOOTY_OUTPUT_size"; echo rows=8 >> $BOOTY_OUTPUT; exit 1' }
  - { if: failure(), command: [sh, -c, 'echo "third:$BOOTY_OUTPUT_rows"'] }
`,
    { inputs: { outputs: { size: '5M', rows: 'of the pipeline' } } },
  );
  await run.result;
  assert.equal(run.log, 'first:of the pipeline5M\nsecond:7:x y:5M\nthird:8\n');
});

void test('what a job needs lies in a file, whatever a step before has put in its place', limits, async () => {
  const needs = '{ "load": { "outcome": "succeeded", "outputs": { "rows": "7" } } }\n';
  using run = new RunningAttempt('steps: [{ run: cat $BOOTY_NEEDS }, { run: cat $BOOTY_NEEDS }]', {
    inputs: { needs },
  });
  assert.deepEqual(exitsOf(await run.result), ['step-1 code 0', 'step-2 code 0']);
  assert.equal(run.log, needs + needs);
  using none = new RunningAttempt('run: echo "${BOOTY_NEEDS-none}"');
  await none.result;
  assert.equal(none.log, 'none\n');
});

void test(
  'an attempt that follows goes on at the step that failed, with what those before it have left',
  limits,
  async () => {
    const file = `
resumeFrom: failed-step
steps:
  - { name: fetch, run: 'echo fetch; echo data > data; echo rows=7 >> $BOOTY_OUTPUT' }
  - { name: never, if: failure(), run: echo never }
  - { name: load, run: 'echo load $(cat data) $BOOTY_OUTPUT_rows; test -e fixed' }
  - { name: clean, if: always(), run: echo clean }
  - { name: tell, run: echo tell }
`;
    using first = new RunningAttempt(file);
    const failed = await first.result;
    assert.deepEqual([decisiveOf(failed), first.log], ['load', 'fetch\nload data 7\nclean\n']);
    using second = new RunningAttempt(file, { after: first, inputs: { before: failed.records.slice(0, 2) } });
    const again = await second.result;
    assert.equal(second.log, 'load data 7\nclean\n');
    assert.deepEqual(outcomesOf(again), [
      'fetch kept',
      'never skipped',
      'load failed',
      'clean succeeded',
      'tell skipped',
    ]);
    readFileSync(first.place.outputPath);
  },
);
