import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Torture } from './torture.ts';

/*
 * The short form. BOOTY_KILLS makes it longer, BOOTY_SEED repeats a run; test/torture/main.ts is the long form.
 */
const kills = Number(process.env.BOOTY_KILLS || 40);
const seed = Number(process.env.BOOTY_SEED || 20_261_124);

void test('jobs under supervisors that die in every way end once each, one attempt at a time, and every crash is told', async (t) => {
  await using torture = await Torture.prepare({ seed, kills });
  const { root, inspection } = torture;
  t.diagnostic(`BOOTY_SEED=${seed} BOOTY_KILLS=${kills}, in ${root.path}`);
  await torture.run();
  for (const line of inspection.tally.lines()) t.diagnostic(line);
  assert.deepEqual(inspection.flaws, [], `everything is still in ${root.path}`);
  await root[Symbol.asyncDispose]();
});
