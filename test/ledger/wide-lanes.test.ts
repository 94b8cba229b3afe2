import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant, milliseconds } from '../../src/job/units.ts';
import { maxLetThrough } from '../../src/ledger/lanes.ts';
import { drop, finishOf, idsOf, now } from '../schedule/jobs.ts';
import { openLedger } from './opened.ts';

const many = 3 * maxLetThrough;

for (const [what, spec] of [
  ['a group of many', { concurrency: { group: 'wide', limit: many - 10, onNew: 'queue' } }],
  ['a rate of many', { rate: { starts: many - 10, perMs: milliseconds(60_000) }, name: 'rated' }],
] as const) {
  void test(`${what} is filled in one go, in its order, and no further`, async () => {
    await using opened = openLedger();
    const { queue } = opened;
    const made = Array.from({ length: many }, (_, index) => drop(`j${index}`, { priority: index % 7 }));
    await queue.accept(
      made.map((one) => ({ ...one, spec: { ...one.spec, ...spec } })),
      now,
    );
    const claims = await queue.claim('pipeline', 1000, now);
    const order = made
      .map(({ id, spec: { priority } }, index) => ({ id: String(id), priority, index }))
      .toSorted((a, b) => b.priority - a.priority || a.index - b.index)
      .map(({ id }) => id);
    assert.deepEqual(idsOf(claims), order.slice(0, many - 10));
    assert.deepEqual(await queue.claim('pipeline', 1000, now), []);
    for (const claim of claims) await queue.finish(claim, finishOf('succeeded'));
    const later = instant(now + 60_000);
    await queue.advance(later, { release: null, environment: '', jitter: 0 });
    assert.deepEqual(idsOf(await queue.claim('pipeline', 1000, later)), order.slice(many - 10));
  });
}
