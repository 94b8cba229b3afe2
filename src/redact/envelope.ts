import type { Redactor } from './redactor.ts';

/**
 * The last look at an envelope (develop.sentry.dev, Envelopes) before its bytes go anywhere: itself where no value stands
 * in it. Else each part is taken apart and redacted; where that cannot be, a small event says so in its place: neither
 * the crash is lost, nor a secret sent.
 */
export function checkedEnvelope(
  eventId: string,
  envelope: Buffer<ArrayBuffer>,
  redactor: Redactor,
): Buffer<ArrayBuffer> {
  if (!redactor.has(envelope)) return envelope;
  const redacted = redactedEnvelope(eventId, envelope, redactor);
  return redacted !== null && isClean(redacted) ? redacted : withheld(eventId);

  // The id is chance: a secret of six digits may stand in it by chance, and is not told by that.
  function isClean(data: Buffer): boolean {
    return (
      !redactor.has(data) || !redactor.has(Buffer.from(data.toString('latin1').replaceAll(eventId, '-'), 'latin1'))
    );
  }
}

/** Null where it is not what an envelope is. */
function redactedEnvelope(eventId: string, envelope: Buffer, redactor: Redactor): Buffer<ArrayBuffer> | null {
  const redactedJson = (json: Buffer): Buffer => Buffer.from(cleanJson(eventId, JSON.parse(json.toString()), redactor));
  try {
    const first = endOfLine(envelope, 0);
    const parts = [redactedJson(envelope.subarray(0, first))];
    for (let at = first + 1; at < envelope.length; ) {
      const payloadAt = endOfLine(envelope, at) + 1;
      const header: unknown = JSON.parse(envelope.toString('utf8', at, payloadAt));
      if (!isHeader(header)) return null;
      const end = header.length === undefined ? endOfLine(envelope, payloadAt) : payloadAt + header.length;
      if (end > envelope.length) return null;
      const payload = envelope.subarray(payloadAt, end);
      const clean = Buffer.from(header.type === 'attachment' ? redactor.output(payload) : redactedJson(payload));
      parts.push(Buffer.from(JSON.stringify({ ...redactor.deep(header), length: clean.length })), clean);
      at = end + 1;
    }
    return Buffer.concat(parts.flatMap((part) => [part, lineEnd]));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const lineEnd = Buffer.from('\n');

/** A number may be a secret too, or have the digits of one. */
function cleanJson(eventId: string, value: unknown, redactor: Redactor): string {
  const clean = redactor.deep(value);
  const named =
    typeof clean === 'object' && clean !== null && 'event_id' in clean ? { ...clean, event_id: eventId } : clean;
  return JSON.stringify(named, (_key, item: unknown) =>
    typeof item === 'number' && redactor.has(Buffer.from(String(item))) ? null : item,
  );
}

const isHeader = (header: unknown): header is { readonly type: string; readonly length?: number } =>
  typeof header === 'object' &&
  header !== null &&
  'type' in header &&
  typeof header.type === 'string' &&
  (!('length' in header) || (typeof header.length === 'number' && header.length >= 0));

const endOfLine = (data: Buffer, from: number): number => {
  const at = data.indexOf(0x0a, from);
  return at < 0 ? data.length : at;
};

function withheld(eventId: string): Buffer<ArrayBuffer> {
  const event = JSON.stringify({
    event_id: eventId,
    timestamp: Date.now() / 1000,
    platform: 'other',
    level: 'error',
    logger: 'booty',
    message: {
      formatted:
        'The details of this crash are withheld: a secret stood in them that could not be taken out. booty list',
    },
    fingerprint: ['booty', 'withheld'],
  });
  const header = JSON.stringify({ type: 'event', length: Buffer.byteLength(event) });
  return Buffer.from(`${JSON.stringify({ event_id: eventId })}\n${header}\n${event}\n`);
}
