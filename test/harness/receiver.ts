import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { type Behaviour, statusOf } from './behaviour.ts';
import { type Envelope, parseEnvelope, type SentryCheckIn } from './envelope.ts';
import { type Received, receivedOf } from './received.ts';
import { Waiting } from './waiting.ts';

/** One request, whatever became of it. Status 0: it was never answered. */
export interface ReceivedRequest {
  readonly status: number;
  readonly contentType: string | null;
  readonly itemTypes: readonly string[];
  readonly eventId: string | null;
  /** By `performance.now`. */
  readonly atMs: number;
}

export const publicKey = '0123456789abcdef0123456789abcdef';

/** A small Sentry on loopback: takes the envelopes of project 1, and misbehaves on command. */
export class Receiver implements AsyncDisposable {
  /** What was accepted, in order; an event that came twice is in it twice. */
  readonly events: Received[] = [];
  readonly requests: ReceivedRequest[] = [];
  /** Reports to monitors that were accepted, in order. */
  readonly checkIns: SentryCheckIn[] = [];
  readonly #waiting = new Waiting();
  readonly #hanging = new Set<ServerResponse>();
  #behaviour: Behaviour = { kind: 'accept' };
  #server: Server;
  #port: number;

  readonly #onEvent: (received: Received) => void;

  private constructor(server: Server, port: number, onEvent: (received: Received) => void) {
    this.#server = server;
    this.#port = port;
    this.#onEvent = onEvent;
  }

  /**
   * @param port 0 lets the system choose one
   * @param onEvent told of each event before its sender gets an answer
   */
  static async listen(port = 0, onEvent: (received: Received) => void = () => undefined): Promise<Receiver> {
    const receiver = new Receiver(createServer(), port, onEvent);
    await receiver.#open();
    return receiver;
  }

  get port(): number {
    return this.#port;
  }

  get dsn(): string {
    return `http://${publicKey}@127.0.0.1:${this.#port}/1`;
  }

  /** From now on. Requests that still hang are cut off, as by a server that is started again. */
  async behave(behaviour: Behaviour): Promise<void> {
    const wasOpen = this.#behaviour.kind !== 'refuse';
    this.#behaviour = behaviour;
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
    if (behaviour.kind === 'refuse' && wasOpen) await this.#close();
    if (behaviour.kind !== 'refuse' && !wasOpen) await this.#open();
  }

  /** The event with this id, once it has come. */
  event(id: string, timeoutMs?: number): Promise<Received> {
    return this.until(`event ${id}`, () => this.events.find((received) => received.id === id), timeoutMs);
  }

  /** All events, once there are at least so many. */
  count(count: number, timeoutMs?: number): Promise<readonly Received[]> {
    return this.until(`${count} events`, () => (this.events.length >= count ? this.events : null), timeoutMs);
  }

  /** The first answer that is not null, looked for after each request. */
  until<Found>(what: string, find: () => Found | null | undefined, timeoutMs?: number): Promise<Found> {
    const state = () =>
      `${this.events.length} events came, in ${this.requests.length} requests: ${JSON.stringify(this.requests.slice(-5))}`;
    return this.#waiting.until(what, find, timeoutMs === undefined ? { state } : { state, timeoutMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.behave({ kind: 'refuse' });
  }

  async #open(): Promise<void> {
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch((error: unknown) => response.destroy(asError(error)));
    });
    await listen(this.#server, this.#port);
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await buffer(request);
    const raw = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    const envelope = parsed(raw);
    if (envelope instanceof Error) {
      const headers = { 'X-Sentry-Error': envelope.message };
      this.#answer(request, response, null, { kind: 'answer', status: 400, headers });
      return;
    }
    const behaviour = this.#refusal(request) ?? this.#behaviour;
    if (statusOf(behaviour, itemTypesOf(envelope)) === 200) {
      const received = receivedOf(envelope, raw);
      for (const { header, payload } of envelope.items)
        if (header.type === 'check_in') this.checkIns.push(JSON.parse(payload.toString()) as SentryCheckIn);
      if (received) {
        this.events.push(received);
        this.#onEvent(received);
      }
    }
    this.#answer(request, response, envelope, behaviour);
    this.#waiting.notify();
  }

  /** What is wrong with the request itself: Sentry's own answers to it. */
  #refusal(request: IncomingMessage): Behaviour | null {
    const url = new URL(request.url ?? '/', 'http://receiver');
    if (request.method !== 'POST' || url.pathname !== '/api/1/envelope/') return { kind: 'answer', status: 404 };
    const key =
      url.searchParams.get('sentry_key') ?? /sentry_key=(\w+)/.exec(String(request.headers['x-sentry-auth']))?.[1];
    return key === publicKey ? null : { kind: 'answer', status: 401 };
  }

  #answer(request: IncomingMessage, response: ServerResponse, envelope: Envelope | null, behaviour: Behaviour): void {
    const itemTypes = itemTypesOf(envelope);
    const status = statusOf(behaviour, itemTypes);
    const eventId = envelope?.header.event_id ?? null;
    const contentType = request.headers['content-type'] ?? null;
    this.requests.push({ status, contentType, itemTypes, eventId, atMs: performance.now() });
    if (status === 0) this.#hanging.add(response);
    else {
      const headers = behaviour.kind === 'answer' ? (behaviour.headers ?? {}) : {};
      response.writeHead(status, { ...headers, 'Content-Type': 'application/json' });
      response.end(status === 200 ? JSON.stringify({ id: eventId }) : '{}');
    }
  }
}

const itemTypesOf = (envelope: Envelope | null): string[] => envelope?.items.map((item) => item.header.type) ?? [];

/** A port that was given up for a while may be somebody's for a moment: of an outgoing connection, say. */
async function listen(server: Server, port: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(100);
    }
  }
}

function parsed(raw: Buffer): Envelope | Error {
  try {
    return parseEnvelope(raw);
  } catch (error) {
    return asError(error);
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
