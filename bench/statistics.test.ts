import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, percentile, ratios, summarize } from './statistics.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

const medians: readonly (readonly [string, readonly number[], number])[] = [
  ['one value', [7], 7],
  ['an odd number of values, in any order', [9, 1, 5], 5],
  ['an even number of values', [4, 1, 2, 3], 2.5],
  ['numbers, not their text', [10, 9, 100], 10],
  ['an outlier', [1, 1, 1, 1_000_000], 1],
];
for (const [name, values, expected] of medians)
  void test(`the median of ${name}`, () => {
    assert.equal(median(values), expected);
  });

const percentiles: readonly (readonly [string, readonly number[], number, number])[] = [
  ['one value', [7], 99, 7],
  ['half of an even number: the lower of the middle', [4, 1, 2, 3], 50, 2],
  ['p50 of a hundred', hundred, 50, 50],
  ['p99 of a hundred: all but the worst', hundred, 99, 99],
  ['p99 of ten: the worst', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 99, 10],
  ['p100', hundred, 100, 100],
  ['less than one value', hundred, 0.1, 1],
];
for (const [name, values, percent, expected] of percentiles)
  void test(`a percentile: ${name}`, () => {
    assert.equal(percentile(values, percent), expected);
  });

void test('the measurements stay in their order', () => {
  const values = [3, 1, 2];
  summarize(values);
  percentile(values, 50);
  assert.deepEqual(values, [3, 1, 2]);
});

void test('a summary has the middle and both ends', () => {
  assert.deepEqual(summarize([3, 1, 8]), { median: 3, min: 1, max: 8 });
});

void test('a round that was slow for all leaves the ratios as they are', () => {
  assert.deepEqual(ratios([50, 5, 40], [100, 10, 80]), [0.5, 0.5, 0.5]);
});

void test('what is no measurement is refused', () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => percentile([], 50), RangeError);
  assert.throws(() => percentile([1], 0), RangeError);
  assert.throws(() => percentile([1], 101), RangeError);
  assert.throws(() => median([1, Number.NaN]), RangeError);
  assert.throws(() => ratios([1, 2], [1]), RangeError);
});
