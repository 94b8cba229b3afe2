import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Behaviour } from '../harness/behaviour.ts';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

const outages: Readonly<Record<string, Behaviour>> = {
  'refuses connections': { kind: 'refuse' },
  hangs: { kind: 'hang' },
  'answers 429': { kind: 'answer', status: 429, headers: { 'Retry-After': '1' } },
  'answers 500': { kind: 'answer', status: 500 },
};

const rounds = 9;
const maxDelayMs = 100;
const maxStopMs = 5000;

void suite('with a Sentry that', () => {
  let good: SupervisorProcess;
  let bad: SupervisorProcess;
  let goodReceiver: Receiver;
  let badReceiver: Receiver;
  let count = 0;
  before(async () => {
    goodReceiver = await Receiver.listen();
    badReceiver = await Receiver.listen();
    good = await SupervisorProcess.start({ dsn: goodReceiver.dsn });
    bad = await SupervisorProcess.start(await Root.make({ dsn: badReceiver.dsn }));
  });
  after(async () => {
    for (const part of [good, bad, bad.root, goodReceiver, badReceiver]) await part[Symbol.asyncDispose]();
  });

  /** How long a crash takes from the drop to its outcome. */
  const crash = async (
    supervisor: SupervisorProcess,
  ): Promise<{ readonly tookMs: number; readonly eventId: string }> => {
    count += 1;
    const started = performance.now();
    const { sentry } = await supervisor.run({ id: `crash-${count}`, run: 'echo words; exit 3' });
    return { tookMs: performance.now() - started, eventId: sentry?.eventId ?? `no event of crash-${count}` };
  };

  for (const [name, outage] of Object.entries(outages)) {
    void test(`${name}: outcomes are as fast as ever, and every event arrives once it is back, over a restart too`, async (context) => {
      await badReceiver.behave(outage);
      const goodTimes: number[] = [];
      const badTimes: number[] = [];
      const events: string[] = [];
      // Side by side, and each first in turn, so that what else the machine does concerns both.
      for (let round = 0; round < rounds; round += 1) {
        if (round % 2 === 0) goodTimes.push((await crash(good)).tookMs);
        const { tookMs, eventId } = await crash(bad);
        badTimes.push(tookMs);
        events.push(eventId);
        if (round % 2 === 1) goodTimes.push((await crash(good)).tookMs);
      }
      const delayMs = median(badTimes) - median(goodTimes);
      context.diagnostic(
        `medians: ${median(badTimes).toFixed()} ms, with a good one ${median(goodTimes).toFixed()} ms`,
      );
      assert.ok(
        delayMs <= maxDelayMs,
        `outcomes are ${delayMs} ms late: ${badTimes.join(' ')} against ${goodTimes.join(' ')}`,
      );

      const stopping = performance.now();
      assert.deepEqual(await bad.stop(), { status: 0, signal: null });
      assert.ok(performance.now() - stopping < maxStopMs, 'it waited for Sentry before it stopped');
      assert.deepEqual(bad.root.outbox(), events, 'all wait in the outbox, the oldest first');

      bad = await SupervisorProcess.start(bad.root);
      events.push((await crash(bad)).eventId);
      await badReceiver.behave({ kind: 'accept' });
      await poll('an empty outbox', () => (bad.root.outbox().length === 0 ? true : null));
      const arrived = badReceiver.events.map(({ id }) => id);
      assert.deepEqual(arrived.slice(-events.length), events, 'each once, the oldest first');
      assert.equal(new Set(arrived).size, arrived.length, 'none twice');
    });
  }
});

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
