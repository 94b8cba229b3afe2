import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DropToken } from '../../src/job/id.ts';
import type { Suspicion } from '../../src/ledger/suspects.ts';
import { memoryPlace } from '../harness/memory-place.ts';
import { openLedger } from './opened.ts';

const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(14) as DropToken) as [DropToken, DropToken, DropToken];
const told = ({ deaths, culprit }: Suspicion): unknown => [Object.fromEntries(deaths), culprit];

void test('each death is counted for the files that were there, over all supervisors', async () => {
  await using opened = openLedger(memoryPlace());
  assert.deepEqual(told(await opened.queue.suspects.count([a, b])), [{ [a]: 1, [b]: 1 }, null]);
  const second = await opened.restart();
  assert.deepEqual(told(await second.suspects.count([b, c])), [{ [b]: 2, [c]: 1 }, null]);
  const third = await opened.restart();
  assert.deepEqual(told(await third.suspects.count([a, b])), [{ [a]: 1, [b]: 3 }, null], 'who was away begins anew');
});

void test('of files that were read one at a time, the last is the culprit', async () => {
  await using opened = openLedger(memoryPlace());
  const { suspects } = opened.queue;
  await suspects.count([a, b, c]);
  await suspects.reading(a);
  await suspects.reading(b);
  const next = await opened.restart();
  assert.deepEqual(told(await next.suspects.count([b, c])), [{ [b]: 2, [c]: 2 }, b]);
  const later = await opened.restart();
  assert.deepEqual(
    told(await later.suspects.count([c])),
    [{ [c]: 3 }, null],
    'and only for the death that was its own',
  );
});

void test('who was decided about is no suspect any more', async () => {
  await using opened = openLedger(memoryPlace());
  const { suspects } = opened.queue;
  await suspects.count([a, b]);
  await suspects.reading(b);
  await suspects.clear();
  const next = await opened.restart();
  assert.deepEqual(told(await next.suspects.count([b])), [{ [b]: 1 }, null]);
});

void test('a file that nobody counted is no culprit', async () => {
  await using opened = openLedger(memoryPlace());
  await opened.queue.suspects.count([a]);
  await opened.queue.suspects.reading(b);
  const next = await opened.restart();
  assert.deepEqual(told(await next.suspects.count([a, b])), [{ [a]: 2, [b]: 1 }, null]);
});
