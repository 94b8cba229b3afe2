import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Routes } from '../../src/supervise/routes.ts';
import { HookReceiver, ok } from '../harness/hook-receiver.ts';
import { memoryPlace } from '../harness/memory-place.ts';
import { openLedger } from '../ledger/opened.ts';
import { idOf } from '../schedule/jobs.ts';
import { commandOf, crash, crashAll, everything, Loop, reportTo, webhookTo } from './scene.ts';

const idsOf = (requests: readonly { readonly headers: Readonly<Record<string, string>> }[]): (string | undefined)[] =>
  requests.map(({ headers }) => headers['webhook-id']);

void test('a report that fails is made again under the same id until it succeeds', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  receiver.behave = () => (receiver.requests.length < 3 ? { kind: 'answer', status: 404 } : ok);
  await using loop = new Loop(opened.queue, { delays: [10, 10, 10] });
  await crash(opened.queue, 'a', [reportTo(webhookTo(receiver.url))]);
  const [made] = await loop.told('report.made');
  assert.equal(made?.tries, 3);
  assert.equal(new Set(idsOf(receiver.requests)).size, 1);
  assert.equal(new Set(receiver.requests.map(({ body }) => body)).size, 1);
  assert.deepEqual(
    loop.events.map(({ kind }) => kind),
    ['report.delayed', 'report.made'],
  );
});

void test('what the next supervisor finds is made under the same id', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  receiver.behave = () => ({ kind: 'hang' });
  await using _dying = new Loop(opened.queue);
  await crash(opened.queue, 'a', [reportTo(webhookTo(receiver.url, 60_000))]);
  await receiver.count(1);
  receiver.behave = () => ok;
  await using loop = new Loop(await opened.restart());
  await loop.told('report.made');
  assert.equal(new Set(idsOf(receiver.requests)).size, 1);
  assert.equal(receiver.requests.length, 2);
});

void test('only outcomes that are asked for are told', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  await using loop = new Loop(opened.queue);
  const target = webhookTo(receiver.url);
  await crash(opened.queue, 'a', [
    { target, on: ['succeeded', 'rejected', 'cancelled', 'skipped'], askedBy: 'configuration' },
  ]);
  await crash(opened.queue, 'b', [reportTo(target)]);
  await loop.told('report.made');
  assert.deepEqual(
    receiver.requests.map(({ body }) => (JSON.parse(body) as { id: string }).id),
    ['b'],
  );
  assert.deepEqual(opened.queue.deliveries.routes(), []);
});

void test('a report that is refused for good, or too often, is given up, and said so', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  receiver.behave = ({ path }) => ({ kind: 'answer', status: path === '/gone' ? 410 : 404 });
  await using loop = new Loop(opened.queue, { delays: [5, 5] });
  await crash(opened.queue, 'gone', [reportTo(webhookTo(`${receiver.url}/gone`))]);
  await crash(opened.queue, 'lost', [reportTo(webhookTo(`${receiver.url}/lost`))]);
  const given = await loop.told('report.given-up', 2);
  const toldOf = Object.fromEntries(given.map(({ id, tries, why }) => [id, [tries, why]]));
  assert.deepEqual(toldOf, {
    gone: [1, 'the receiver is gone for good (410)'],
    lost: [3, 'the receiver answered 404'],
  });
  assert.deepEqual(opened.queue.deliveries.routes(), []);
});

void test('an outage is told once, and what waited goes on as soon as it is over', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  receiver.behave = () => ({ kind: 'answer', status: 503 });
  // Each report by itself would come back in an hour.
  await using loop = new Loop(opened.queue, { delays: [3_600_000, 3_600_000, 3_600_000] });
  const ids = Array.from({ length: 20 }, (_, index) => `j${index}`);
  await crashAll(opened.queue, ids, [reportTo(webhookTo(receiver.url))]);
  await receiver.count(10);
  receiver.behave = () => ok;
  await loop.told('report.made', ids.length, 60_000);
  assert.equal(loop.toldOf('report.delayed').length, 1);
  assert.ok(receiver.requests.length < 2 * ids.length, `${receiver.requests.length} requests`);
});

void test('while a receiver does not answer, one report at a time tries it', async () => {
  await using opened = openLedger(memoryPlace());
  let most = 0;
  let now = 0;
  let tries = 0;
  const webhook = async () => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    now -= 1;
    tries += 1;
    if (tries === 8) most = 0; // Those that were begun together.
    return { kind: 'delayed', why: 'no answer', retryAfterMs: null, of: 'route' } as const;
  };
  await using loop = new Loop(opened.queue, { webhook });
  await crashAll(
    opened.queue,
    Array.from({ length: 50 }, (_, index) => `j${index}`),
    [reportTo(webhookTo('http://127.0.0.1:9'))],
  );
  await loop.told('report.delayed');
  await new Promise((resolve) => setTimeout(resolve, 4000));
  assert.ok(most <= 1, `${most} at once`);
  assert.ok(tries >= 9 && tries <= 11, `${tries} tries in four seconds`);
});

void test('a receiver that hangs holds up no other', async () => {
  await using opened = openLedger(memoryPlace());
  await using hanging = await HookReceiver.listen();
  await using healthy = await HookReceiver.listen();
  hanging.behave = () => ({ kind: 'hang' });
  await using loop = new Loop(opened.queue);
  const ids = (name: string): string[] => Array.from({ length: 1000 }, (_, index) => `${name}${index}`);
  await crashAll(opened.queue, ids('hanging'), [reportTo(webhookTo(hanging.url, 60_000))]);
  await hanging.count(8);
  const started = performance.now();
  await crashAll(opened.queue, ids('healthy'), [reportTo(webhookTo(healthy.url))]);
  await loop.told('report.made', 1000, 60_000);
  assert.equal(new Set(idsOf(healthy.requests)).size, 1000);
  assert.ok(hanging.requests.length <= 8 && hanging.connections <= 8, `${hanging.connections} connections`);
  assert.ok(performance.now() - started < 40_000);
});

void test('what policy does not allow any more is not sent, unless booty.yaml itself asks for it', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  await using loop = new Loop(opened.queue, { policy: { ...everything, webhooks: [] } });
  await crash(opened.queue, 'a', [reportTo(webhookTo(receiver.url), 'job'), reportTo(webhookTo(receiver.url))]);
  const [given] = await loop.told('report.given-up');
  assert.match(given?.why ?? '', /policy.webhooks/);
  await loop.told('report.made');
  assert.equal(receiver.requests.length, 1);
});

void test('a report under which the supervisor dies each time is not made for ever', async () => {
  await using opened = openLedger(memoryPlace());
  await crash(opened.queue, 'a', [reportTo(webhookTo('http://127.0.0.1:9'))]);
  const [owed] = opened.queue.deliveries.due('webhook http://127.0.0.1:9', Date.now() as never, 1);
  for (let time = 0; time < 3; time += 1) await opened.queue.deliveries.begin(owed?.id ?? '');
  await using loop = new Loop(opened.queue, { delays: [1, 1], webhook: () => assert.fail('it was made again') });
  const [given] = await loop.told('report.given-up');
  assert.equal(given?.why, 'the supervisor ended each time while it was made');
});

void test('on a route that has not worked for long, what is older than three days is given up', async () => {
  await using opened = openLedger(memoryPlace());
  const dayMs = 86_400_000;
  // An hour of it passes in a third of a second.
  const routes = new Routes(() => performance.now() * 10_000);
  const target = webhookTo('http://127.0.0.1:9');
  for (const [id, days] of [
    ['old', 4],
    ['older', 5],
    ['young', 1],
  ] as const)
    await crash(opened.queue, id, [reportTo(target)], Date.now() - days * dayMs);
  const webhook = () =>
    Promise.resolve({ kind: 'delayed', why: 'no answer', retryAfterMs: null, of: 'route' } as const);
  await using loop = new Loop(opened.queue, { webhook, routes, delays: Array.from({ length: 50 }, () => 300) });
  const given = await loop.told('report.given-up', 2);
  assert.deepEqual(given.map(({ id }) => id).sort(), ['old', 'older']);
  assert.ok(given.every(({ tries }) => tries < 5));
  assert.equal(opened.queue.deliveries.routes().length, 1);
});

void test('a clock that is set back by years keeps no report', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  await crash(opened.queue, 'a', [reportTo(webhookTo(receiver.url))], Date.UTC(2040, 0));
  await using loop = new Loop(opened.queue);
  await loop.told('report.made');
});

void test('a stop does not wait for a receiver that hangs, and takes no try from it', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  receiver.behave = () => ({ kind: 'hang' });
  const loop = new Loop(opened.queue);
  await crash(opened.queue, 'a', [reportTo(webhookTo(receiver.url, 60_000))]);
  await receiver.count(1);
  const started = performance.now();
  await loop[Symbol.asyncDispose]();
  assert.ok(performance.now() - started < 3000);
  const [{ route, nextAt } = { route: '', nextAt: 0 }] = opened.queue.deliveries.routes();
  const [owed] = opened.queue.deliveries.due(route, Date.now() as never, 9);
  assert.deepEqual([owed?.tries, nextAt <= Date.now()], [0, true]);
});

void test('a program finds the outcome file; a webhook does not wait for a disk that has no room for it', async () => {
  await using opened = openLedger(memoryPlace());
  await using receiver = await HookReceiver.listen();
  await using loop = new Loop(opened.queue, { directory: opened.beside('reports') });
  await crash(opened.queue, 'a', [reportTo(commandOf('true')), reportTo(webhookTo(receiver.url))]);
  await loop.told('report.made');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(
    loop.toldOf('report.made').map(({ to }) => to.split(' ', 1)[0]),
    ['webhook'],
  );
  await opened.queue.reported(idOf('a'));
  assert.equal((await loop.told('report.made', 2))[1]?.to, 'command true');
});

void test('a job is kept for as long as a report of it is owed', async () => {
  await using opened = openLedger(memoryPlace());
  const { queue: ledger } = opened;
  await using receiver = await HookReceiver.listen();
  await crash(ledger, 'a', [reportTo(webhookTo(receiver.url))]);
  await ledger.reported(idOf('a'));
  const nothing = { maxAgeMs: 0, maxJobs: 0 } as Parameters<typeof ledger.retention.expired>[0];
  const later = (Date.now() + 1e9) as Parameters<typeof ledger.retention.expired>[1];
  assert.deepEqual(ledger.retention.expired(nothing, later), []);
  await assert.rejects(ledger.retention.forget([idOf('a')]), /never removed/);
  await using loop = new Loop(ledger);
  await loop.told('report.made');
  assert.deepEqual(ledger.retention.expired(nothing, later), ['a']);
  await ledger.retention.forget([idOf('a')]);
});
