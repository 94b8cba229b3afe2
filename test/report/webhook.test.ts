import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { WebhookTarget } from '../../src/job/report.ts';
import { milliseconds } from '../../src/job/units.ts';
import type { Delivery } from '../../src/report/delivery.ts';
import { Webhooks, webhookBody } from '../../src/report/webhook.ts';
import { type HookBehaviour, HookReceiver, ok } from '../harness/hook-receiver.ts';
import { recordOf } from './records.ts';

const keyed = `whsec_${Buffer.from('a key of twenty-four byt').toString('base64')}`;
const secrets: Readonly<Record<string, string>> = {
  KEYED: keyed,
  PLAIN: 'plain words as a key',
  TWO: `whsec_${Buffer.from('the new key, 24 bytes  .').toString('base64')} ${keyed}`,
  BROKEN: 'whsec_this is no base64!',
};
const webhooks = new Webhooks((name) => secrets[name] ?? null);

const targetOf = (url: string, secret: string | null = null, timeoutMs = 300): WebhookTarget => ({
  kind: 'webhook',
  url,
  secret,
  timeoutMs: milliseconds(timeoutMs),
});
const attempt = { id: 'msg_0123456789abcdef0123456789abcdef', number: 1, signal: new AbortController().signal };
const deliver = (target: WebhookTarget): Promise<Delivery> => webhooks.deliver(recordOf(), target, attempt);

async function met(behaviour: HookBehaviour): Promise<{ readonly result: Delivery; readonly requests: number }> {
  await using receiver = await HookReceiver.listen();
  receiver.behave = () => behaviour;
  const result = await deliver(targetOf(`${receiver.url}/hook`));
  return { result, requests: receiver.requests.length };
}

void test('a receiver can verify who sent a webhook, with the library of Standard Webhooks', async () => {
  await using receiver = await HookReceiver.listen();
  for (const [name, verifier] of [
    ['KEYED', new Webhook(keyed)],
    ['PLAIN', new Webhook('plain words as a key', { format: 'raw' })],
    ['TWO', new Webhook(keyed)],
  ] as const) {
    assert.deepEqual(await deliver(targetOf(`${receiver.url}/hook?a=b`, name)), { kind: 'made', note: null }, name);
    const request = receiver.requests.at(-1);
    assert.ok(request);
    assert.deepEqual(verifier.verify(request.body, { ...request.headers }), { type: 'job.ended', ...recordOf() });
    assert.throws(() => verifier.verify(request.body.replace('crashed', 'succeeded'), { ...request.headers }));
    assert.equal(request.headers['webhook-id'], attempt.id);
    assert.equal(request.headers['content-type'], 'application/json');
    assert.deepEqual([request.method, request.path], ['POST', '/hook?a=b']);
  }
});

void test('without a secret it is sent unsigned, with an id all the same', async () => {
  await using receiver = await HookReceiver.listen();
  assert.equal((await deliver(targetOf(receiver.url))).kind, 'made');
  const [request] = receiver.requests;
  assert.equal(request?.headers['webhook-signature'], undefined);
  assert.equal(request?.headers['webhook-id'], attempt.id);
  assert.equal(request?.body, webhookBody(recordOf()));
});

void test('a secret that is missing or malformed sends nothing, and waits for somebody to mend it', async () => {
  await using receiver = await HookReceiver.listen();
  const missing = await deliver(targetOf(receiver.url, 'NOBODYS'));
  assert.deepEqual(missing, { kind: 'delayed', why: 'secrets.env has no NOBODYS', retryAfterMs: null, of: 'report' });
  const broken = await deliver(targetOf(receiver.url, 'BROKEN'));
  assert.ok(broken.kind === 'delayed' && /BROKEN in secrets.env: expected base64/.test(broken.why));
  assert.equal(receiver.requests.length, 0);
});

void test('a receiver that never answers, or a byte at a time, is given up at the time limit', async () => {
  for (const kind of ['hang', 'drip'] as const) {
    const started = performance.now();
    const { result } = await met({ kind });
    assert.deepEqual(result, { kind: 'delayed', why: 'no answer within 0.3 s', retryAfterMs: null, of: 'route' }, kind);
    assert.ok(performance.now() - started < 5000, kind);
  }
});

void test('an answer that is cut off, a port where nobody listens and a certificate of nobody are tried again', async () => {
  const cut = await met({ kind: 'cut' });
  assert.ok(cut.result.kind === 'delayed' && cut.result.of === 'route', JSON.stringify(cut.result));
  const receiver = await HookReceiver.listen();
  const { url } = receiver;
  await receiver[Symbol.asyncDispose]();
  assert.deepEqual(await deliver(targetOf(url)), {
    kind: 'delayed',
    why: 'ECONNREFUSED',
    retryAfterMs: null,
    of: 'route',
  });
  await using strange = await HookReceiver.listen('https');
  const untrusted = await deliver(targetOf(strange.url));
  assert.ok(untrusted.kind === 'delayed' && /SELF_SIGNED/.test(untrusted.why), JSON.stringify(untrusted));
  assert.equal(strange.requests.length, 0);
});

void test('of an answer nothing but its head is read, however long it is', async () => {
  await using receiver = await HookReceiver.listen();
  receiver.behave = () => ({ kind: 'endless' });
  assert.equal((await deliver(targetOf(receiver.url, null, 5000))).kind, 'made');
  await receiver.count(1);
  // What the kernel's buffers took.
  assert.ok(receiver.sentBytes < 32 * 1024 ** 2, `${receiver.sentBytes} bytes`);
  receiver.behave = () => ({ kind: 'answer', status: 500, body: 'x'.repeat(10 * 1024 ** 2) });
  assert.equal((await deliver(targetOf(receiver.url, null, 5000))).kind, 'delayed');
});

void test('a redirection is not followed', async () => {
  await using other = await HookReceiver.listen();
  for (const status of [301, 302, 303, 307, 308]) {
    const { result } = await met({ kind: 'answer', status, headers: { Location: `${other.url}/elsewhere` } });
    assert.ok(result.kind === 'delayed' && /redirections are not followed/.test(result.why), String(status));
  }
  assert.equal(other.requests.length, 0);
});

void test('what it answers decides', async () => {
  const kinds = async (...statuses: readonly number[]): Promise<string[]> =>
    Promise.all(
      statuses.map(async (status) => {
        const { result } = await met({ kind: 'answer', status });
        return result.kind === 'delayed' ? `delayed ${result.of}` : result.kind;
      }),
    );
  assert.deepEqual(new Set(await kinds(200, 201, 202, 204)), new Set(['made']));
  assert.deepEqual(new Set(await kinds(410, 413, 415, 422)), new Set(['refused']));
  assert.deepEqual(new Set(await kinds(408, 409, 425, 429, 500, 502, 503, 504)), new Set(['delayed route']));
  assert.deepEqual(new Set(await kinds(400, 401, 403, 404, 405)), new Set(['delayed report']));
});

void test('it comes back when the receiver says, within a day', async () => {
  const after = async (value: string): Promise<number | null> => {
    const { result } = await met({ kind: 'answer', status: 429, headers: { 'Retry-After': value } });
    return result.kind === 'delayed' ? result.retryAfterMs : null;
  };
  assert.equal(await after('7'), 7000);
  assert.equal(await after('99999999'), 86_400_000);
  const dated = (await after(new Date(Date.now() + 60_000).toUTCString())) ?? 0;
  assert.ok(dated > 55_000 && dated <= 60_000, String(dated));
  assert.equal(await after('soon'), null);
});

void test('a stop gives it up at once', async () => {
  await using receiver = await HookReceiver.listen();
  receiver.behave = () => ({ kind: 'hang' });
  const stop = new AbortController();
  const delivering = webhooks.deliver(recordOf(), targetOf(receiver.url, null, 60_000), {
    ...attempt,
    signal: stop.signal,
  });
  await receiver.count(1);
  stop.abort();
  assert.equal((await delivering).kind, 'delayed');
  receiver.behave = () => ok;
});
