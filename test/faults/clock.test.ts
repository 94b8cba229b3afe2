import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { FaultySupervisor } from './faulty-supervisor.ts';
import { skip } from './shim.ts';

/* Somebody sets the clock, or there is none that runs without power: what waits, waits by the monotonic one. */

const dayMs = 86_400_000;
const config =
  'concurrency: { pipeline: 1 }\nspool: { settle: 400ms, scanInterval: 500ms }\ndefaults: { killGrace: 500ms }\n';

void describe('a clock that jumps', { concurrency: 2, skip }, () => {
  for (const [how, shiftMs] of [
    ['a day ahead', dayMs],
    ['a day back', -dayMs],
    ['to 1970', dayMs - Date.now()],
  ] as const) {
    void test(`${how}: time limits hold, files are taken in their order, and every job has its own id`, async () => {
      await using root = await Root.make({ config });
      await using faulty = await FaultySupervisor.start(root);
      const { supervisor, faults } = faulty;
      await root.drop('limited.yaml', 'id: limited\ntimeout: 1500ms\nrun: sleep 30\n');
      const begun = (await supervisor.line({ kind: 'attempt.started', id: 'limited' })).atMs;
      // These wait for the slot: some were dropped before the jump, some after it.
      const early = ['first.yaml', 'second.yaml'];
      const late = ['third.yaml', 'fourth.yaml'];
      for (const name of early) await dropNameless(root, supervisor, name);
      faults.shiftClock(shiftMs);
      for (const name of late) await dropNameless(root, supervisor, name);
      const limited = await supervisor.outcome('limited');
      const tookMs = performance.now() - begun;
      assert.deepEqual([limited.outcome, limited.cause], ['crashed', 'timeout']);
      assert.ok(tookMs > 1000 && tookMs < 6000, `${tookMs} ms`);
      assert.ok((limited.durationMs ?? -1) >= 0 && (limited.attempts[0]?.durationMs ?? 0) < 6000);
      for (const name of [...early, ...late])
        await supervisor.line({ kind: 'job.ended', name: name.slice(0, -5), outcome: 'succeeded' });
      const started = supervisor.linesOf({ kind: 'attempt.started' }).map((line) => line.fields.name);
      assert.deepEqual(started, ['limited', 'first', 'second', 'third', 'fourth']);
      const ids = supervisor.linesOf({ kind: 'job.accepted' }).map((line) => line.fields.id);
      assert.equal(new Set(ids).size, 5);
      assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
    });

    void test(`${how}: a file that is being written is waited for no shorter and no longer`, async () => {
      await using root = await Root.make({ config: 'spool: { settle: 800ms, scanInterval: 100ms }\n' });
      await using faulty = await FaultySupervisor.start(root);
      const began = performance.now();
      await writeFile(root.in('spool/incoming/slow.yaml'), 'id: slow\nrun: "true"\n');
      await sleep(200);
      faulty.faults.shiftClock(shiftMs);
      const { atMs } = await faulty.supervisor.line({ kind: 'job.accepted', id: 'slow' });
      const tookMs = atMs - began;
      assert.ok(tookMs >= 750 && tookMs < 4000, `${tookMs} ms`);
    });

    void test(`${how}: a crash is captured, delivered, and safe in the outbox over a restart`, async () => {
      await using receiver = await Receiver.listen();
      await receiver.behave({ kind: 'refuse' });
      await using root = await Root.make({ config, dsn: receiver.dsn });
      await using first = await FaultySupervisor.start(root, { prepare: (faults) => faults.shiftClock(shiftMs) });
      const { sentry } = await first.supervisor.run({ id: 'boom', run: 'exit 3' });
      assert.equal(sentry?.capture, 'captured');
      await first.supervisor.kill();
      // The clock is right again.
      await using second = await SupervisorProcess.start(root);
      assert.deepEqual([root.outbox(), root.outbox('dead')], [[sentry.eventId], []]);
      await receiver.behave({ kind: 'accept' });
      await receiver.event(sentry.eventId ?? '');
      assert.deepEqual(second.linesOf({ kind: 'outbox.buried' }), []);
    });

    void test(`${how}: what a killed supervisor left is taken up under the other clock`, async () => {
      await using root = await Root.make({ config });
      await using first = await FaultySupervisor.start(root, { prepare: (faults) => faults.shiftClock(shiftMs) });
      await root.drop('under-way.yaml', `id: under-way\nrun: if [ "$BOOTY_ATTEMPT" = 1 ]; then sleep 30; fi\n`);
      await first.supervisor.line({ kind: 'attempt.started', id: 'under-way' });
      await dropNameless(root, first.supervisor, 'waits.yaml');
      await first.supervisor.kill();
      await using second = await SupervisorProcess.start(root);
      const outcome = await second.outcome('under-way');
      assert.deepEqual([outcome.outcome, outcome.attempt], ['succeeded', 2]);
      assert.ok(outcome.attempts.every(({ durationMs }) => (durationMs ?? 0) >= 0));
      await second.line({ kind: 'job.ended', name: 'waits', outcome: 'succeeded' });
    });

    void test(`${how}: the outcome of a job that has ended is not swept away as if it were old`, async () => {
      await using root = await Root.make({ config });
      await using first = await FaultySupervisor.start(root, { prepare: (faults) => faults.shiftClock(shiftMs) });
      await first.supervisor.run({ id: 'done', run: 'echo printed' });
      await first.supervisor.stop();
      await using second = await SupervisorProcess.start(root);
      // The first sweep comes with the first look.
      await second.run({ id: 'later', run: 'sleep 0.5' });
      await second.run({ id: 'last', run: 'sleep 0.5' });
      assert.deepEqual(second.linesOf({ kind: 'retention.swept' }), []);
      assert.equal(root.outcome('done')?.outcome, 'succeeded');
      assert.match((await root.booty('logs', 'done')).stdout, /printed/);
    });
  }
});

/*
 * What waits for a time waits for that of the wall clock: notBefore, expires, the pause before a retry.
 */
void describe('a clock that jumps while jobs wait for their time', { concurrency: 2, skip }, () => {
  const timed = 'concurrency: { pipeline: 2 }\nspool: { scanInterval: 200ms }\n';
  const waiting: Readonly<Record<string, string>> = {
    soon: 'notBefore: 12h\nrun: "true"\n',
    later: 'notBefore: 48h\nrun: "true"\n',
    'too-late': 'notBefore: 48h\nexpires: 12h\nrun: "true"\n',
    again: 'run: test $BOOTY_ATTEMPT = 2\nretries: { limit: 1, delay: 12h, maxDelay: 24h, backoff: fixed }\n',
  };

  async function dropAll(root: Root, supervisor: SupervisorProcess): Promise<void> {
    for (const [id, body] of Object.entries(waiting)) {
      await root.drop(`${id}.yaml`, `id: ${id}\n${body}`);
      await supervisor.line({ kind: 'job.accepted', id });
    }
    await supervisor.line({ kind: 'attempt.ended', id: 'again' });
  }

  void test('a day ahead: what is due by then runs, what is too late is cancelled, and the rest waits', async () => {
    await using root = await Root.make({ config: timed });
    await using faulty = await FaultySupervisor.start(root);
    const { supervisor, faults } = faulty;
    await dropAll(root, supervisor);
    faults.shiftClock(dayMs);
    assert.equal((await supervisor.outcome('soon')).outcome, 'succeeded');
    assert.equal((await supervisor.outcome('again')).attempt, 2);
    const { outcome, reason, attempt } = await supervisor.outcome('too-late');
    assert.deepEqual([outcome, attempt], ['cancelled', 0]);
    assert.match(reason ?? '', /^expired: /);
    await sleep(500);
    assert.equal(root.outcome('later'), null);
    assert.equal(supervisor.linesOf({ kind: 'attempt.started', id: 'later' }).length, 0);
  });

  void test('a day back: what waits for a time waits longer, what does not runs on, and nothing is lost when it is set right', async () => {
    await using root = await Root.make({ config: timed });
    await using faulty = await FaultySupervisor.start(root);
    const { supervisor, faults } = faulty;
    await root.drop('short.yaml', 'id: short\nnotBefore: 1500ms\nrun: "true"\n');
    await supervisor.line({ kind: 'job.accepted', id: 'short' });
    await root.drop('kept.yaml', 'id: kept\nnotBefore: 1h\nexpires: 2s\nrun: "true"\n');
    await supervisor.line({ kind: 'job.accepted', id: 'kept' });
    faults.shiftClock(-dayMs);
    assert.equal((await supervisor.run({ id: 'other', run: 'true' })).outcome, 'succeeded');
    await sleep(3000);
    assert.deepEqual([root.outcome('short'), root.outcome('kept')], [null, null]);
    faults.shiftClock(0);
    assert.equal((await supervisor.outcome('short')).outcome, 'succeeded');
    assert.equal((await supervisor.outcome('kept')).outcome, 'cancelled');
  });
});

async function dropNameless(root: Root, supervisor: SupervisorProcess, name: string): Promise<void> {
  await root.drop(name, 'run: "true"\n');
  await supervisor.line({ kind: 'job.accepted', file: name });
}
