import type { Envelope, SentryEvent } from './envelope.ts';

export interface Attachment {
  readonly filename: string;
  readonly contentType: string | null;
  readonly data: Buffer;
}

/** An event that was accepted. */
export interface Received {
  readonly id: string;
  readonly event: SentryEvent;
  readonly attachments: readonly Attachment[];
  readonly envelope: Envelope;
  /** The envelope as it came, for looking for what must not be in it. */
  readonly raw: Buffer;
  /** By `performance.now`. */
  readonly atMs: number;
}

/** The event of an envelope with its attachments; null where it has none. */
export function receivedOf(envelope: Envelope, raw: Buffer): Received | null {
  const item = envelope.items.find(({ header }) => header.type === 'event');
  if (!item) return null;
  const event = JSON.parse(item.payload.toString()) as SentryEvent;
  const attachments = envelope.items
    .filter(({ header }) => header.type === 'attachment')
    .map(({ header, payload }) => ({
      filename: String(header.filename),
      contentType: typeof header.content_type === 'string' ? header.content_type : null,
      data: payload,
    }));
  return { id: event.event_id, event, attachments, envelope, raw, atMs: performance.now() };
}
