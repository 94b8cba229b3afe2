import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from './self-signed.ts';
import { Waiting } from './waiting.ts';

export interface HookRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** By `performance.now`. */
  readonly atMs: number;
}

/** How a webhook's receiver treats a request. */
export type HookBehaviour =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Takes the request, and never answers. */
  | { readonly kind: 'hang' }
  /** Begins an answer, and goes on with a byte of its head now and then. */
  | { readonly kind: 'drip' }
  /** Succeeds, with a body that has no end. */
  | { readonly kind: 'endless' }
  /** Closes the connection in the middle of its answer's head. */
  | { readonly kind: 'cut' };

export const ok: HookBehaviour = { kind: 'answer', status: 204 };

/** A receiver of webhooks on loopback, which misbehaves on command. */
export class HookReceiver implements AsyncDisposable {
  readonly requests: HookRequest[] = [];
  /** How each request is treated. */
  behave: (request: HookRequest) => HookBehaviour = () => ok;
  /** Bytes that were sent of endless bodies. */
  sentBytes = 0;
  readonly #server: Server;
  readonly #waiting = new Waiting();
  readonly #sockets = new Set<Socket>();
  readonly #scheme: 'http' | 'https';
  #closed = false;

  private constructor(server: Server, scheme: 'http' | 'https') {
    this.#server = server;
    this.#scheme = scheme;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response));
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    });
  }

  static async listen(scheme: 'http' | 'https' = 'http', port = 0): Promise<HookReceiver> {
    const server = scheme === 'http' ? createServer() : (createTlsServer(selfSigned) as unknown as Server);
    const receiver = new HookReceiver(server, scheme);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** All requests, once there are at least so many. */
  count(count: number, timeoutMs?: number): Promise<readonly HookRequest[]> {
    return this.#waiting.until(`${count} requests`, () => (this.requests.length >= count ? this.requests : null), {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      state: () => `there were ${this.requests.length}`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #take(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(message).catch(() => null);
    if (body === null) return;
    const request: HookRequest = {
      method: message.method ?? '',
      path: message.url ?? '',
      headers: Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)])),
      body: body.toString(),
      atMs: performance.now(),
    };
    this.requests.push(request);
    const behaviour = this.behave(request);
    this.#waiting.notify();
    await this.#answer(behaviour, response);
  }

  async #answer(behaviour: HookBehaviour, response: ServerResponse): Promise<void> {
    const { socket } = response;
    switch (behaviour.kind) {
      case 'answer':
        response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body);
        return;
      case 'hang':
        return;
      case 'cut':
        socket?.end('HTTP/1.1 200 OK\r\nContent-Le');
        return;
      case 'drip':
        socket?.write('HTTP/1.1 200 OK\r\nX-Slow: ');
        while (!this.#closed && isOpen(socket)) {
          socket?.write('x');
          await sleep(50);
        }
        return;
      case 'endless': {
        response.writeHead(200);
        const chunk = Buffer.alloc(64 * 1024, 'x');
        while (!this.#closed && isOpen(socket)) {
          this.sentBytes += chunk.length;
          if (!response.write(chunk)) await Promise.race([once(response, 'drain'), sleep(200)]);
        }
        return;
      }
    }
  }
}

const isOpen = (socket: Socket | null): boolean => socket?.writable === true;
