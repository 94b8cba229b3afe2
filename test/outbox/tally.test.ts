import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  parseTallyLine,
  replayTally,
  summaryIdOf,
  type TallyEntry,
  TallyState,
  tallyLine,
} from '../../src/outbox/tally.ts';

const id = fc.nat(40).map((index) => index.toString(16).padStart(32, '0'));
const group = fc.constantFrom('a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32));
const counted = fc.record({
  kind: fc.constant('count' as const),
  group,
  eventId: id,
  atMs: fc.nat(2_000_000_000_000),
  count: fc.integer({ min: 1, max: 5 }),
  jobId: fc.stringMatching(/^[a-z0-9][a-z0-9.+_-]{0,20}$/),
});

const textOf = (entries: readonly TallyEntry[]): string => entries.map(tallyLine).join('');
const contents = (state: TallyState) => ({
  lines: state.lines(),
  untold: state.untold,
  groups: [...state.groups].sort(),
});

void test('every line means what was written', () => {
  fc.assert(
    fc.property(counted, (entry) => {
      assert.deepEqual(parseTallyLine(tallyLine(entry).trimEnd()), { ...entry });
    }),
  );
  const state = replayTally(textOf([{ kind: 'sent', eventId: 'e'.repeat(32) }]));
  assert.equal(state.fateOf('e'.repeat(32)), 'sent');
});

void test('a crash that is counted twice counts once', () => {
  fc.assert(
    fc.property(fc.array(counted, { maxLength: 80 }), (entries) => {
      const expected = new Map<string, number>();
      for (const { eventId, count } of entries) if (!expected.has(eventId)) expected.set(eventId, count);
      const state = replayTally(textOf(entries));
      assert.equal(
        state.untold,
        [...expected.values()].reduce((total, count) => total + count, 0),
      );
    }),
  );
});

void test('cut off anywhere by a power cut, it says what its whole lines say, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(counted, { minLength: 1, maxLength: 30 }), fc.nat(), (entries, where) => {
      const text = textOf(entries);
      const cut = text.slice(0, where % (text.length + 1));
      const whole = cut.split('\n').length - 1;
      assert.deepEqual(contents(replayTally(cut)), contents(replayTally(textOf(entries.slice(0, whole)))));
    }),
  );
});

void test('made short, told and gone on with, it comes to the same', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: counted },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('tell' as const), group, isTold: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'shorten' as const }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let text = '';
      let state = new TallyState();
      const seen = new Map<string, number>();
      let told = 0;
      const append = (entry: TallyEntry): void => {
        if (state.apply(entry)) text += tallyLine(entry);
      };
      for (const next of steps) {
        if (next.kind === 'count') {
          append(next);
          if (!seen.has(next.eventId)) seen.set(next.eventId, next.count);
        } else if (next.kind === 'shorten') {
          text = state.lines();
          // Whoever died reads what there is.
          state = replayTally(text);
        } else {
          const sum = state.openSum(next.group);
          if (sum) append({ kind: 'close', group: next.group, summaryId: summaryIdOf(next.group, sum) });
          if (!next.isTold) continue;
          for (const closed of state.closedOf(next.group)) {
            append({ kind: 'told', summaryId: closed.summaryId });
            told += closed.sum.count;
          }
        }
        assert.deepEqual(contents(replayTally(text)).untold, state.untold);
      }
      const all = [...seen.values()].reduce((total, count) => total + count, 0);
      assert.equal(told + state.untold, all);
      assert.deepEqual(contents(replayTally(state.lines())), contents(state));
    }),
    { numRuns: 300 },
  );
});
