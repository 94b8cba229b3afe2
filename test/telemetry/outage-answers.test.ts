import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

const crashing = { run: 'echo "what it said"; exit 3' };

/** A receiver and a supervisor that sends to it, on a root that outlives it. */
async function openScene() {
  const stack = new AsyncDisposableStack();
  const receiver = stack.use(await Receiver.listen());
  const root = stack.use(await Root.make({ dsn: receiver.dsn }));
  const supervisor = stack.use(await SupervisorProcess.start(root));
  return { receiver, root, supervisor, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const emptyOutbox = (root: Root): Promise<true> =>
  poll('an empty outbox', () => (root.outbox().length === 0 ? true : null));

void suite('an event that Sentry does not take as it is', { concurrency: true }, () => {
  void test('is sent without its attachments where it is too large (413)', async () => {
    await using scene = await openScene();
    const { receiver, root, supervisor } = scene;
    await receiver.behave({ kind: 'too-large' });
    const { sentry } = await supervisor.run({ id: 'large', ...crashing });
    const received = await receiver.event(sentry?.eventId ?? '');
    assert.deepEqual(received.attachments, []);
    assert.equal(received.event.tags?.job_id, 'large');
    await emptyOutbox(root);
    assert.deepEqual(
      receiver.requests.map(({ status }) => status),
      [413, 200],
    );
  });

  void test('is kept in outbox/dead where it is too large even without them, and those after it go on', async () => {
    await using scene = await openScene();
    const { receiver, root, supervisor } = scene;
    await receiver.behave({ kind: 'answer', status: 413 });
    const { sentry } = await supervisor.run({ id: 'huge', ...crashing });
    await supervisor.line({ kind: 'outbox.buried', event_id: sentry?.eventId ?? '' });
    assert.deepEqual(root.outbox('dead'), [sentry?.eventId]);
    await receiver.behave({ kind: 'accept' });
    const next = await supervisor.run({ id: 'next', ...crashing });
    await receiver.event(next.sentry?.eventId ?? '');
  });

  void test('is kept in outbox/dead where Sentry calls it wrong (400), one warning tells of it, and those after it go on', async () => {
    await using scene = await openScene();
    const { receiver, root, supervisor } = scene;
    await receiver.behave({ kind: 'answer', status: 400 });
    const { sentry } = await supervisor.run({ id: 'wrong', ...crashing });
    const line = await supervisor.line({ kind: 'outbox.buried', event_id: sentry?.eventId ?? '' });
    assert.equal(line.priority, 'warning');
    assert.match(line.fields.why ?? '', /400/);
    assert.deepEqual(root.outbox('dead'), [sentry?.eventId]);
    await receiver.behave({ kind: 'accept' });
    const next = await supervisor.run({ id: 'next', ...crashing });
    await receiver.event(next.sentry?.eventId ?? '');
    await supervisor.stop();
    await using again = await SupervisorProcess.start(root);
    await again.run({ id: 'last', ...crashing });
    await receiver.count(2);
    assert.deepEqual(root.outbox('dead'), [sentry?.eventId], 'a restart does not send it again');
  });

  void test('waits as long as the rate limit says (429), and is not tried before', async () => {
    await using scene = await openScene();
    const { receiver, supervisor } = scene;
    await receiver.behave({
      kind: 'answer',
      status: 429,
      headers: { 'X-Sentry-Rate-Limits': '3:error;default:key', 'Retry-After': '60' },
    });
    const { sentry } = await supervisor.run({ id: 'limited', ...crashing });
    await receiver.until('the first try', () => receiver.requests[0]);
    await receiver.behave({ kind: 'accept' });
    await receiver.event(sentry?.eventId ?? '');
    const [first, second] = receiver.requests;
    const waitedMs = (second?.atMs ?? 0) - (first?.atMs ?? 0);
    assert.ok(waitedMs > 2900 && waitedMs < 10_000, `it waited ${waitedMs} ms`);
  });

  void test('is sent again where a server took it and did not answer within 10 s', async () => {
    await using scene = await openScene();
    const { receiver, supervisor } = scene;
    await receiver.behave({ kind: 'hang' });
    const { sentry } = await supervisor.run({ id: 'hung', ...crashing });
    const line = await supervisor.line({ kind: 'outbox.delayed' });
    assert.match(line.fields.why ?? '', /no answer within 10 s/);
    await receiver.behave({ kind: 'accept' });
    await receiver.event(sentry?.eventId ?? '');
    assert.equal(receiver.events.length, 1);
  });
});

void suite('kill -9 of the supervisor right after a crash:', { concurrency: true }, () => {
  const moments = { captured: 'crash.captured', ended: 'job.ended' };
  for (const [moment, kind] of Object.entries(moments)) {
    void test(`the event arrives after the restart, once, where the crash was only just ${moment}`, async () => {
      await using scene = await openScene();
      const { receiver, root, supervisor } = scene;
      await receiver.behave({ kind: 'refuse' });
      await root.dropJob({ id: 'boom', ...crashing, onInterrupt: 'fail' });
      const { fields } = await supervisor.line({ kind, id: 'boom' });
      await supervisor.kill();
      assert.deepEqual(root.outbox(), [fields.event_id]);
      await receiver.behave({ kind: 'accept' });
      await using again = await SupervisorProcess.start(root);
      const outcome = await again.outcome('boom');
      await emptyOutbox(root);
      await again.stop();
      assert.deepEqual(
        receiver.events.map(({ id }) => id),
        [fields.event_id],
      );
      assert.equal(outcome.sentry?.eventId, fields.event_id);
    });
  }
});
