import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { resumePoint } from '../../src/job/step.ts';
import { RunningAttempt } from './attempts.ts';

const attempts = 3;

/** A step, and in which attempts it fails. */
interface Plan {
  readonly if: 'success()' | 'failure()' | 'always()';
  readonly continueOnError: boolean;
  readonly fails: readonly boolean[];
}

const plan = fc.record({
  if: fc.constantFrom('success()', 'success()', 'success()', 'failure()', 'always()'),
  continueOnError: fc.constantFrom(false, false, true),
  fails: fc.array(fc.boolean(), { minLength: attempts, maxLength: attempts }),
});
const plans = fc.array(plan, { minLength: 1, maxLength: 6 }).filter((all) => all.some((one) => one.if !== 'failure()'));

const fileOf = (steps: readonly Plan[]): string =>
  JSON.stringify({
    resumeFrom: 'failed-step',
    steps: steps.map((step, index) => ({
      if: step.if,
      continueOnError: step.continueOnError,
      run: `echo "$BOOTY_ATTEMPT ${index}" >> trace; case $BOOTY_ATTEMPT in ${step.fails.map((fails, at) => `${at + 1}) exit ${fails ? 3 : 0};;`).join(' ')} esac`,
    })),
  });

/** Which steps ran in which attempt, in order. */
async function traceOf(steps: readonly Plan[]): Promise<readonly (readonly [attempt: number, step: number])[]> {
  const file = fileOf(steps);
  using first = new RunningAttempt(file);
  let last = first;
  for (let attempt = 1; ; attempt += 1) {
    const { decision, records } = await last.result;
    const point = resumePoint(last.spec, records);
    assert.equal(point === null, decision === null, 'a failure is gone on from, and a success is not');
    if (!point || attempt === attempts) break;
    assert.equal(point.before.length, decision?.run.index);
    last = new RunningAttempt(file, { after: last, inputs: point });
  }
  const lines = readFileSync(join(first.place.workdir, 'trace'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [attempt = 0, step = 0] = line.split(' ').map(Number);
    return [attempt, step];
  });
}

void test('whatever fails how often: no step runs before those that it follows have done their work', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (steps) => {
      const trace = await traceOf(steps);
      const failed = ([attempt, step]: readonly [number, number]): boolean => steps[step]?.fails[attempt - 1] ?? false;
      trace.forEach((here, at) => {
        const [attempt, step] = here;
        const before = trace.slice(0, at);
        if (steps[step]?.if !== 'success()') return;
        for (let earlier = 0; earlier < step; earlier += 1) {
          const wanted = steps[earlier];
          if (!wanted || wanted.if === 'failure()') continue;
          const ran = before.filter(([, one]) => one === earlier);
          const last = ran.at(-1);
          assert.ok(last, `step ${earlier} ran before step ${step}`);
          assert.ok(!failed(last) || wanted.continueOnError, `step ${earlier} had succeeded before step ${step}`);
        }
        // Done is done: once it has succeeded, what follows may fail as often as it likes.
        if (before.some((one) => one[1] === step && one[0] < attempt && !failed(one)))
          assert.fail(`step ${step} twice`);
      });
      for (let attempt = 2; attempt <= attempts; attempt += 1) {
        const start = trace.find(([one]) => one === attempt)?.[1];
        const earlier = trace.filter(([one]) => one === attempt - 1);
        const decisive = earlier.find((one) => failed(one) && !steps[one[1]]?.continueOnError)?.[1];
        assert.equal(start, decisive, `attempt ${attempt} begins where attempt ${attempt - 1} failed`);
      }
    }),
    { numRuns: 60 },
  );
});
