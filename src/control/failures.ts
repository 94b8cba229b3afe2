import type { FailedRequest } from '../crash/capture.ts';
import type { CaptureRecord } from '../job/outcome.ts';
import type { Emit } from '../journal/event.ts';

/** Makes a defect durable as an event; answers, and never rejects. */
export interface CaptureRequestFailure {
  captureRequestFailure(error: unknown, request: FailedRequest): Promise<CaptureRecord>;
}

/** Whoever asks a thousand times meets the same defect a thousand times: one event a minute tells of it. */
const repeatMs = 60_000;
/** So many different ones within that minute are enough to know that something is wrong. */
const maxDifferent = 20;

/** Defects that requests meet: captured, told in the journal, and not the end of the supervisor. */
export class Failures {
  readonly #capture: CaptureRequestFailure | null;
  readonly #emit: Emit;
  readonly #recent = new Map<string, { readonly eventId: string | null; readonly atMs: number }>();

  /** @param capture null where Sentry is off by policy */
  constructor(capture: CaptureRequestFailure | null, emit: Emit) {
    this.#capture = capture;
    this.#emit = emit;
  }

  /** Resolves with the id of the event that tells of it, once that is durable; null where there is none. */
  async tell(error: unknown, request: FailedRequest): Promise<string | null> {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const known = this.#recent.get(text);
    if (known && performance.now() - known.atMs < repeatMs) return known.eventId;
    this.#forgetOld();
    if (this.#recent.size >= maxDifferent) return null;
    const { eventId, capture } = await this.#captured(error, request);
    this.#recent.set(text, { eventId, atMs: performance.now() });
    const { method, path, by } = request;
    this.#emit({ kind: 'control.failed', request: `${method} ${path}`, by, error: text, eventId, capture });
    return eventId;
  }

  #forgetOld(): void {
    for (const [text, { atMs }] of this.#recent) if (performance.now() - atMs >= repeatMs) this.#recent.delete(text);
  }

  #captured(error: unknown, request: FailedRequest): Promise<CaptureRecord> {
    if (!this.#capture) return Promise.resolve({ eventId: null, capture: 'disabled' });
    return this.#capture.captureRequestFailure(error, request);
  }
}
