import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badKinds } from './bad-files.ts';
import { jobKinds } from './job-kinds.ts';
import { planRound, type Round } from './plan.ts';

const roundsOf = (seed: number): Round[] => Array.from({ length: 1000 }, (_, number) => planRound(seed, number));

void test('the same seed repeats every decision, another makes others', () => {
  assert.deepEqual(roundsOf(7), roundsOf(7));
  assert.notDeepEqual(roundsOf(7), roundsOf(8));
});

void test('a thousand rounds hold every kind of job, of bad file, of blow and of weather', () => {
  const rounds = roundsOf(7);
  const drops = rounds.flatMap((round) => round.drops);
  const of = (kinds: readonly string[]): string[] => [...new Set(kinds)].sort();
  assert.deepEqual(
    of(drops.flatMap((drop) => (drop.kind === 'job' ? drop.jobKind : []))),
    Object.keys(jobKinds).sort(),
  );
  assert.deepEqual(
    of(drops.flatMap((drop) => (drop.kind === 'bad' ? drop.badKind : []))),
    Object.keys(badKinds).sort(),
  );
  assert.equal(of(rounds.map(({ blow }) => blow.kind)).length, 10);
  assert.equal(of(rounds.flatMap(({ trigger }) => (trigger.kind === 'sign' ? trigger.sign : []))).length, 11);
  assert.deepEqual(of(rounds.map(({ weather }) => weather.kind)), ['accept', 'answer', 'hang', 'refuse', 'too-large']);
  assert.equal(new Set(drops.map(({ key }) => key)).size, drops.length, 'a key was used twice');
});
