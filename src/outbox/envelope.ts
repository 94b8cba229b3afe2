/** The envelope without its attachments: a header line, then for each item a header line and its payload (develop.sentry.dev, Envelopes). */
export function withoutAttachments(envelope: Buffer): Buffer<ArrayBuffer> {
  const parts: Buffer[] = [];
  let at = endOfLine(envelope, 0);
  parts.push(envelope.subarray(0, at));
  while (at < envelope.length) {
    const payload = endOfLine(envelope, at);
    const header = headerOf(envelope.toString('utf8', at, payload));
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

/** Of an envelope that was cut off, what cannot be read has no header. */
function headerOf(line: string): { readonly type?: unknown; readonly length?: unknown } {
  try {
    const header: unknown = JSON.parse(line);
    return typeof header === 'object' && header !== null ? header : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
