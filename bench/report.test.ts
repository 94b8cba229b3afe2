import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshName, steadyName } from './booty.ts';
import { withTable } from './publish.ts';
import { rateOf, rowsOf } from './rates.ts';
import { farOff, type Row, verdictOf } from './row.ts';

const xargs = rateOf({ name: 'xargs -P -n1', keeps: 'nothing' }, [1000, 500, 2000], [1000, 500, 2000]);
const references = [1000, 500, 2000];
const booty = (...perSecond: number[]) => rateOf({ name: freshName, keeps: 'everything' }, perSecond, references);
const steady = (...perSecond: number[]) => rateOf({ name: steadyName, keeps: 'everything' }, perSecond, references);
const tsp = rateOf({ name: 'task-spooler', keeps: 'nothing' }, [400, 200, 800], [1000, 500, 2000]);
const rows = (...rates: (typeof xargs)[]): readonly Row[] => rowsOf({ atOnce: 2, rates, missing: [] }, 1000);

void test('a round that was slow for both counts as much as a fast one', () => {
  assert.deepEqual(booty(400, 200, 800).ratio, { median: 0.4, min: 0.4, max: 0.4 });
});

void test('one bad round is not far off', () => {
  assert.deepEqual(farOff(rows(xargs, booty(400, 10, 800), steady(400, 10, 800))), []);
});

void test('most rounds below the least ratio are far off, and said with the ratio', () => {
  assert.match(farOff(rows(xargs, booty(40, 10, 800), steady(400, 200, 800))).join(), /0\.04; at least 0\.05 expected/);
});

void test('a run without Booty passes for nothing', () => {
  assert.equal(farOff(rows(xargs, tsp)).length, 2);
  assert.equal(farOff(rows(xargs, tsp, steady(400, 200, 800))).length, 1);
});

void test('it is held against the best of the others, and not against xargs', () => {
  const above = rows(xargs, booty(800, 400, 1600), steady(1600, 800, 3200), tsp).filter(({ unit }) => unit === '×');
  assert.deepEqual(
    above.map(({ value }) => value),
    [2, 4],
  );
});

const verdicts: readonly (readonly [string, Pick<Row, 'value' | 'target'>, string])[] = [
  ['as much as it should', { value: 0.5, target: { is: 'at least', value: 0.5 } }, 'reached'],
  ['less than it should', { value: 0.49, target: { is: 'at least', value: 0.5 } }, 'missed'],
  ['no more than it may', { value: 20, target: { is: 'at most', value: 20 } }, 'reached'],
  ['more than it may', { value: 21, target: { is: 'at most', value: 20 } }, 'missed'],
  ['what could not be measured', { value: null, target: { is: 'at most', value: 20 } }, 'not measured'],
  ['what has no target', { value: 3, target: null }, ''],
];
for (const [name, row, expected] of verdicts)
  void test(`the verdict: ${name}`, () => {
    assert.equal(verdictOf(row), expected);
  });

void test('the table takes the place of the one before, and of nothing else', () => {
  const page = (table: string): string =>
    `# Page\n<!-- make bench writes this table -->\n${table}\n<!-- its end -->\nThe rest.\n`;
  assert.equal(withTable(page('| old |'), '| new |'), page('| new |'));
  assert.throws(() => withTable('# Page\n', '| new |'), /has no/);
});
