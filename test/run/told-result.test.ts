import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redactor } from '../../src/redact/redactor.ts';
import type { AttemptResult } from '../../src/run/attempt.ts';
import { resultOf, type ToldResult, tellResult } from '../../src/run/told-result.ts';
import { RunningAttempt } from './attempts.ts';

/** As it goes from one process to another. */
const passOn = (told: ToldResult): AttemptResult => {
  const result = resultOf(JSON.parse(JSON.stringify(told)) as ToldResult, new Redactor());
  assert.ok(result.kind === 'ended');
  return result;
};

void test('a failure that another process is told of reads like one of its own', async () => {
  using run = new RunningAttempt(`
steps:
  - { name: first, run: "printf 'one\\\\377\\\\n'; exit 3", continueOnError: true }
  - { name: fail, run: "echo its words; echo its error >&2; exit 4" }
  - { name: clean, if: always(), run: echo removed }
`);
  const result = await run.result;
  const told = passOn(tellResult(result));
  const { decision, output, ...plain } = result;
  const { decision: toldDecision, output: toldOutput, ...toldPlain } = told;
  assert.deepEqual(toldPlain, plain);
  assert.deepEqual(toldOutput, { bytes: output.bytes, failure: null });
  assert.ok(decision && toldDecision);
  assert.equal(toldDecision.run, told.steps[1], 'the step that decided is one of those that ran, and no copy');
  assert.deepEqual(toldDecision.printed.tails, decision.printed.tails);
  for (const stream of ['stdout', 'stderr'] as const)
    assert.equal(toldDecision.printed.text(stream), decision.printed.text(stream));
  assert.equal(toldDecision.printed.lastLine('stderr'), 'its error');
  assert.deepEqual(toldDecision.shellNotes, decision.shellNotes);
});

void test('a success and a shortage are told as they are', async () => {
  using run = new RunningAttempt('run: echo fine');
  const result = await run.result;
  assert.deepEqual(passOn(tellResult(result)), { ...result, output: { bytes: 5, failure: null } });
  const short = { kind: 'short', of: 'machine', error: 'EAGAIN' } as const;
  assert.deepEqual(resultOf(tellResult(short), new Redactor()), short);
});

/** As a keeper of this version of the protocol tells it. Where it cannot be read any more: raise `protocolVersion`, and tell this one of its own. */
const kept =
  '{"kind":"ended","steps":[{"kind":"step","index":0,"step":"main","argv":["/bin/sh","-e","-c","exit 7"],"cwd":"/j/work","startedAtMs":1764000000000,"durationMs":1500,"exit":{"kind":"code","code":7},"usage":{"cpuUserMs":1,"cpuSystemMs":2,"peakMemoryBytes":null,"readBytes":0,"writtenBytes":0}}],"decision":{"shellNotes":[],"errorFile":null,"ran":0,"tails":{"stdout":"b3V0Cg==","stderr":"ZXJyCg=="},"earlier":{"stdout":0,"stderr":0}},"records":[{"step":"main","outcome":"failed","exitCode":7,"signal":null,"durationMs":1500}],"output":{"bytes":8,"failure":null},"durationMs":1501,"usage":{"cpuUserMs":1,"cpuSystemMs":2,"peakMemoryBytes":null,"readBytes":0,"writtenBytes":0},"survivors":0}';

void test('what an earlier build tells is understood', async () => {
  const told = JSON.parse(kept) as ToldResult;
  const result = passOn(told);
  assert.equal(result.decision?.printed.lastLine('stderr'), 'err');
  assert.deepEqual(tellResult(result), told);
  // Nothing has been added since, or left out.
  using run = new RunningAttempt('run: exit 7');
  const now = JSON.parse(JSON.stringify(tellResult(await run.result))) as ToldResult;
  assert.deepEqual(shapeOf(now), shapeOf(told));
});

/** The keys, with those of what is below. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, shapeOf(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
