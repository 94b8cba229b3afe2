import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

void test('an outbox that has no room: the job ends all the same, and its outcome and the journal say why there is no event', async () => {
  await using receiver = await Receiver.listen();
  await receiver.behave({ kind: 'refuse' });
  await using supervisor = await SupervisorProcess.start({ dsn: receiver.dsn, config: 'outbox: { maxBytes: 4K }' });
  const job = { run: 'echo words; exit 3' };
  const captures: string[] = [];
  for (const id of ['one', 'two', 'three', 'four', 'five'])
    captures.push((await supervisor.run({ id, ...job })).sentry?.capture ?? '');
  assert.equal(captures[0], 'captured');
  const { sentry, outcome } = await supervisor.outcome('five');
  assert.equal(outcome, 'crashed');
  assert.equal(sentry?.eventId, null);
  assert.equal(sentry.capture, 'failed');
  assert.match(sentry.error ?? '', /the outbox is full \(outbox\.maxBytes is 4K\)/);
  const told = await supervisor.line({ kind: 'crash.uncaptured', id: 'five' });
  assert.equal(told.priority, 'error');
  assert.match(told.fields.error ?? '', /outbox is full/);
  assert.equal((await supervisor.line({ kind: 'job.ended', id: 'five' })).fields.capture, 'failed');

  await receiver.behave({ kind: 'accept' });
  const captured = captures.filter((capture) => capture === 'captured').length;
  await receiver.count(captured);
  await supervisor.line({ kind: 'outbox.delivered' });
  const after = await supervisor.run({ id: 'after', ...job });
  await receiver.event(after.sentry?.eventId ?? '');
});
