import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface FakeComment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string; readonly type: 'User' | 'Bot' };
}

/** In place of an answer: one of GitHub's failures, or none at all, after what was asked for was done. */
export type GithubFault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
    }
  | { readonly kind: 'lost' }
  /** The head of the answer comes, and a part of its body. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'hang' };

/** The part of GitHub's API that comments need, on loopback: `acme/shop#12`. */
export class FakeGithub implements AsyncDisposable {
  comments: FakeComment[] = [];
  /** `POST /repos/…`, in order. */
  readonly requests: string[] = [];
  readonly authorizations = new Set<string>();
  /** What goes wrong with a request; null: nothing. */
  fault: (request: string) => GithubFault | null = () => null;
  /** Null: the token of an app, which has no user. */
  login: string | null = 'booty-bot';
  readonly #server: Server;
  #nextId = 1001;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response));
  }

  static async listen(): Promise<FakeGithub> {
    const github = new FakeGithub(createServer());
    github.#server.listen(0, '127.0.0.1');
    await once(github.#server, 'listening');
    return github;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v3`;
  }

  /** A comment that is there already. */
  add(body: string, login: string, type: 'User' | 'Bot' = 'User'): number {
    const id = (this.#nextId += 1);
    this.comments.push({ id, body, user: { login, type } });
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(message);
    const path = (message.url ?? '').replace(/^\/api\/v3/, '');
    const name = `${message.method} ${path}`;
    this.requests.push(name);
    this.authorizations.add(message.headers.authorization ?? '');
    const fault = this.fault(name);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'answer') {
      const { status, headers, message: told = 'no' } = fault;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ message: told }));
      return;
    }
    const [status, data] = this.#answer(message.method ?? '', path, body);
    const json = JSON.stringify(data);
    if (fault?.kind === 'lost') response.destroy();
    else {
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
      if (fault?.kind === 'cut') response.write(json.slice(0, json.length / 2), () => response.destroy());
      else response.end(json);
    }
  }

  #answer(method: string, path: string, body: string): readonly [status: number, data: unknown] {
    if (path === '/user')
      return this.login === null
        ? [403, { message: 'Resource not accessible by integration' }]
        : [200, { login: this.login }];
    const url = new URL(path, 'http://x');
    if (url.pathname === '/repos/acme/shop/issues/12/comments' && method === 'GET') {
      const [size, page] = [Number(url.searchParams.get('per_page')), Number(url.searchParams.get('page'))];
      return [200, this.comments.slice((page - 1) * size, page * size)];
    }
    const given = body === '' ? '' : (JSON.parse(body) as { body: string }).body;
    if (url.pathname === '/repos/acme/shop/issues/12/comments' && method === 'POST')
      return [201, { id: this.add(given, this.login ?? 'app[bot]', this.login === null ? 'Bot' : 'User') }];
    const id = Number(/^\/repos\/acme\/shop\/issues\/comments\/(\d+)$/.exec(url.pathname)?.[1]);
    const comment = this.comments.find((one) => one.id === id);
    if (!comment || method !== 'PATCH') return [404, { message: 'Not Found' }];
    comment.body = given;
    return [200, { id }];
  }
}
