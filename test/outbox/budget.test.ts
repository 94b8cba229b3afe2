import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { victimsOf } from '../../src/outbox/budget.ts';
import { envelopeName } from '../../src/outbox/file-name.ts';
import { sum } from '../storms/storm.ts';

const idOf = (index: number): string => index.toString(16).padStart(32, '0');
const groupOf = (letter: string): string => letter.repeat(32);

const waiting = fc
  .array(
    fc.record({ group: fc.constantFrom('a', 'b', 'c', ''), bytes: fc.integer({ min: 1, max: 50 }), atMs: fc.nat(99) }),
    {
      maxLength: 25,
    },
  )
  .map((all) =>
    all.map(({ group, bytes, atMs }, index) => ({
      ...envelopeName(1_700_000_000_000 + atMs, idOf(index), group === '' ? null : groupOf(group)),
      bytes,
    })),
  );

void test('what is dropped is never the first of its bug, never what is being sent, and no more than is needed', () => {
  let dropped = 0;
  fc.assert(
    fc.property(waiting, fc.integer({ min: 1, max: 300 }), fc.nat(25), (all, needed, inHand) => {
      const victims = victimsOf(all, needed, idOf(inHand));
      const droppable = all.filter(
        (one) =>
          one.eventId !== idOf(inHand) && all.some((other) => other.group === one.group && other.name < one.name),
      );
      if (victims === null) {
        assert.ok(sum(droppable.map(({ bytes }) => bytes)) < needed, 'there was enough');
        return;
      }
      dropped += victims.length;
      assert.ok(victims.every((victim) => droppable.includes(victim)));
      assert.ok(sum(victims.map(({ bytes }) => bytes)) >= needed);
      assert.ok(sum(victims.slice(0, -1).map(({ bytes }) => bytes)) < needed, 'the last was needed');
    }),
    { numRuns: 1000 },
  );
  assert.ok(dropped > 100, `${dropped} dropped`);
});

void test('the oldest duplicates go first', () => {
  const all = ['a', 'b', 'a', 'a', 'b'].map((group, index) => ({
    ...envelopeName(1_700_000_000_000 + index, idOf(index), groupOf(group)),
    bytes: 10,
  }));
  assert.deepEqual(
    victimsOf(all, 15, null)?.map(({ eventId }) => eventId),
    [2, 3].map(idOf),
  );
});
