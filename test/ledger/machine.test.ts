import { test } from 'node:test';
import * as fc from 'fast-check';
import { memoryPlace } from '../harness/memory-place.ts';
import { commands } from './machine-commands.ts';
import { MachineRun } from './machine-run.ts';
import { openLedger } from './opened.ts';

void test('whatever happens in whatever order, kills and sweeps among it, no ledger is ever in a state that it must not have', async () => {
  const sequence = fc.asyncProperty(commands, async (taken) => {
    await using opened = openLedger(memoryPlace());
    using run = new MachineRun(opened);
    for (const command of taken) await run.run(command);
    await run.conclude();
  });
  await fc.assert(sequence, { numRuns: 100 });
});
