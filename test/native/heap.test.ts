import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KeptHeap, lookEveryMs } from '../../src/native/heap.ts';

const resting = '--memory-reducer-gc-count=0';
const usual = '--memory-reducer-gc-count=2';

/** A heap of which only the flags are seen, and the processor time that the program has used so far. */
function heapOf(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let usedMs = 0;
  t.mock.method(process, 'cpuUsage', (before?: NodeJS.CpuUsage) => ({
    user: usedMs * 1000 - (before?.user ?? 0),
    system: 0 - (before?.system ?? 0),
  }));
  const flags: string[] = [];
  const heap = new KeptHeap((set) => flags.push(set));
  const passes = (used: number): void => {
    usedMs += used;
    t.mock.timers.tick(lookEveryMs);
  };
  return { heap, flags: () => flags.splice(0), passes };
}

void test('V8 collects nothing by itself once it has been quiet for half a minute, and does again at the first work', (t) => {
  const { heap, flags, passes } = heapOf(t);
  using _ = heap;
  flags();
  passes(20);
  passes(20);
  assert.deepEqual(flags(), [], 'what a burst has left is given back first');
  passes(20);
  assert.deepEqual(flags(), [resting]);
  passes(20);
  assert.deepEqual(flags(), [], 'a flag is set once');
  passes(60);
  assert.deepEqual(flags(), [usual]);
});

void test('whoever goes on after it collects as usual', (t) => {
  const { heap, flags, passes } = heapOf(t);
  for (const used of [20, 20, 20]) passes(used);
  flags();
  heap[Symbol.dispose]();
  assert.deepEqual(flags(), [usual]);
  for (const used of [20, 20, 20, 20]) passes(used);
  assert.deepEqual(flags(), []);
});

void test('work between two quiet looks puts the rest off', (t) => {
  const { heap, flags, passes } = heapOf(t);
  using _ = heap;
  flags();
  for (const used of [20, 20, 60, 20, 20]) passes(used);
  assert.deepEqual(flags(), []);
  passes(20);
  assert.deepEqual(flags(), [resting]);
});
