/** The envelope without its attachments: a header line, then for each item a header line and its payload (develop.sentry.dev, Envelopes). */
export function withoutAttachments(envelope: Buffer): Buffer<ArrayBuffer> {
  const parts: Buffer[] = [];
  let at = endOfLine(envelope, 0);
  parts.push(envelope.subarray(0, at));
  while (at < envelope.length) {
    const payload = endOfLine(envelope, at);
    const header = JSON.parse(envelope.toString('utf8', at, payload)) as {
      readonly type?: unknown;
      readonly length?: unknown;
    };
    const end =
      typeof header.length === 'number'
        ? Math.min(envelope.length, payload + header.length + 1)
        : endOfLine(envelope, payload);
    if (header.type !== 'attachment') parts.push(envelope.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

const endOfLine = (data: Buffer, from: number): number => {
  const at = data.indexOf(0x0a, from);
  return at < 0 ? data.length : at + 1;
};
