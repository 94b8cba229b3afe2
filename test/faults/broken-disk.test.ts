import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import type { Operation } from './control.ts';
import { FaultySupervisor } from './faulty-supervisor.ts';
import { skip } from './shim.ts';
import { assertSound, config, noTrouble } from './trouble-round.ts';

/* What else may come together with a disk that refuses: a stop, a death, an outage, or that it only refuses at times. */

const making: readonly Operation[] = ['open', 'write', 'mkdir', 'rename', 'fsync'];
const stopping = `${config}drain: { limit: 1s }\ndefaults: { killGrace: 500ms }\n`;

void describe('a disk that refuses', { concurrency: 2, skip }, () => {
  // A commit is many writes: where each fifth fails, hardly any commit gets through.
  for (const [pattern, share] of [
    ['lib/**', 30],
    ['spool/**', 200],
  ] as const)
    void test(`${share} changes of a thousand fail below ${pattern}: every job ends once, after one attempt`, async () => {
      await using receiver = await Receiver.listen();
      await using root = await Root.make({ config, dsn: receiver.dsn });
      await using faulty = await FaultySupervisor.start(root);
      const { supervisor, faults } = faulty;
      const rule = faults.fail('EIO', { pattern, share });
      const ids = Array.from({ length: 20 }, (_, number) => `job-${number}`);
      const badly = (id: string): boolean => Number(id.slice(4)) % 4 === 0;
      for (const id of ids)
        await root.dropJob({ id, run: `echo ${id} | tee -a ${root.in('ran')}; exit ${badly(id) ? 3 : 0}` });
      await poll('half of the jobs', () => root.names('spool/outcomes').length >= 10 || null, {
        timeoutMs: 60_000,
        state: () => supervisor.lines.map((line) => line.raw).join('\n'),
      });
      assert.ok(rule.struck() > 3, String(rule.struck()));
      rule.off();
      for (const id of ids) {
        const outcome = await supervisor.outcome(id, 40_000);
        assert.deepEqual([outcome.outcome, outcome.attempt], [badly(id) ? 'crashed' : 'succeeded', 1], id);
      }
      assert.deepEqual(readFileSync(root.in('ran'), 'utf8').trim().split('\n').sort(), ids.toSorted());
      for (const id of ids.filter(badly))
        await receiver.until(`the event of ${id}`, () =>
          receiver.events.find(({ event }) => event.tags?.job_id === id),
        );
      await noTrouble(supervisor);
      assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
      assertSound(root);
    });

  for (const how of ['killed', 'stopped'] as const)
    void test(`a supervisor that is ${how} while its ledger refuses: the next one has every job`, async () => {
      await using root = await Root.make({ config: stopping });
      await using faulty = await FaultySupervisor.start(root);
      const { supervisor, faults } = faulty;
      await supervisor.run({ id: 'before', run: 'true' });
      await root.drop('runs.yaml', `id: runs\nrun: while [ ! -e ${root.in('go')} ]; do sleep 0.02; done\n`);
      await supervisor.line({ kind: 'attempt.started', id: 'runs' });
      faults.fail('ENOSPC', { operations: making, pattern: 'lib/ledger.db*' });
      await root.dropJob({ id: 'comes', run: 'true' });
      await root.write('go', '');
      await supervisor.line({ kind: 'trouble.began', where: 'ledger' });
      if (how === 'killed') await supervisor.kill();
      else assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
      await using next = await SupervisorProcess.start(root);
      assert.equal((await next.outcome('comes')).attempt, 1);
      const outcome = await next.outcome('runs');
      assert.deepEqual([outcome.outcome, outcome.attempts.map(({ cause }) => cause)], ['succeeded', ['lost', null]]);
      assert.equal(root.outcome('before')?.outcome, 'succeeded');
      await next.stop();
      assertSound(root);
    });

  void test('events that neither the disk nor Sentry takes are kept until one of them does', async () => {
    await using receiver = await Receiver.listen();
    await receiver.behave({ kind: 'refuse' });
    await using root = await Root.make({ config, dsn: receiver.dsn });
    await using faulty = await FaultySupervisor.start(root);
    const { supervisor, faults } = faulty;
    const rule = faults.fail('ENOSPC', { operations: making, pattern: 'lib/outbox/**' });
    for (const id of ['one', 'two']) assert.equal((await supervisor.run({ id, run: 'exit 3' })).outcome, 'crashed');
    assert.deepEqual(root.outbox(), []);
    rule.off();
    await poll('both events in the outbox', () => root.outbox().length === 2 || null);
    await noTrouble(supervisor);
    await supervisor.kill();
    await receiver.behave({ kind: 'accept' });
    await using _next = await SupervisorProcess.start(root);
    const events = await receiver.count(2);
    assert.deepEqual(events.map(({ event }) => String(event.tags?.job_id)).toSorted(), ['one', 'two']);
  });

  for (const [what, behaviour, operations] of [
    ['takes an event that cannot be removed', { kind: 'accept' }, ['unlink']],
    ['finds an event too large that cannot be made smaller', { kind: 'too-large' }, making],
    ['will never take an event that cannot be put aside', { kind: 'answer', status: 400 }, ['rename', 'unlink']],
  ] as const)
    for (const errno of ['EIO', 'EROFS'] as const)
      void test(`Sentry ${what} (${errno}): jobs run on`, async () => {
        await using receiver = await Receiver.listen();
        await receiver.behave({ kind: 'refuse' });
        await using root = await Root.make({ config, dsn: receiver.dsn });
        await using faulty = await FaultySupervisor.start(root);
        const { supervisor, faults } = faulty;
        const { sentry } = await supervisor.run({ id: 'boom', run: 'echo printed; exit 3' });
        assert.equal(sentry?.capture, 'captured');
        const rule = faults.fail(errno, { operations, pattern: 'lib/outbox/**' });
        await receiver.behave(behaviour);
        await poll('a refusal of the disk', () => rule.struck() > 0 || null);
        assert.equal((await supervisor.run({ id: 'other', run: 'sleep 0.5' })).outcome, 'succeeded');
        assert.equal(supervisor.exit, null);
        rule.off();
        await noTrouble(supervisor);
        assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
        await receiver.behave({ kind: 'accept' });
        await using _next = await SupervisorProcess.start(root);
        await poll('an empty outbox', () => root.outbox().length === 0 || null);
        // Once taken, or put aside as never to be taken: nothing that was safe is lost.
        const ids = [...receiver.events.map(({ id }) => id), ...root.outbox('dead')];
        assert.deepEqual([...new Set(ids)], [sentry.eventId]);
      });

  void test('a file that cannot be put aside is told once, holds up no other, and is put aside later', async () => {
    await using root = await Root.make({ config });
    await using faulty = await FaultySupervisor.start(root);
    const { supervisor, faults } = faulty;
    const rule = faults.fail('ENOSPC', { operations: making, pattern: 'spool/rejected/**' });
    await root.drop('bad.yaml', 'nonsense: 1\n');
    for (const id of ['one', 'two', 'three'])
      assert.equal((await supervisor.run({ id, run: 'true' })).outcome, 'succeeded');
    await poll('some tries', () => rule.struck() > 3 || null);
    assert.equal(supervisor.linesOf(/bad\.yaml/).length, 1, supervisor.lines.map((line) => line.raw).join('\n'));
    rule.off();
    await supervisor.line({ kind: 'job.refused', file: 'bad.yaml' });
    assert.deepEqual(root.names('spool/rejected').sort(), ['bad.yaml', 'bad.yaml.reason.json']);
    assert.deepEqual(root.hidden('spool/rejected'), []);
  });
});
