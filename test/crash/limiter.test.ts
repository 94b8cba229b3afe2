import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Limiter } from '../../src/crash/limiter.ts';
import { milliseconds } from '../../src/job/units.ts';

const limits = { burst: 3, windowMs: milliseconds(1000), maxPerHour: 100 };
const decisions = (limiter: Limiter, group: string, times: readonly number[]): string[] =>
  times.map((atMs) => limiter.decide(group, atMs));

void test('the first crashes of a bug are sent, the rest of its window is counted', () => {
  const limiter = new Limiter(limits, 0);
  assert.deepEqual(decisions(limiter, 'a', [0, 0, 0, 0, 500]), ['send', 'send', 'send', 'count', 'count']);
  assert.deepEqual(decisions(limiter, 'b', [500]), ['send'], 'another bug is not held up');
  assert.equal(limiter.nextEndMs, 1000);
  assert.deepEqual(limiter.endWindows(999), []);
  assert.deepEqual(limiter.endWindows(1000), ['a']);
});

void test('a bug that goes on is told ever rarer, up to once an hour, and as before once it is quiet', () => {
  const limiter = new Limiter(limits, 0);
  decisions(limiter, 'a', [0, 0, 0, 0]);
  let nowMs = 0;
  const windows: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    for (let n = 0; n < 10_000; n += 1) assert.equal(limiter.decide('a', nowMs), 'count');
    const endMs = limiter.nextEndMs ?? assert.fail('no window');
    windows.push(endMs - nowMs);
    nowMs = endMs;
    assert.deepEqual(limiter.endWindows(nowMs), ['a']);
  }
  assert.deepEqual(windows.slice(0, 5), [1000, 2000, 4000, 8000, 16_000]);
  assert.deepEqual(windows.slice(-3), [3_600_000, 3_600_000, 3_600_000]);
  nowMs += 3_600_000;
  assert.deepEqual(limiter.endWindows(nowMs), ['a']);
  assert.equal(limiter.nextEndMs, null);
  assert.equal(limiter.decide('a', nowMs), 'send');
});

void test('a bug that comes back every window is sent each time', () => {
  const limiter = new Limiter(limits, 0);
  const times = Array.from({ length: 50 }, (_, index) => index * 1000);
  assert.deepEqual(new Set(decisions(limiter, 'a', times)), new Set(['send']));
});

void test('different bugs are sent up to so many an hour, and counted together beyond', () => {
  const limiter = new Limiter(limits, 0);
  const groups = Array.from({ length: 150 }, (_, index) => `bug ${index}`);
  const first = groups.map((group) => limiter.decide(group, 0));
  assert.deepEqual([first.lastIndexOf('send'), first.indexOf('count-with-others')], [99, 100]);
  assert.equal(limiter.decide('late', 36_000), 'send', 'one more comes free every 36 s');
  assert.equal(limiter.decide('later', 36_000), 'count-with-others');
});

void test('however many different bugs there are, no more than a few thousand are remembered, and none that is counted is forgotten', () => {
  const limiter = new Limiter({ ...limits, maxPerHour: 1_000_000 }, 0);
  decisions(limiter, 'storm', [0, 0, 0, 0]);
  for (let index = 0; index < 10_000; index += 1) limiter.decide(`bug ${index}`, 1);
  assert.equal(limiter.decide('storm', 2), 'count');
  assert.deepEqual(limiter.endWindows(5000), ['storm']);
});

/** The same, written as slowly and plainly as it can be: everything is computed anew from what happened. */
class Naive {
  readonly #groups = new Map<
    string,
    { tokens: number; at: number; storm: null | { end: number; long: number; n: number } }
  >();
  #all = { tokens: limits.maxPerHour, at: 0 };

  decide(group: string, now: number): string {
    const known = this.#groups.get(group) ?? { tokens: limits.burst, at: now, storm: null };
    this.#groups.set(group, known);
    if (known.storm) {
      known.storm.n += 1;
      return 'count';
    }
    known.tokens = Math.min(limits.burst, known.tokens + (now - known.at) / limits.windowMs);
    known.at = now;
    if (known.tokens < 1) {
      known.storm = { end: now + limits.windowMs, long: limits.windowMs, n: 1 };
      return 'count';
    }
    this.#all.tokens = Math.min(
      limits.maxPerHour,
      this.#all.tokens + ((now - this.#all.at) * limits.maxPerHour) / 3_600_000,
    );
    this.#all.at = now;
    if (this.#all.tokens < 1) return 'count-with-others';
    this.#all.tokens -= 1;
    known.tokens -= 1;
    return 'send';
  }

  end(now: number): string[] {
    return [...this.#groups].flatMap(([group, known]) => {
      if (!known.storm || known.storm.end > now) return [];
      const { long, n } = known.storm;
      const next = Math.min(3_600_000, long * 2);
      known.storm = n > long / limits.windowMs ? { end: now + next, long: next, n: 0 } : null;
      if (!known.storm) Object.assign(known, { tokens: 1, at: now });
      return [group];
    });
  }
}

void test('it decides as its rules say, whatever comes when', () => {
  const step = fc.record({
    passMs: fc.oneof(fc.nat(50), fc.nat(3000), fc.nat(200_000)),
    group: fc.constantFrom('a', 'b', 'c', 'd'),
    times: fc.integer({ min: 0, max: 30 }),
    ends: fc.boolean(),
  });
  let sent = 0;
  let counted = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [limiter, naive] = [new Limiter(limits, 0), new Naive()];
      let nowMs = 0;
      for (const { passMs, group, times, ends } of steps) {
        nowMs += passMs;
        for (let n = 0; n < times; n += 1) {
          const decision = limiter.decide(group, nowMs);
          assert.equal(decision, naive.decide(group, nowMs));
          if (decision === 'send') sent += 1;
          else counted += 1;
        }
        if (ends) assert.deepEqual(limiter.endWindows(nowMs).sort(), naive.end(nowMs).sort());
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(sent > 1000 && counted > 1000, `${sent} sent, ${counted} counted`);
});
