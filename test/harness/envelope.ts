/** One item of an envelope: its header line and its payload (develop.sentry.dev, Envelopes). */
export interface EnvelopeItem {
  readonly header: { readonly type: string; readonly length?: number; readonly [key: string]: unknown };
  readonly payload: Buffer;
}

export interface Envelope {
  readonly header: { readonly event_id?: string; readonly [key: string]: unknown };
  readonly items: readonly EnvelopeItem[];
}

export interface SentryFrame {
  readonly function?: string;
  readonly filename?: string;
  readonly abs_path?: string;
  readonly lineno?: number;
  readonly in_app?: boolean;
  readonly pre_context?: readonly string[];
  readonly context_line?: string;
  readonly post_context?: readonly string[];
}

export interface SentryException {
  readonly type: string;
  readonly value: string;
  readonly mechanism?: { readonly type: string; readonly handled: boolean };
  readonly stacktrace?: { readonly frames: readonly SentryFrame[] };
}

/** An event as Sentry gets it, as far as tests look at it. */
export interface SentryEvent {
  readonly event_id: string;
  readonly level: string;
  readonly platform: string;
  readonly environment?: string;
  readonly release?: string;
  readonly transaction?: string;
  readonly message?: unknown;
  readonly tags?: Readonly<Record<string, string>>;
  readonly exception?: { readonly values: readonly SentryException[] };
  readonly breadcrumbs?: readonly {
    readonly category: string;
    readonly message: string;
    readonly level?: string;
    readonly timestamp: number;
  }[];
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly fingerprint?: readonly string[];
  readonly [key: string]: unknown;
}

/** A report to a monitor (develop.sentry.dev, Check-Ins). */
export interface SentryCheckIn {
  readonly check_in_id: string;
  readonly monitor_slug: string;
  readonly status: string;
  readonly duration?: number;
  readonly release?: string;
  readonly environment?: string;
  readonly monitor_config?: Readonly<Record<string, unknown>>;
}

/** Takes an envelope apart, and is strict: what Sentry might not take, it does not take. @throws Error */
export function parseEnvelope(bytes: Buffer): Envelope {
  const first = lineAt(bytes, 0);
  const items: EnvelopeItem[] = [];
  for (let at = first.next; at < bytes.length; ) {
    const line = lineAt(bytes, at);
    if (line.text === '') {
      at = line.next;
      continue;
    }
    const header = JSON.parse(line.text) as EnvelopeItem['header'];
    if (typeof header.type !== 'string') throw new Error('an item without a type');
    const end = header.length === undefined ? endOfLine(bytes, line.next) : line.next + header.length;
    if (end > bytes.length) throw new Error(`an item of ${header.length} bytes is cut off`);
    if (end < bytes.length && bytes[end] !== 0x0a) throw new Error('no line end after an item');
    items.push({ header, payload: bytes.subarray(line.next, end) });
    at = end + 1;
  }
  return { header: JSON.parse(first.text) as Envelope['header'], items };
}

function lineAt(bytes: Buffer, from: number): { readonly text: string; readonly next: number } {
  const end = endOfLine(bytes, from);
  return { text: bytes.toString('utf8', from, end), next: end + 1 };
}

const endOfLine = (bytes: Buffer, from: number): number => {
  const at = bytes.indexOf(0x0a, from);
  return at < 0 ? bytes.length : at;
};
