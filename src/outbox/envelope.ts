/** One item of an envelope: its header, its payload, and both as they lie there. */
export interface EnvelopeItem {
  readonly header: { readonly type?: unknown; readonly length?: unknown; readonly filename?: unknown };
  readonly payload: Buffer;
  readonly raw: Buffer;
}

/** An envelope taken apart: a header line, then for each item a header line and its payload (develop.sentry.dev, Envelopes). */
export function takeApart(envelope: Buffer): { readonly head: Buffer; readonly items: readonly EnvelopeItem[] } {
  const items: EnvelopeItem[] = [];
  const first = endOfLine(envelope, 0);
  for (let at = first; at < envelope.length; ) {
    const payload = endOfLine(envelope, at);
    const header = headerOf(envelope.toString('utf8', at, payload));
    const end =
      typeof header.length === 'number'
        ? Math.min(envelope.length, payload + header.length + 1)
        : endOfLine(envelope, payload);
    const raw = envelope.subarray(at, end);
    const length = typeof header.length === 'number' ? header.length : end - payload;
    items.push({ header, payload: envelope.subarray(payload, Math.min(end, payload + length)), raw });
    at = end;
  }
  return { head: envelope.subarray(0, first), items };
}

/** The envelope without its attachments. */
export function withoutAttachments(envelope: Buffer): Buffer<ArrayBuffer> {
  const { head, items } = takeApart(envelope);
  return Buffer.concat([head, ...items.filter(({ header }) => header.type !== 'attachment').map(({ raw }) => raw)]);
}

/** The event in an envelope, as its maker wrote it; null where there is none that can be read. */
export function eventIn(envelope: Buffer): Readonly<Record<string, unknown>> | null {
  const item = takeApart(envelope).items.find(({ header }) => header.type === 'event');
  const event = item ? parsed(item.payload.toString()) : null;
  return typeof event === 'object' && event !== null ? { ...event } : null;
}

const endOfLine = (data: Buffer, from: number): number => {
  const at = data.indexOf(0x0a, from);
  return at < 0 ? data.length : at + 1;
};

/** Of an envelope that was cut off, what cannot be read has no header. */
function headerOf(line: string): EnvelopeItem['header'] {
  const header = parsed(line);
  return typeof header === 'object' && header !== null ? header : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
