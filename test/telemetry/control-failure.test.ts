import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { ask } from '../../src/control/client.ts';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { inspectable, runInside } from './inspector.ts';

/** A defect that a request of this reason meets, and none else. */
const defect = `{ const parse = JSON.parse; JSON.parse = (text, ...more) => {
  if (String(text).includes('provoke')) throw new RangeError('cannot reach db with hunter2-hunter2');
  return parse(text, ...more); }; }`;

interface Failed {
  readonly kind: string;
  readonly eventId: string | null;
}

void test('a defect that a request meets is safe before the caller is answered, and the supervisor goes on', async () => {
  await using receiver = await Receiver.listen();
  await receiver.behave({ kind: 'refuse' });
  await using root = await Root.make({ secrets: `SENTRY_DSN=${receiver.dsn}\nPGPASSWORD=hunter2-hunter2\n` });
  await using supervisor = await SupervisorProcess.start(root, { env: inspectable });
  await runInside(supervisor, defect);

  const body = { id: 'a', reason: 'provoke with swordfish-in-the-body' };
  const { status, body: answer } = await ask(root.in('run/booty.sock'), 'POST', '/v1/cancel', body);
  assert.equal(status, 500);
  const { kind, eventId } = answer as Failed;
  assert.equal(kind, 'failed');
  assert.match(eventId ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(root.outbox(), [eventId], 'durable before the answer');

  const { username, uid } = userInfo();
  const line = await supervisor.line({ kind: 'control.failed' });
  assert.deepEqual(
    [line.priority, line.fields.request, line.fields.by, line.fields.event_id, line.fields.capture],
    ['error', 'POST /v1/cancel', `${username} (uid ${uid})`, eventId, 'captured'],
  );
  assert.match(line.fields.error ?? '', /^RangeError: cannot reach db with \[redacted:PGPASSWORD\]/);

  await receiver.behave({ kind: 'accept' });
  const { event, raw } = await receiver.event(eventId ?? '');
  assert.equal(event.level, 'error');
  assert.equal(event.transaction, 'POST /v1/cancel');
  assert.deepEqual(event.request, { method: 'POST', url: '/v1/cancel' });
  assert.deepEqual(event.contexts?.control, { asked_by: `${username} (uid ${uid})`, command: 'cancel' });
  assert.equal(event.tags?.supervisor, 'true');
  const exception = event.exception?.values.at(-1);
  assert.deepEqual([exception?.type, exception?.mechanism], ['RangeError', { type: 'booty.control', handled: false }]);
  assert.ok((exception?.stacktrace?.frames.length ?? 0) > 0);
  assert.doesNotMatch(raw.toString(), /hunter2|swordfish/);

  assert.equal((await supervisor.run({ id: 'next', run: 'true' })).outcome, 'succeeded');
  assert.equal((await ask(root.in('run/booty.sock'), 'GET', '/v1/status')).status, 200);
  assert.equal(supervisor.exit, null);
});

void test('without a DSN the caller is told as well, and the journal has the defect', async () => {
  await using supervisor = await SupervisorProcess.start({}, { env: inspectable });
  await runInside(supervisor, defect);
  const socket = supervisor.root.in('run/booty.sock');
  const { status, body } = await ask(socket, 'POST', '/v1/cancel', { id: 'a', reason: 'provoke' });
  assert.deepEqual([status, (body as Failed).kind, (body as Failed).eventId], [500, 'failed', null]);
  assert.equal((await supervisor.line({ kind: 'control.failed' })).fields.capture, 'disabled');
  assert.equal((await supervisor.run({ id: 'next', run: 'true' })).outcome, 'succeeded');
});
