import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, milliseconds } from '../../src/job/units.ts';
import { Delivery, type DeliveryEvent } from '../../src/outbox/delivery.ts';
import { envelopeEndpoint } from '../../src/outbox/endpoint.ts';
import { Outbox } from '../../src/outbox/outbox.ts';
import { Receiver } from '../harness/receiver.ts';
import { poll } from '../harness/waiting.ts';
import { outboxDirectory } from '../storms/storm.ts';

const idOf = (index: number): string => index.toString(16).padStart(32, '0');
const limits = { maxBytes: bytes(100_000), maxAgeMs: milliseconds(60_000) };

async function openScene() {
  const stack = new AsyncDisposableStack();
  const receiver = stack.use(await Receiver.listen());
  const { path } = stack.use(outboxDirectory());
  const outbox = new Outbox(path, limits);
  for (const index of [1, 2]) {
    const payload = JSON.stringify({ event_id: idOf(index) });
    const lines = [payload, `{"type":"event","length":${payload.length}}`, payload, ''];
    await outbox.store(idOf(index), Buffer.from(lines.join('\n')));
  }
  const told: DeliveryEvent[] = [];
  const deliver = (): Delivery =>
    stack.use(new Delivery(outbox, envelopeEndpoint(receiver.dsn), (event) => told.push(event)));
  return { receiver, outbox, told, deliver, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

void test('one event that is refused (403) holds up no other, and is no trouble', async () => {
  await using scene = await openScene();
  const { receiver, outbox, told } = scene;
  await receiver.behave({ kind: 'answer', status: 403 });
  scene.deliver();
  await receiver.until('the first request', () => receiver.requests[0]);
  await receiver.behave({ kind: 'accept' });
  await poll('an empty outbox', () => (outbox.count === 0 ? true : null));
  assert.deepEqual(
    receiver.requests.map(({ eventId, status }) => [eventId, status]),
    [
      [idOf(1), 403],
      [idOf(2), 200],
      [idOf(1), 200],
    ],
  );
  assert.deepEqual(new Set(told.map(({ kind }) => kind)), new Set(['delivered']));
});

void test('a second one that is refused is the account’s trouble: told once, and nothing more is sent', async () => {
  await using scene = await openScene();
  const { receiver, outbox, told } = scene;
  await receiver.behave({ kind: 'answer', status: 401 });
  scene.deliver();
  await poll('the trouble', () => told[0]);
  assert.deepEqual(told, [{ kind: 'refused', why: 'the server answered 401' }]);
  assert.deepEqual([receiver.requests.length, outbox.count], [2, 2]);
});
