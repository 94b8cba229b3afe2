import { test } from 'node:test';
import * as fc from 'fast-check';
import { memoryPlace } from '../harness/memory-place.ts';
import { openLedger } from './opened.ts';
import { RoundsRun, type Step } from './rounds-run.ts';

const seed = Number(process.env.BOOTY_SEED || Date.now() % 2 ** 31);

const id = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('accept' as const), id, verify: fc.nat(3), limit: fc.nat(2) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('claim' as const), limit: fc.constantFrom(1, 2, 9) }) },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      pick: fc.nat(40),
      how: fc.constantFrom('succeeded', 'succeeded', 'succeeded', 'rejected', 'rejected', 'crashed', 'lost'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), id, verifier: fc.option(fc.nat(2), { freq: 1 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), by: fc.constantFrom(400, 1500) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
);

void test('whatever its verifiers say, and whoever dies or cancels: a pipeline is verified anew only as its limit says, and ends once, as the last of them decided', async (context) => {
  context.diagnostic(`seed ${seed}`);
  const sequence = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), async (steps) => {
    await using opened = openLedger(memoryPlace());
    using run = new RoundsRun(opened);
    for (const one of steps) await run.run(one);
    await run.conclude();
  });
  await fc.assert(sequence, { numRuns: Number(process.env.BOOTY_SCHEDULES || 60), seed });
});
