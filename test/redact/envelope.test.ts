import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkedEnvelope } from '../../src/redact/envelope.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { parseEnvelope, type SentryEvent } from '../harness/envelope.ts';
import { receivedOf } from '../harness/received.ts';
import { awkward, encodings } from './encodings.ts';

const eventId = '0123456789abcdef0123456789abcdef';
const secret = awkward.quotes ?? '';
const redactor = new Redactor(Object.values(awkward).map((value, index) => ({ name: `KEY_${index}`, value })));

interface Parts {
  readonly header?: object;
  readonly event?: object;
  readonly attachment?: Buffer;
  readonly filename?: string;
}

function envelopeOf({
  header = {},
  event = {},
  attachment = Buffer.from('x'),
  filename = 'stderr.txt',
}: Parts): Buffer<ArrayBuffer> {
  const payload = JSON.stringify({ event_id: eventId, ...event });
  return Buffer.concat([
    Buffer.from(`${JSON.stringify({ event_id: eventId, ...header })}\n{"type":"event"}\n${payload}\n`),
    Buffer.from(`${JSON.stringify({ type: 'attachment', length: attachment.length, filename })}\n`),
    attachment,
    Buffer.from('\n'),
  ]);
}

/** Read as strictly as Sentry does, and without a secret in it. */
function check(envelope: Buffer<ArrayBuffer>) {
  const checked = checkedEnvelope(eventId, envelope, redactor);
  assert.ok(!redactor.has(checked), checked.toString());
  const received = receivedOf(parseEnvelope(checked), checked);
  assert.equal(received?.id, eventId);
  return received;
}

void test('an envelope without a secret goes out byte for byte', () => {
  const envelope = envelopeOf({ event: { message: 'nothing' }, attachment: Buffer.from([0, 255, 10, 13]) });
  assert.equal(checkedEnvelope(eventId, envelope, redactor), envelope);
});

for (const [encoding, encode] of Object.entries(encodings))
  void test(`a secret ${encoding} is taken out of every part of an envelope, which stays one`, () => {
    for (const value of Object.values(awkward)) {
      const text = encode(value);
      const { event, attachments } = check(
        envelopeOf({
          header: { sdk: { name: text } },
          event: { message: `a ${text} b`, tags: { [text]: 'x', y: text }, extra: [[{ z: text }]] },
          attachment: Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(text), Buffer.from('\nrest')]),
          filename: `${text}.txt`,
        }),
      );
      assert.match(String(event.message), /^a .*\[redacted:KEY_\d+\].* b$/s);
      assert.match(attachments[0]?.data.toString('latin1') ?? '', /^\xff\n.*\[redacted:KEY_\d+\].*\nrest$/s);
    }
  });

void test('where an envelope cannot be taken apart, an event says that its details are withheld', () => {
  const whole = envelopeOf({ event: { message: secret } });
  const event = JSON.stringify({ event_id: eventId, message: secret });
  const broken = [
    whole.subarray(0, whole.indexOf('stderr')),
    Buffer.from(`not JSON ${secret}`),
    Buffer.from(`{}\n{"type":"event","length":999999}\n${event}\n`),
    Buffer.from(`{}\n{"length":3}\n${event}\n`),
    Buffer.from(`{}\n{"type":"event"}\n${event.slice(0, -1)}\n`),
    // Over the border of two parts: neither has it.
    Buffer.from(`{}\n{"type":"attachment","length":3}\n100\n{"type":"event"}\n${event}\n`),
  ];
  for (const envelope of broken) {
    const { event: sent } = check(Buffer.from(envelope));
    if (!JSON.stringify(sent).includes('redacted')) assert.match(JSON.stringify(sent), /withheld/);
  }
});

void test('a secret of digits is taken out of numbers, and leaves the id of the event what it is', () => {
  const digits = new Redactor([
    { name: 'PIN', value: '123456' },
    { name: 'CODE', value: eventId.slice(3, 9) },
  ]);
  const checked = checkedEnvelope(
    eventId,
    envelopeOf({ event: { timestamp: 91234567.5, n: 12345, pin: 123456, x: '123456' } }),
    digits,
  );
  const { event } = receivedOf(parseEnvelope(checked), checked) ?? assert.fail();
  assert.deepEqual(event, { event_id: eventId, timestamp: null, n: 12345, pin: null, x: '[redacted:PIN]' });
});

void test('whatever an event holds, what goes out is an envelope without a secret', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc
      .tuple(
        fc.constantFrom(...Object.values(awkward)),
        fc.constantFrom(...Object.values(encodings)),
        fc.string({ maxLength: 3 }),
      )
      .map(([value, encode, after]) => encode(value) + after),
  );
  const event = fc.object({ key: text, values: [text, fc.integer(), fc.constant(null)], maxDepth: 3 });
  fc.assert(
    fc.property(event, text, (content, attachment) => {
      const { event: sent } = check(envelopeOf({ event: { content }, attachment: Buffer.from(attachment) }));
      assert.equal((sent satisfies SentryEvent).event_id, eventId);
    }),
    { numRuns: 300 },
  );
});

void test('looking through an envelope of 150 KB takes milliseconds', () => {
  const many = new Redactor(
    Array.from({ length: 40 }, (_, index) => ({
      name: `KEY_${index}`,
      value: `${index}-correct/horse battery+${index * 7919}`,
    })),
  );
  const line = '2026-11-24T01:02:03Z INFO com.example.Handler - GET /api/v1/orders/12345 took 34 ms, status=200\n';
  const envelope = envelopeOf({ event: { message: 'x' }, attachment: Buffer.from(line.repeat(1500)) });
  let best = Infinity;
  for (let round = 0; round < 20; round += 1) {
    const before = process.threadCpuUsage();
    checkedEnvelope(eventId, envelope, many);
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  // Measured: 2 ms. Machines differ.
  assert.ok(best < 15, `${best} ms`);
});
