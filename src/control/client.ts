import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What came back, as it came. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** A little longer than the supervisor takes to say that it cannot. */
const answerLimitMs = 15_000;
const maxReplyBytes = 4 * 1024 ** 2;

/**
 * Asks the supervisor. Rejects with the system's error where there is no answer, and with one without a code where the
 * answer cannot be read.
 */
export function ask(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  limitMs = answerLimitMs,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const content = body === undefined ? '' : JSON.stringify(body);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) };
  // An import of it would load all of fetch along.
  const { request } = process.getBuiltinModule('node:http');
  const asked = request({ socketPath, method, path, agent: false, headers }, (response) => {
    readReply(response).then(resolve, reject);
  });
  const limit = setTimeout(() => asked.destroy(new Error(`no answer within ${limitMs} ms`)), limitMs);
  asked.once('error', reject);
  asked.end(content);
  return promise.finally(() => clearTimeout(limit));
}

/** How often a supervisor that starts is asked again. */
const startingPauseMs = 200;

/** The same, and waits for a supervisor that is starting: that of a socket which the service manager keeps was started by us. */
export async function askOnceStarted(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  limitMs = answerLimitMs,
): Promise<Reply> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const reply = await ask(socketPath, method, path, body, Math.max(1, deadline - performance.now()));
    if (!isStarting(reply) || performance.now() + startingPauseMs > deadline) return reply;
    await sleep(startingPauseMs);
  }
}

const isStarting = ({ status, body }: Reply): boolean =>
  status === 503 && typeof body === 'object' && body !== null && 'starting' in body;

async function readReply(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxReplyBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown };
}
