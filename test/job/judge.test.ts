import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cause, causeOf, describeExit, type Exit, exitCodeOf, signalOf } from '../../src/job/exit.ts';
import { type AttemptEnd, judge, judgePipeline, type VerifierEnd } from '../../src/job/judge.ts';
import type { Outcome } from '../../src/job/outcome.ts';
import { milliseconds } from '../../src/job/units.ts';

const code = (value: number): Exit => ({ kind: 'code', code: value });
const killed: Exit = { kind: 'signal', signal: 'SIGKILL' };
const timeout: Exit = { kind: 'timeout', limitMs: milliseconds(90_000), of: 'step' };
const unstarted: Exit = { kind: 'spawn', code: 'ENOENT', message: 'nope: no such program (ENOENT)' };
const lost: Exit = { kind: 'lost', message: 'lost: the supervisor ended while it ran' };
const cancelled: Exit = { kind: 'cancelled' };

const exits: readonly (readonly [
  exit: Exit,
  cause: Cause | null,
  code: number | null,
  signal: string | null,
  text: string,
])[] = [
  [code(0), null, 0, null, 'succeeded'],
  [code(3), 'exit-code', 3, null, 'exited with 3'],
  [code(255), 'exit-code', 255, null, 'exited with 255'],
  [killed, 'signal', null, 'SIGKILL', 'was killed by SIGKILL'],
  [timeout, 'timeout', null, null, 'ran into the time limit of the step, 1m 30s'],
  [{ ...timeout, of: 'job' }, 'timeout', null, null, 'ran into the time limit of the job, 1m 30s'],
  [unstarted, 'spawn', null, null, 'could not be started: nope: no such program (ENOENT)'],
  [lost, 'lost', null, null, 'lost: the supervisor ended while it ran'],
  [cancelled, null, null, null, 'was cancelled'],
];

void test('every exit has its cause, its code or signal, and words for people', () => {
  for (const [exit, cause, status, signal, text] of exits)
    assert.deepEqual(
      [causeOf(exit), exitCodeOf(exit), signalOf(exit), describeExit(exit)],
      [cause, status, signal, text],
    );
});

const end = (exit: Exit, rest: Partial<AttemptEnd> = {}): AttemptEnd => ({
  step: 'load',
  exit,
  verdict: null,
  lastLine: null,
  exception: null,
  ...rest,
});
const ending = (exitCode: number | null, signal: string | null = null) => ({ step: 'load', exitCode, signal });
const exception = 'ValueError: bad row';

void test('a step that fails makes its pipeline a crash, with the most telling reason', () => {
  const crashes: readonly (readonly [end: AttemptEnd, cause: Cause, reason: string])[] = [
    [end(code(1)), 'exit-code', 'exited with 1'],
    [end(code(1), { lastLine: 'disk full' }), 'exit-code', 'exited with 1: disk full'],
    [end(code(1), { lastLine: 'x', verdict: 'no', exception }), 'exit-code', exception],
    [end(killed, { lastLine: 'x' }), 'signal', 'was killed by SIGKILL'],
    [end(killed, { exception }), 'signal', exception],
    [end(timeout, { lastLine: 'x' }), 'timeout', 'ran into the time limit of the step, 1m 30s'],
    [end(unstarted), 'spawn', 'could not be started: nope: no such program (ENOENT)'],
    [end(lost), 'lost', 'lost: the supervisor ended while it ran'],
  ];
  for (const [given, cause, reason] of crashes)
    assert.deepEqual(judge('pipeline', given), {
      outcome: 'crashed',
      cause,
      reason,
      ...ending(exitCodeOf(given.exit), signalOf(given.exit)),
    });
});

void test('success is exit 0, whatever was printed', () => {
  for (const kind of ['pipeline', 'verifier'] as const)
    assert.deepEqual(judge(kind, end(code(0), { lastLine: 'error!', verdict: 'bad', exception })), {
      outcome: 'succeeded',
    });
});

void test('a verifier that exits with 1 rejects, and says why', () => {
  const rejected = (reason: string) => ({ outcome: 'rejected', reason, ...ending(1) });
  assert.deepEqual(judge('verifier', end(code(1), { verdict: 'row 7 is bad' })), rejected('row 7 is bad'));
  assert.deepEqual(
    judge('verifier', end(code(1))),
    rejected('rejected without a reason: the verifier exited with 1 and printed nothing'),
  );
});

void test('a verifier that died says nothing about the result: a crash, and no rejection', () => {
  const deaths: readonly (readonly [end: AttemptEnd, cause: Cause])[] = [
    [end(code(1), { verdict: 'row 7 is bad', exception }), 'exit-code'],
    [end(code(2), { verdict: 'row 7 is bad' }), 'exit-code'],
    [end(code(127)), 'exit-code'],
    [end(killed), 'signal'],
    [end(timeout), 'timeout'],
    [end(unstarted), 'spawn'],
    [end(lost), 'lost'],
  ];
  for (const [given, cause] of deaths) {
    const judgement = judge('verifier', given);
    assert.equal(judgement.outcome, 'crashed');
    assert.equal('cause' in judgement && judgement.cause, cause);
  }
});

void test('what a stop of the supervisor ended is nobody’s crash', () => {
  for (const kind of ['pipeline', 'verifier'] as const)
    assert.deepEqual(judge(kind, end(cancelled, { exception, lastLine: 'x', verdict: 'y' })), {
      outcome: 'interrupted',
      cause: null,
      reason: 'interrupted: the supervisor was told to stop',
      ...ending(null),
    });
});

/** `name outcome (reason)` of each, and what that makes of the pipeline. */
const panels: readonly (readonly [
  ends: readonly VerifierEnd[],
  outcome: Outcome,
  cause: Cause | null,
  reason: string | null,
])[] = (() => {
  const ended = (
    name: string,
    outcome: Outcome,
    reason: string | null = null,
    cause: Cause | null = null,
  ): VerifierEnd => ({
    name,
    outcome,
    reason,
    cause,
  });
  const [yes, also] = [ended('a', 'succeeded'), ended('b', 'succeeded')];
  const [no, neither] = [ended('c', 'rejected', 'row 7'), ended('d', 'rejected', 'row 9')];
  const [broken, torn] = [ended('e', 'crashed', 'died', 'signal'), ended('f', 'crashed', 'slept', 'timeout')];
  const [unwanted, passed] = [ended('g', 'cancelled', 'x'), ended('h', 'skipped', 'x')];
  const row7 = 'c: row 7';
  return [
    [[yes], 'succeeded', null, null],
    [[no], 'rejected', null, 'row 7'],
    [[broken], 'crashed', 'signal', 'its verifier crashed: died'],
    [[ended('e', 'crashed', null, 'lost')], 'crashed', 'lost', 'its verifier crashed: no reason known'],
    [[unwanted], 'cancelled', null, 'its verifier was cancelled'],
    [[passed], 'skipped', null, 'its verifier was skipped'],
    [[yes, also], 'succeeded', null, null],
    [[yes, no], 'rejected', null, row7],
    [[no, neither], 'rejected', null, 'c: row 7; d: row 9'],
    [[broken, no], 'rejected', null, row7],
    [[no, unwanted, broken], 'rejected', null, row7],
    [[yes, broken], 'crashed', 'signal', 'its verifier e crashed: died'],
    [[torn, broken], 'crashed', 'timeout', 'its verifier f crashed: slept; its verifier e crashed: died'],
    [[unwanted, broken], 'crashed', 'signal', 'its verifier e crashed: died'],
    [[yes, unwanted], 'cancelled', null, 'its verifier g was cancelled'],
    [[passed, unwanted], 'cancelled', null, 'its verifier g was cancelled'],
    [[yes, passed], 'skipped', null, 'its verifier h was skipped'],
  ];
})();

void test('a pipeline succeeds only where all its verifiers say so', () => {
  for (const [ends, outcome, cause, reason] of panels) {
    const { decisive, ...verdict } = judgePipeline(ends);
    assert.deepEqual(verdict, { outcome, cause, reason });
    assert.deepEqual(decisive, outcome === 'succeeded' ? [] : ends.filter((end) => end.outcome === outcome));
  }
});
