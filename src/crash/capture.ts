import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createTransport,
  defaultStackParser,
  type ErrorEvent,
  type Event,
  type EventHint,
  NodeClient,
  Scope,
} from '@sentry/node';
import type { Telemetry } from '../config/telemetry.ts';
import type { CaptureRecord } from '../job/outcome.ts';
import { checkedEnvelope } from '../redact/envelope.ts';
import type { Redactor } from '../redact/redactor.ts';
import { type Crash, eventIdOf } from './crash.ts';
import { crashEvent } from './event.ts';

/** What Sentry is told of a request that failed: not its body, but what was understood of it. */
export interface FailedRequest {
  readonly method: string;
  readonly path: string;
  /** Who asked: `alice (uid 1000)`. */
  readonly by: string;
  readonly command: string | null;
}

/** Where envelopes become safe. Resolves once one is durable. */
export interface EnvelopeStore {
  store(eventId: string, envelope: Buffer<ArrayBuffer>): Promise<void>;
}

/** The same for one envelope, where it is not to go into the store. */
type PutEnvelope = (envelope: Buffer<ArrayBuffer>) => Promise<void>;

/**
 * The SDK answers within microseconds; this bounds a defect of it, and not the disk, which may take its time. Counted by
 * the second: of the time that the whole supervisor stood still only one counts.
 */
const captureLimitSeconds = 5;

/**
 * Makes crashes durable as Sentry events. The SDK builds and serialises the event; what it calls its transport is the
 * outbox, so that "sent" means "safe on disk". Errors only: no integration, no tracing, nothing of the supervisor's own
 * process in a job's event.
 */
export class CrashCapture {
  readonly #client: NodeClient;
  readonly #sampleRate: number;
  readonly #redactor: Redactor;
  readonly #stored = new Map<
    string,
    { readonly done: PromiseWithResolvers<void>; readonly put: PutEnvelope | null; readonly limit: NodeJS.Timeout }
  >();

  /** @param telemetry with a DSN that was found usable */
  constructor(telemetry: Extract<Telemetry, { kind: 'on' }>, store: EnvelopeStore, redactor: Redactor) {
    this.#redactor = redactor;
    this.#sampleRate = telemetry.sampleRate;
    this.#client = new NodeClient({
      dsn: telemetry.dsn,
      // '' and not undefined: the SDK would look for one in the variables of a dozen CI systems.
      release: telemetry.release ?? '',
      environment: telemetry.environment,
      integrations: [],
      stackParser: defaultStackParser,
      serverName: hostname(),
      includeServerName: false,
      attachStacktrace: false,
      sendClientReports: false,
      maxBreadcrumbs: 100,
      normalizeDepth: 4,
      // Sampling is decided here: an event that the SDK leaves out would be awaited in vain.
      sampleRate: 1,
      beforeSend: (event) => this.#clean(withoutOurRuntime(event)),
      transportOptions: { bufferSize: 10_000 },
      transport: (options) =>
        createTransport(options, async (request) => {
          await this.#store(store, Buffer.from(request.body as string));
          return { statusCode: 202 };
        }),
    });
    this.#client.init();
    if (!this.#client.getDsn()) throw new Error('the SDK does not take the DSN that Booty took');
  }

  /** The crash of a job's attempt. Never rejects: what went wrong is part of the answer. */
  captureCrash(crash: Crash, put: PutEnvelope | null = null): Promise<CaptureRecord> {
    // Before the event is made of it: what is cut there must not be a secret.
    const { event, hint } = crashEvent(this.#redactor.deep(crash), hostname());
    // Of the crash as it is: whoever counts crashes knows them by it.
    const eventId = eventIdOf(crash.job, crash.attempt);
    return this.#capture({ ...event, event_id: eventId }, { ...hint, event_id: eventId }, put);
  }

  /** Whether SENTRY_SAMPLE_RATE takes this event. The same answer for the same event, however often it is asked. */
  samples(eventId: string): boolean {
    return isSampled(eventId, this.#sampleRate);
  }

  /** Whose crash it is, for what is told beside an event: one word, without what is secret. */
  jobIdOf(crash: Crash): string {
    return this.#redactor.deep({ id: String(crash.job.id) }).id.replace(/[\s,]+/g, '_');
  }

  /** A defect of Booty itself. */
  captureDefect(error: unknown): Promise<CaptureRecord> {
    const eventId = createHash('sha256')
      .update(`${process.pid} ${Date.now()} ${String(error)}`)
      .digest('hex')
      .slice(0, 32);
    return this.#waitFor(eventId, null, () => {
      const scope = new Scope();
      scope.setLevel('fatal');
      scope.setTag('supervisor', 'true');
      this.#client.captureException(
        error,
        { event_id: eventId, mechanism: { type: 'booty.supervisor', handled: false } },
        scope,
      );
    });
  }

  /** A defect that a request met; the supervisor goes on. */
  captureRequestFailure(error: unknown, request: FailedRequest): Promise<CaptureRecord> {
    const eventId = randomUUID().replaceAll('-', '');
    return this.#waitFor(eventId, null, () => {
      const scope = new Scope();
      scope.setLevel('error');
      scope.setTag('supervisor', 'true');
      scope.setTransactionName(`${request.method} ${request.path}`);
      scope.setContext('control', { asked_by: request.by, command: request.command });
      scope.addEventProcessor((event) => ({ ...event, request: { method: request.method, url: request.path } }));
      this.#client.captureException(
        error,
        { event_id: eventId, mechanism: { type: 'booty.control', handled: false } },
        scope,
      );
    });
  }

  /** One that throws would lose the event; the bytes are looked through once more in any case. */
  #clean(event: ErrorEvent): ErrorEvent {
    try {
      const clean = this.#redactor.deep(event);
      if (event.event_id !== undefined) clean.event_id = event.event_id;
      return clean;
    } catch {
      return event;
    }
  }

  #capture(event: Event, hint: EventHint, put: PutEnvelope | null): Promise<CaptureRecord> {
    const eventId = event.event_id ?? '';
    if (!this.samples(eventId)) return Promise.resolve({ eventId: null, capture: 'sampled-out' });
    return this.#waitFor(eventId, put, () => this.#client.captureEvent(event, hint, new Scope()));
  }

  async #waitFor(eventId: string, put: PutEnvelope | null, send: () => void): Promise<CaptureRecord> {
    const stored = Promise.withResolvers<void>();
    let secondsLeft = captureLimitSeconds;
    const limit = setInterval(() => {
      secondsLeft -= 1;
      if (secondsLeft === 0) stored.reject(new Error(`the event was not made within ${captureLimitSeconds} seconds`));
    }, 1000);
    this.#stored.set(eventId, { done: stored, put, limit });
    try {
      send();
      await stored.promise;
      return { eventId, capture: 'captured' };
    } catch (error) {
      return {
        eventId: null,
        capture: 'failed',
        error: this.#redactor.text(error instanceof Error ? error.message : String(error)),
      };
    } finally {
      clearInterval(limit);
      this.#stored.delete(eventId);
    }
  }

  async #store(store: EnvelopeStore, envelope: Buffer<ArrayBuffer>): Promise<void> {
    const eventId = eventIdIn(envelope);
    const stored = this.#stored.get(eventId);
    clearInterval(stored?.limit);
    try {
      const safe = checkedEnvelope(eventId, withoutTrace(envelope), this.#redactor);
      await (stored?.put ? stored.put(safe) : store.store(eventId, safe));
      stored?.done.resolve();
    } catch (error) {
      stored?.done.reject(error);
    }
  }
}

/** The header of an envelope is its first line (develop.sentry.dev, Envelopes). */
function eventIdIn(envelope: Uint8Array): string {
  const data = Buffer.from(envelope);
  const header = JSON.parse(data.toString('utf8', 0, data.indexOf(0x0a))) as { readonly event_id?: unknown };
  return typeof header.event_id === 'string' ? header.event_id : '';
}

/** The SDK puts the key of the DSN into the header, as part of a trace that we don't have: it must not lie on the disk that jobs can read. */
function withoutTrace(envelope: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const end = envelope.indexOf(0x0a);
  const {
    trace: _trace,
    dsn: _dsn,
    ...header
  } = JSON.parse(envelope.toString('utf8', 0, end)) as Record<string, unknown>;
  return Buffer.concat([Buffer.from(JSON.stringify(header)), envelope.subarray(end)]);
}

/** The SDK says of every event that it happened in this Node.js; a job's happened in whatever its program is. */
function withoutOurRuntime(event: ErrorEvent): ErrorEvent {
  if (event.tags?.job_id !== undefined && event.contexts?.runtime?.version === process.version)
    delete event.contexts.runtime;
  return event;
}

export const isSampled = (eventId: string, rate: number): boolean =>
  Number.parseInt(eventId.slice(0, 8), 16) / 2 ** 32 < rate;
