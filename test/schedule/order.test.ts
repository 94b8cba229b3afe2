import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant, milliseconds } from '../../src/job/units.ts';
import { type LaneView, laneOf, roomIn } from '../../src/schedule/order.ts';

const free: LaneView = {
  paused: false,
  maxActive: null,
  active: 0,
  rate: null,
  recent: { starts: 0, first: null },
};
const rate = { starts: 3, perMs: milliseconds(1000) };
const started = (starts: number, first: number): Pick<LaneView, 'recent'> => ({
  recent: { starts, first: instant(first) },
});
const any = Number.POSITIVE_INFINITY;

const table: readonly (readonly [what: string, view: Partial<LaneView>, places: number, reopensAt: number | null])[] = [
  ['nothing limits it', {}, any, null],
  ['a group has room', { maxActive: 2 }, 2, null],
  ['one of two runs', { maxActive: 2, active: 1 }, 1, null],
  ['both run', { maxActive: 2, active: 2 }, 0, null],
  ['the newest job wants fewer than run', { maxActive: 1, active: 3 }, 0, null],
  ['it is paused', { maxActive: 2, paused: true }, 0, null],
  ['it is paused, and has no limit', { paused: true }, 0, null],
  ['a rate that nobody used', { rate }, 3, null],
  ['some of it is used', { rate, ...started(2, 50) }, 1, 1050],
  ['all of it is used', { rate, ...started(3, 50) }, 0, 1050],
  ['more than that is, for it was more before', { rate, ...started(9, 50) }, 0, 1050],
  ['the rate is narrower than the group', { maxActive: 5, rate, ...started(2, 50) }, 1, 1050],
  ['the group is narrower than the rate', { maxActive: 1, rate, ...started(1, 50) }, 1, 1050],
  ['the group is full, and the rate is not', { maxActive: 1, active: 1, rate }, 0, null],
  ['it is paused, and time goes on', { paused: true, rate, ...started(3, 50) }, 0, 1050],
];

for (const [what, view, places, reopensAt] of table)
  void test(`so many may start where ${what}`, () => {
    assert.deepEqual(roomIn({ ...free, ...view }), { places, reopensAt });
  });

void test('a group is a lane, a rate alone is one of its name, and without either there is none', () => {
  const group = { group: 'db', limit: 1, onNew: 'queue' } as const;
  assert.equal(laneOf({ name: 'load', concurrency: null, rate: null }), null);
  assert.equal(laneOf({ name: 'load', concurrency: group, rate: null }), 'group:db');
  assert.equal(laneOf({ name: 'load', concurrency: null, rate }), 'name:load');
  assert.equal(laneOf({ name: 'load', concurrency: group, rate }), 'group:db');
});
