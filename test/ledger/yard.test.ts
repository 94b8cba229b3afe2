import { test } from 'node:test';
import * as fc from 'fast-check';
import { memoryPlace } from '../harness/memory-place.ts';
import { openLedger } from './opened.ts';
import { commands } from './yard-commands.ts';
import { YardRun } from './yard-run.ts';

/** BOOTY_SCHEDULES=N tries so many, BOOTY_SEED=S those of a seed that was told. */
const numRuns = Number(process.env.BOOTY_SCHEDULES || 60);
const seed = Number(process.env.BOOTY_SEED || Date.now() % 2 ** 31);

void test('who runs next is what a plain list of the jobs says, whatever is dropped, asked for and ended in whatever order', async (context) => {
  context.diagnostic(`seed ${seed}`);
  const sequence = fc.asyncProperty(commands, async (taken) => {
    await using opened = openLedger(memoryPlace());
    using run = new YardRun(opened);
    for (const command of taken) await run.run(command);
    await run.conclude();
  });
  await fc.assert(sequence, { numRuns, seed });
});
