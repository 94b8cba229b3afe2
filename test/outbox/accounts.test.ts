import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

const crashing = { run: 'echo "what it said"; exit 3' };

void suite('what waits when the account at Sentry changes', { concurrency: true }, () => {
  void test('goes to the project of the new DSN', async () => {
    await using old = await Receiver.listen();
    await old.behave({ kind: 'refuse' });
    await using root = await Root.make({ dsn: old.dsn });
    const outcome = await (async () => {
      await using supervisor = await SupervisorProcess.start(root);
      return await supervisor.run({ id: 'boom', ...crashing });
    })();
    await using fresh = await Receiver.listen();
    await root.write('etc/secrets.env', `SENTRY_DSN=${fresh.dsn}\n`, 0o600);
    await using _again = await SupervisorProcess.start(root);
    const received = await fresh.event(outcome.sentry?.eventId ?? '');
    assert.equal(received.event.tags?.job_id, 'boom');
    assert.doesNotMatch(received.raw.toString(), new RegExp(`:${old.port}`), 'nothing of the old one is in it');
    await poll('an empty outbox', () => (root.outbox().length === 0 ? true : null));
  });

  void test('stays where there is no DSN any more, and one notice at the start says how many', async () => {
    await using receiver = await Receiver.listen();
    await receiver.behave({ kind: 'refuse' });
    await using root = await Root.make({ dsn: receiver.dsn });
    {
      await using supervisor = await SupervisorProcess.start(root);
      await supervisor.run({ id: 'boom', ...crashing });
    }
    await root.write('etc/secrets.env', '', 0o600);
    await using again = await SupervisorProcess.start(root);
    const lines = again.lines.filter(({ text }) => text.includes('1 crash event waits in the outbox'));
    assert.equal(lines.length, 1);
    assert.equal(root.outbox().length, 1);
    const { stdout } = await root.booty('outbox', 'list');
    assert.match(stdout, /boom/);
  });

  for (const status of [401, 403, 404]) {
    void test(`stays where Sentry refuses whoever asks (${status}): one trouble, and no more requests`, async () => {
      await using receiver = await Receiver.listen();
      await receiver.behave({ kind: 'answer', status });
      await using root = await Root.make({ dsn: receiver.dsn });
      {
        await using supervisor = await SupervisorProcess.start(root);
        for (const id of ['one', 'two', 'three']) await supervisor.run({ id, name: id, ...crashing });
        const line = await supervisor.line({ kind: 'trouble.began', where: 'sentry' });
        assert.match(line.fields.error ?? '', new RegExp(String(status)));
        assert.ok(receiver.requests.length <= 3, `${receiver.requests.length} requests`);
        assert.deepEqual([root.outbox().length, root.outbox('dead').length], [3, 0]);
        assert.match(
          (await root.booty('status')).stdout,
          new RegExp(`deliveries +fail: the server answered ${status}`),
        );
      }
      await receiver.behave({ kind: 'accept' });
      await using _again = await SupervisorProcess.start(root);
      await receiver.count(3);
    });
  }
});
