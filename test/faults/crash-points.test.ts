import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '../harness/random.ts';
import { kindOf, tracePoints } from './crash-points.ts';
import { someDeaths } from './plans.ts';
import { skip } from './shim.ts';
import { survey } from './survey.ts';

/* BOOTY_SEED repeats a run. All points, and each of their moments: `make crash-points`. */
const seed = Number(process.env.BOOTY_SEED ?? 20_261_124);

void test('nothing is lost, doubled or told too early when the supervisor dies at any kind of change', {
  skip,
}, async (t) => {
  const points = await tracePoints();
  const kinds = new Set(points.map(kindOf));
  const plans = someDeaths(points, 8, randomOf(seed));
  const found = await survey(plans, 2);
  t.diagnostic(
    `seed ${seed}, ${points.length} points of ${kinds.size} kinds, ${found.runs} runs, ${found.missed} missed`,
  );
  assert.deepEqual(found.flaws, []);
  // A shim that lets go of a call would leave its points out of sight.
  for (const kind of [
    'fork',
    'write lib/ledger.db-wal',
    'unlink spool/incoming/.claimed/*',
    'rename lib/outbox/*.envelope',
  ])
    assert.ok(kinds.has(kind), kind);
  assert.deepEqual(
    [...kinds].filter((kind) => !found.deaths.has(kind)),
    [],
  );
});
