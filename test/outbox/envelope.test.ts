import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { envelopeEndpoint } from '../../src/outbox/endpoint.ts';
import { withoutAttachments } from '../../src/outbox/envelope.ts';
import { parseEnvelope } from '../harness/envelope.ts';

void test('an envelope goes where the DSN says', () => {
  const query = '?sentry_key=abc&sentry_version=7';
  const table: readonly (readonly [dsn: string, endpoint: string])[] = [
    ['https://abc@o1.ingest.sentry.io/4505', 'https://o1.ingest.sentry.io/api/4505/envelope/'],
    ['http://abc@127.0.0.1:9000/1', 'http://127.0.0.1:9000/api/1/envelope/'],
    ['https://abc@sentry.example/prefix/deep/7', 'https://sentry.example/prefix/deep/api/7/envelope/'],
    ['https://abc:secret@sentry.example/7', 'https://sentry.example/api/7/envelope/'],
    ['https://abc@[::1]:8000/7', 'https://[::1]:8000/api/7/envelope/'],
  ];
  for (const [dsn, endpoint] of table) assert.equal(envelopeEndpoint(dsn).href, endpoint + query);
});

interface Item {
  readonly type: string;
  readonly payload: Uint8Array;
  /** Without it, the payload ends at the line's end. */
  readonly length: boolean;
}

const envelopeOf = (items: readonly Item[], lineEnd = true): Buffer => {
  const parts = items.map(({ type, payload, length }) =>
    Buffer.concat([
      Buffer.from(`${JSON.stringify({ type, ...(length ? { length: payload.length } : {}) })}\n`),
      payload,
    ]),
  );
  const joined = parts.flatMap((part) => [Buffer.from('\n'), part]);
  return Buffer.concat([Buffer.from('{"event_id":"e"}'), ...joined, Buffer.from(lineEnd ? '\n' : '')]);
};

const event: Item = { type: 'event', payload: Buffer.from('{"message":"x"}'), length: false };
const nasty = Buffer.from('\n{"type":"event"}\n{}\n\0\xff', 'latin1');

void test('without its attachments an envelope is what it was, whatever was attached', () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom(nasty, Buffer.from('\n'), Buffer.alloc(0)),
  );
  const line = fc.uint8Array({ min: 0x20, max: 0x7e, maxLength: 30 });
  const item = fc.oneof(
    fc.record({ type: fc.constantFrom('event', 'attachment', 'session'), payload, length: fc.constant(true) }),
    fc.record({ type: fc.constantFrom('event', 'attachment'), payload: line, length: fc.constant(false) }),
  );
  fc.assert(
    fc.property(fc.array(item, { maxLength: 6 }), fc.boolean(), (items, lineEnd) => {
      const smaller = withoutAttachments(envelopeOf(items, lineEnd));
      const kept = items.filter(({ type }) => type !== 'attachment');
      const parsed = parseEnvelope(smaller);
      assert.deepEqual(parsed.header, { event_id: 'e' });
      assert.deepEqual(
        parsed.items.map(({ header, payload: bytes }) => [header.type, Buffer.from(bytes)]),
        kept.map(({ type, payload: bytes }) => [type, Buffer.from(bytes)]),
      );
    }),
  );
});

void test('an envelope without attachments stays as it is', () => {
  for (const envelope of [
    envelopeOf([event]),
    envelopeOf([event, { ...event, type: 'session', length: true }], false),
    envelopeOf([]),
  ])
    assert.deepEqual(withoutAttachments(envelope), envelope);
});

void test('an envelope that a power cut or a person has cut off is no reason to fall over', () => {
  const whole = envelopeOf([event, { type: 'attachment', payload: nasty, length: true }]);
  for (let end = 0; end <= whole.length; end += 1) withoutAttachments(whole.subarray(0, end));
  withoutAttachments(Buffer.concat([envelopeOf([event]), Buffer.from('\n')]));
});
