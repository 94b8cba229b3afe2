import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Controlled } from './app.ts';
import type { Failures } from './failures.ts';

/** What one client, or all together, may take of the supervisor. */
export interface Bounds {
  readonly maxConnections: number;
  /** From the first moment of a connection, or of its next request, to the last byte of that request. */
  readonly requestLimitMs: number;
  /** For a client that neither sends nor takes anything. Longer than any answer takes. */
  readonly silenceLimitMs: number;
  readonly keepAliveMs: number;
  readonly maxHeaderBytes: number;
}

export const bounds: Bounds = {
  maxConnections: 32,
  requestLimitMs: 10_000,
  silenceLimitMs: 15_000,
  keepAliveMs: 5000,
  maxHeaderBytes: 8192,
};

const maxRequestsPerConnection = 100;

/**
 * Makes the HTTP server of the socket. It knows nothing of what is asked: that is loaded with the first request, since
 * most supervisors are never asked anything for days.
 */
export function makeControlServer(controlled: Controlled, failures: Failures, limits: Bounds = bounds): Server {
  let loading: Promise<RequestListener> | null = null;
  const load = async (): Promise<RequestListener> => {
    const { controlListener } = await import('./app.ts');
    return controlListener(controlled, failures);
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      loading ??= load();
      const listener = await loading;
      listener(request, response);
    } catch (error) {
      loading = null;
      await failures.tell(error, { method: request.method ?? '', path: '', by: 'somebody', command: null });
      response.writeHead(500).end();
    }
  };
  // An import of it would load all of fetch and TLS along: 14 MB that a supervisor at rest does not need.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(
    {
      headersTimeout: limits.requestLimitMs,
      requestTimeout: limits.requestLimitMs,
      keepAliveTimeout: limits.keepAliveMs,
      // An idle supervisor wakes up for it as well.
      connectionsCheckingInterval: limits.requestLimitMs / 4,
      maxHeaderSize: limits.maxHeaderBytes,
    },
    (request, response) => void answer(request, response),
  );
  server.maxConnections = limits.maxConnections;
  server.maxRequestsPerSocket = maxRequestsPerConnection;
  server.timeout = limits.silenceLimitMs;
  return server;
}
