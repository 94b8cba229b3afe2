import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { milliseconds } from '../../src/job/units.ts';
import { memoryPlace } from '../harness/memory-place.ts';
import { now } from '../schedule/jobs.ts';
import { type EndedJob, end, sweep } from './ended-jobs.ts';
import { openLedger } from './opened.ts';

const anyEnd = fc.record({
  at: fc.nat(6),
  wish: fc.record({ verify: fc.boolean() }),
  owed: fc.boolean(),
  logBytes: fc.nat(3),
});

/** Of ended jobs, in the order in which they ended, what the limits take away. */
function expiredOf(ends: readonly EndedJob[], maxAgeMs: number, maxJobs: number, at: number): string[] {
  let left = ends
    .flatMap(({ id, wish, ...rest }, seq) => [
      { id, seq, verifier: wish?.verify ? `${id}+verify` : null, ...rest },
      // A verifier is accepted when its pipeline's steps are done, and before the next job here.
      ...(wish?.verify ? [{ id: `${id}+verify`, seq: seq + 0.5, verifier: null, ...rest }] : []),
    ])
    .sort((a, b) => a.at - b.at || a.seq - b.seq);
  const gone: string[] = [];
  for (;;) {
    const removable = left.filter(({ owed, verifier }) => !owed && !left.some(({ id }) => id === verifier));
    const old = removable.filter((one) => at - one.at > maxAgeMs);
    const beyond = new Set(left.slice(0, Math.max(0, left.length - maxJobs)));
    const chosen = old.length > 0 ? old : removable.filter((one) => beyond.has(one));
    if (chosen.length === 0) return gone;
    gone.push(...chosen.map(({ id }) => id));
    left = left.filter((one) => !chosen.includes(one));
  }
}

interface Log {
  readonly id: string;
  readonly at: number;
  readonly bytes: number;
}

/** Fails the test unless these are the oldest, and no more than must go for the others to fit. */
function assertExcess(logs: readonly Log[], chosen: readonly string[], targetBytes: number): void {
  const gone = chosen.map((id) => logs.find((log) => log.id === id) ?? assert.fail(`${id} has no log`));
  const kept = logs.filter(({ id }) => !chosen.includes(id));
  const left = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(left <= targetBytes, 'what is kept fits');
  const last = gone.at(-1);
  if (!last) return;
  assert.ok(left + last.bytes > targetBytes, 'the last of them had to go too');
  assert.ok(
    [...gone.slice(0, -1), last, ...kept].every(({ at }, index) =>
      index < gone.length ? at <= last.at : at >= last.at,
    ),
    'the oldest first',
  );
}

const logsOf = (ends: readonly EndedJob[]): Log[] =>
  ends
    .flatMap(({ id, wish, at, logBytes = 0 }) =>
      [id, ...(wish?.verify ? [`${id}+verify`] : [])].map((one) => ({ id: one, at, bytes: logBytes })),
    )
    .filter(({ bytes }) => bytes > 0);

const sizes = fc.record({ maxAgeMs: fc.nat(8), maxJobs: fc.nat(8), targetBytes: fc.nat(20) });

void test('whatever has ended when, just that goes which is beyond the limits', async () => {
  const property = fc.asyncProperty(fc.array(anyEnd, { maxLength: 8 }), sizes, async (made, limits) => {
    await using opened = openLedger(memoryPlace());
    const { queue: ledger } = opened;
    const ends = made.map((one, index) => ({ ...one, id: `j${index}` }));
    await end(ledger, ends);
    assertExcess(logsOf(ends), ledger.retention.excessLogs(limits.targetBytes), limits.targetBytes);
    const [maxAgeMs, at] = [milliseconds(limits.maxAgeMs), 9];
    assert.deepEqual(
      await sweep(ledger, { maxAgeMs, maxJobs: limits.maxJobs }, now + at),
      expiredOf(ends, maxAgeMs, limits.maxJobs, at),
    );
  });
  await fc.assert(property, { numRuns: 60 });
});
