import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Receiver } from './receiver.ts';
import { SupervisorProcess } from './supervisor.ts';

void test('the test harness sees a crash from the drop to the event', async () => {
  await using receiver = await Receiver.listen();
  await using supervisor = await SupervisorProcess.start({ dsn: receiver.dsn });
  await supervisor.drop('boom.yaml', 'id: boom\nrun: echo out; exit 3\n');
  const outcome = await supervisor.outcome('boom');
  assert.equal(outcome.outcome, 'crashed');
  const eventId = outcome.sentry?.eventId ?? '';
  const received = await receiver.event(eventId);
  assert.equal(received.event.tags?.job_id, 'boom');
  assert.equal(received.attachments[0]?.data.toString(), 'out\n');
  assert.equal((await supervisor.line({ kind: 'job.ended', id: 'boom' })).fields.event_id, eventId);
  await supervisor.line({ kind: 'outbox.delivered', event_id: eventId });
  assert.deepEqual(supervisor.root.outbox(), []);
  assert.match((await supervisor.root.booty('list')).stdout, /boom .*crashed/);
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
});
