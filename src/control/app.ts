import type { EventEmitter } from 'node:events';
import type { RequestListener } from 'node:http';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { LedgerRefusal } from '../ledger/refusal.ts';
import type { Answer, Command, Scope } from '../schedule/control.ts';
import { askerOf, askerUid } from './asker.ts';
import { understand, verbs } from './command.ts';
import type { Failures } from './failures.ts';

/** What the supervisor says of itself. */
export interface ControlStatus {
  readonly version: 1;
  readonly pid: number;
  readonly state: 'starting' | 'running' | 'stopping';
  readonly jobs: Readonly<Record<'waiting' | 'running' | 'verifying', number>>;
  readonly paused: readonly Scope[];
  /** What keeps it from its work, in one line. */
  readonly trouble: string | null;
}

/** The supervisor, as the socket needs it. */
export interface Controlled {
  readonly state: () => ControlStatus['state'];
  readonly status: () => ControlStatus;
  /** @param by who asks: `alice (uid 1000)` */
  readonly control: (command: Command, by: string) => Promise<Answer>;
  readonly reload: () => Promise<Reload>;
}

/** What became of a reload. `unchanged`: nothing was applied, for this reason. */
export type Reload =
  | { readonly kind: 'reloaded'; readonly changed: readonly string[] }
  | { readonly kind: 'unchanged'; readonly message: string; readonly hint: string };

/** Everything that is not an answer of the supervisor. */
export interface Refusal {
  readonly kind: 'refused' | 'unavailable' | 'failed';
  /** It is to be asked again in a moment. */
  readonly starting?: true;
  readonly message: string;
  readonly hint: string;
  /** Of the defect's event in Sentry. */
  readonly eventId?: string | null;
}

const hint = 'docs/CONTROL.md';
const maxBodyBytes = 64 * 1024;
/** Longer than any commit takes; a client waits a little longer. */
const answerLimitMs = 10_000;

type Bindings = { Bindings: HttpBindings };

/** The routes below /v1: docs/CONTROL.md. */
export function controlListener(controlled: Controlled, failures: Failures): RequestListener {
  const app = new Hono<Bindings>();
  app.get('/v1/status', (context) => {
    if (controlled.state() === 'starting') return starting(context);
    return context.json(controlled.status());
  });
  app.use('/v1/*', bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }));
  for (const verb of verbs) {
    app.post(`/v1/${verb}`, async (context) => {
      const by = askerOf(context.env.incoming.socket);
      const body = await bodyOf(context);
      if (!body) return refused(context, 400, 'the body is not JSON', 'send one JSON object: docs/CONTROL.md');
      const understood = understand(verb, body.value, by);
      if (understood.kind === 'refused')
        return refused(context, 400, understood.message, 'docs/CONTROL.md has the keys of each request');
      const { command } = understood;
      // Not kept for later: whoever asked would have gone away, and might have asked again.
      if (controlled.state() === 'starting') return starting(context);
      const answer = await inTime(controlled.control(command, by), context.env.outgoing);
      if (answer === 'late') return unavailable(context, 'the supervisor does not answer; it may still be done');
      if (answer.kind === 'unknown') return context.json(answer, 404);
      return context.json(answer);
    });
  }
  app.post('/v1/reload', async (context) => {
    const { socket } = context.env.incoming;
    if (!mayReload(askerUid(socket)))
      return refused(context, 403, `${askerOf(socket)} may not reload`, 'as root: systemctl reload booty');
    if (controlled.state() === 'starting') return starting(context);
    const answer = await inTime(controlled.reload(), context.env.outgoing);
    if (answer === 'late') return unavailable(context, 'the supervisor does not answer; it may still be done');
    return context.json(answer, answer.kind === 'reloaded' ? 200 : 409);
  });
  app.notFound((context) => {
    const known =
      ['/v1/status', '/v1/reload'].includes(context.req.path) ||
      verbs.some((verb) => context.req.path === `/v1/${verb}`);
    if (!known) return refused(context, 404, 'there is no such route', 'docs/CONTROL.md has them');
    const method = context.req.path === '/v1/status' ? 'GET' : 'POST';
    return refused(context, 405, `this route takes ${method} only`, 'docs/CONTROL.md', { Allow: method });
  });
  app.onError((error, context) => onError(error, context, failures));
  const listener = getRequestListener(app.fetch, {
    // The globals of the whole supervisor stay what they are.
    overrideGlobalObjects: false,
    errorHandler: async (error) => {
      // Without a usable URL or Host.
      if (error instanceof RequestError) return plainly({ kind: 'refused', message: 'this is no request', hint }, 400);
      const eventId = await failures.tell(error, { method: '', path: '', by: 'somebody', command: null });
      return plainly({ ...defect, eventId }, 500);
    },
  });
  return (request, response) => void listener(request, response);
}

const defect: Refusal = {
  kind: 'failed',
  message: 'this is a defect of Booty; the supervisor goes on',
  hint: 'journalctl -u booty --grep control.failed',
};

const plainly = (refusal: Refusal, status: number): Response => Response.json(refusal, { status });

async function onError(error: Error, context: Context<Bindings>, failures: Failures): Promise<Response> {
  if (error instanceof LedgerRefusal)
    return unavailable(context, `the ledger refuses: ${error.message}`, 'nothing was changed; make room on its disk');
  // Whoever hangs up in the middle of a request is no defect of ours.
  if (context.env.incoming.errored) return refused(context, 400, 'the request was cut off', 'send it again');
  const { method, path } = context.req;
  const by = askerOf(context.env.incoming.socket);
  const eventId = await failures.tell(error, { method, path, by, command: path.split('/')[2] ?? null });
  return context.json({ ...defect, eventId }, 500);
}

async function bodyOf(context: Context<Bindings>): Promise<{ readonly value: unknown } | null> {
  const text = await context.req.text();
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function inTime<Result>(answer: Promise<Result>, response: EventEmitter): Promise<Result | 'late'> {
  const late = Promise.withResolvers<'late'>();
  const limit = setTimeout(() => late.resolve('late'), answerLimitMs);
  // Nobody is there any more who could be told that it takes long.
  response.once('close', () => clearTimeout(limit));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(limit);
    // Whatever becomes of it later: nobody waits for it any more.
    answer.catch(() => undefined);
  }
}

function refused(
  context: Context<Bindings>,
  status: 400 | 403 | 404 | 405,
  message: string,
  hint: string,
  headers: Record<string, string> = {},
): Response {
  return context.json({ kind: 'refused', message, hint } satisfies Refusal, status, headers);
}

/** The rest of what is sent is not waited for. */
const tooLarge = (context: Context): Response =>
  context.json(
    {
      kind: 'refused',
      message: `the body is larger than ${maxBodyBytes} bytes`,
      hint: 'docs/CONTROL.md',
    } satisfies Refusal,
    413,
    { Connection: 'close' },
  );

/** What booty.yaml says is for whoever could also send the supervisor a signal. */
const mayReload = (uid: number | null): boolean => uid !== null && (uid === 0 || uid === process.geteuid?.());

const starting = (context: Context<Bindings>): Response =>
  context.json(
    {
      kind: 'unavailable',
      starting: true,
      message: 'the supervisor is still starting',
      hint: 'try again in a moment',
    } satisfies Refusal,
    503,
  );

const unavailable = (context: Context<Bindings>, message: string, hint = 'try again in a moment'): Response =>
  context.json({ kind: 'unavailable', message, hint } satisfies Refusal, 503);
