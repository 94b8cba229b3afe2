import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farOff, rateOf } from './report.ts';

const xargs = rateOf({ name: 'xargs -P2 -n1', keeps: 'nothing' }, [1000, 500, 2000], [1000, 500, 2000]);
const booty = (...perSecond: number[]) => rateOf({ name: 'Booty', keeps: 'everything' }, perSecond, [1000, 500, 2000]);

void test('a round that was slow for both counts as much as a fast one', () => {
  assert.deepEqual(booty(400, 200, 800).ratio, { median: 0.4, min: 0.4, max: 0.4 });
});

void test('one bad round is not far off', () => {
  assert.deepEqual(farOff([xargs, booty(400, 10, 800)], 0.05), []);
});

void test('most rounds below the least ratio are far off, and said with the ratio', () => {
  assert.match(farOff([xargs, booty(40, 10, 800)], 0.05).join(), /0\.040 of xargs; expected at least 0\.05/);
});

void test('a run without Booty passes for nothing', () => {
  assert.equal(farOff([xargs], 0.05).length, 1);
});
