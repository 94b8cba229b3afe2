import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exit } from '../../src/job/exit.ts';
import { outputPairs, outputVariables } from '../../src/job/outputs.ts';
import { decides, resumePoint, runsAfter, stepRecords } from '../../src/job/step.ts';
import { milliseconds } from '../../src/job/units.ts';

const code = (value: number): Exit => ({ kind: 'code', code: value });
const late = (of: 'step' | 'job'): Exit => ({ kind: 'timeout', limitMs: milliseconds(5), of });
const cancelled: Exit = { kind: 'cancelled' };

void test('a step runs as long as nothing has failed, once something has, or always', () => {
  const runs = (['success', 'failure', 'always'] as const).map((when) => [
    runsAfter(when, false),
    runsAfter(when, true),
  ]);
  assert.deepEqual(runs, [
    [true, false],
    [false, true],
    [true, true],
  ]);
});

void test('the job’s time limit and a stop end an attempt whatever a step may do', () => {
  const rows: readonly (readonly [exit: Exit, decides: boolean, continued: boolean])[] = [
    [code(0), false, false],
    [code(3), true, false],
    [{ kind: 'signal', signal: 'SIGSEGV' }, true, false],
    [{ kind: 'spawn', code: 'ENOENT', message: 'no' }, true, false],
    [late('step'), true, false],
    [late('job'), true, true],
    [cancelled, true, true],
  ];
  for (const [exit, plain, continued] of rows)
    assert.deepEqual([decides(exit, false), decides(exit, true)], [plain, continued], JSON.stringify(exit));
});

const step = (name: string, continueOnError = false) => ({ name, when: 'success', continueOnError }) as const;
const steps = [step('a'), step('b', true), step('c'), step('d')];
const run = (index: number, exit: Exit) => ({ index, exit, durationMs: 7 });
const idle = { exitCode: null, signal: null, durationMs: null };

void test('the record of an attempt tells of every step', () => {
  assert.deepEqual(
    stepRecords(steps, [], [run(0, code(0)), run(1, code(4)), run(2, { kind: 'signal', signal: 'SIGKILL' })]),
    [
      { step: 'a', outcome: 'succeeded', exitCode: 0, signal: null, durationMs: 7 },
      { step: 'b', outcome: 'continued', exitCode: 4, signal: null, durationMs: 7 },
      { step: 'c', outcome: 'failed', exitCode: null, signal: 'SIGKILL', durationMs: 7 },
      { step: 'd', outcome: 'skipped', ...idle },
    ],
  );
  const before = stepRecords(steps, [], [run(0, code(0)), run(2, code(1))]).slice(0, 2);
  assert.deepEqual(
    stepRecords(steps, before, [run(2, cancelled)]).map(({ outcome }) => outcome),
    ['kept', 'skipped', 'interrupted', 'skipped'],
  );
});

void test('the next attempt goes on where the last one failed or was stopped, if anybody knows where that was', () => {
  const spec = { resumeFrom: 'failed-step', steps } as const;
  const after = (...runs: readonly ReturnType<typeof run>[]) => stepRecords(steps, [], runs);
  const at = (records: ReturnType<typeof after> | undefined) => resumePoint(spec, records)?.before.length ?? null;
  assert.equal(at(after(run(0, code(1)))), 0);
  assert.equal(at(after(run(0, code(0)), run(1, code(1)), run(2, code(1)), run(3, code(9)))), 2);
  assert.equal(at(after(run(0, code(0)), run(1, cancelled))), 1);
  assert.equal(at(after(run(0, code(0)), run(1, code(0)), run(2, late('job')))), 2);
  assert.equal(at(after(run(0, code(0)), run(1, code(1)), run(2, code(0)), run(3, code(0)))), null, 'all is done');
  assert.equal(at(undefined), null);
  assert.equal(at(after(run(0, code(1))).slice(0, 3)), null, 'of another number of steps');
  assert.equal(resumePoint({ ...spec, resumeFrom: 'first-step' }, after(run(0, code(1)))), null);
});

void test('outputs become variables: what a name may not have is _, and of equal names the last counts', () => {
  const variables = (text: string) => outputVariables(outputPairs(text));
  assert.deepEqual(variables('rows=7\na.b-c=x=y\n_=1\n'), {
    BOOTY_OUTPUT_rows: '7',
    BOOTY_OUTPUT_a_b_c: 'x=y',
    BOOTY_OUTPUT__: '1',
  });
  assert.deepEqual(variables('a.b=1\na_b=2\na.b=3\n'), { BOOTY_OUTPUT_a_b: '3' });
  assert.deepEqual(variables('a=1\0\nb=2\n'), { BOOTY_OUTPUT_b: '2' });
  const many = variables(Array.from({ length: 1000 }, (_, index) => `k${index}=v\n`).join(''));
  assert.equal(Object.keys(many).length, 100);
  assert.deepEqual(variables(`a=1\nb=${'x'.repeat(65_532)}`.slice(0, 65_536)), { BOOTY_OUTPUT_a: '1' });
});
