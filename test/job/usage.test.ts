import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalUsage, type Usage } from '../../src/job/usage.ts';

const usageOf = (rest: Partial<Usage>): Usage => ({
  cpuUserMs: 1,
  cpuSystemMs: 2,
  peakMemoryBytes: null,
  readBytes: 3,
  writtenBytes: 4,
  ...rest,
});

void test('what was used adds up, but for the peak, which is the highest', () => {
  const total = totalUsage([usageOf({ peakMemoryBytes: 5 }), null, usageOf({ peakMemoryBytes: 9 }), usageOf({})]);
  assert.deepEqual(total, { cpuUserMs: 3, cpuSystemMs: 6, peakMemoryBytes: 9, readBytes: 9, writtenBytes: 12 });
  assert.equal(totalUsage([usageOf({}), usageOf({})])?.peakMemoryBytes, null);
});

void test('where nothing is known, the sum is not zero', () => {
  assert.equal(totalUsage([]), null);
  assert.equal(totalUsage([null, null]), null);
});
