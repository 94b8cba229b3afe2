import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userName } from '../../src/control/accounts.ts';
import { ask } from '../../src/control/client.ts';
import { LedgerRefusal } from '../../src/ledger/refusal.ts';
import type { Command } from '../../src/schedule/control.ts';
import { idOf } from '../schedule/jobs.ts';
import { ControlScene, eventId, status } from './controlled.ts';

const uid = process.getuid?.() ?? -1;
const me = `${userName(uid)} (uid ${uid})`;
const id = idOf('nightly');

const understood: Readonly<Record<string, readonly [verb: string, body: unknown, command: Command]>> = {
  'a job is cancelled, and its outcome will tell by whom': [
    'cancel',
    { id: 'nightly' },
    { kind: 'cancel', target: { kind: 'id', id }, reason: `cancelled by ${me}` },
  ],
  'and why': [
    'cancel',
    { group: 'db', reason: 'the disk\nis full\u001b[31m' },
    { kind: 'cancel', target: { kind: 'group', group: 'db' }, reason: `cancelled by ${me}: the disk is full` },
  ],
  'a verifier has a + in its id': [
    'cancel',
    { id: 'nightly+verify' },
    { kind: 'cancel', target: { kind: 'id', id: idOf('nightly+verify') }, reason: `cancelled by ${me}` },
  ],
  'all of a name are held': ['hold', { name: 'a b' }, { kind: 'hold', target: { kind: 'name', name: 'a b' } }],
  'and let go': ['release', { name: 'a b' }, { kind: 'release', target: { kind: 'name', name: 'a b' } }],
  'a job has another priority': [
    'priority',
    { id: 'nightly', priority: -7 },
    { kind: 'prioritize', target: { kind: 'id', id }, priority: -7 },
  ],
  'a job runs once more': ['retry', { id: 'nightly' }, { kind: 'retry', id, newId: null }],
  'under an id of its own': ['retry', { id: 'nightly', newId: 'again' }, { kind: 'retry', id, newId: idOf('again') }],
  'everything is paused': ['pause', { all: true }, { kind: 'pause', scope: { kind: 'all' } }],
  'a kind is paused': ['pause', { kind: 'verifier' }, { kind: 'pause', scope: { kind: 'kind', jobKind: 'verifier' } }],
  'a group goes on': ['resume', { group: 'db' }, { kind: 'resume', scope: { kind: 'group', group: 'db' } }],
};

for (const [what, [verb, body, command]] of Object.entries(understood)) {
  void test(what, async () => {
    await using scene = await ControlScene.open();
    const answer = { kind: 'done', changes: [{ id, effect: 'cancelled', detail: null }], total: 1 } as const;
    scene.answer = () => Promise.resolve(answer);
    assert.deepEqual(await scene.post(verb, body), { status: 200, body: answer });
    assert.deepEqual(scene.commands, [command]);
    assert.deepEqual(scene.askers, [me]);
  });
}

const refused: Readonly<Record<string, readonly [verb: string, body: unknown, message: RegExp]>> = {
  'nothing is named': ['cancel', {}, /exactly one of id, name, group/],
  'two things are named': ['cancel', { id: 'a', group: 'b' }, /exactly one of/],
  'a key is unknown': ['cancel', { id: 'a', gruop: 'b' }, /unknown key "gruop"/],
  'an id is none': ['hold', { id: '../../etc' }, /id: expected the id of a job/],
  'an id is too long': ['hold', { id: 'x'.repeat(500) }, /id: expected the id of a job/],
  'a priority is a word': ['priority', { id: 'a', priority: 'high' }, /priority: expected a whole number/],
  'a priority is missing': ['priority', { id: 'a' }, /priority: expected a whole number/],
  'a priority is out of bounds': ['priority', { id: 'a', priority: 1001 }, /from -1000 to 1000/],
  'a new id is none': ['retry', { id: 'a', newId: 'b c' }, /newId: expected an id/],
  'a name cannot be retried': ['retry', { name: 'a' }, /id: expected the id of a job.*unknown key "name"/],
  'all of nothing': ['pause', { all: false }, /all: expected true/],
  'an unknown kind': ['pause', { kind: 'batch' }, /kind: expected pipeline or verifier/],
  'no scope': ['pause', {}, /exactly one of all, kind, group/],
  'a list': ['cancel', [{ id: 'a' }], /expected a JSON object/],
  nothing: ['cancel', null, /expected a JSON object/],
  'a reason without an end': ['cancel', { id: 'a', reason: 'x'.repeat(201) }, /reason: expected at most 200/],
};

for (const [what, [verb, body, message]] of Object.entries(refused)) {
  void test(`refused: ${what}`, async () => {
    await using scene = await ControlScene.open();
    const reply = await scene.post(verb, body);
    assert.equal(reply.status, 400);
    const answer = reply.body as { readonly kind: string; readonly message: string; readonly hint: string };
    assert.equal(answer.kind, 'refused');
    assert.match(answer.message, message);
    assert.match(answer.hint, /docs\/CONTROL\.md/);
    assert.deepEqual([scene.commands, scene.captured], [[], []]);
  });
}

void test('it says how it goes', async () => {
  await using scene = await ControlScene.open();
  assert.deepEqual(await ask(scene.path, 'GET', '/v1/status'), { status: 200, body: status });
});

void test('what is not there is 404, what takes another method 405', async () => {
  await using scene = await ControlScene.open();
  for (const [method, path, expected] of [
    ['GET', '/', 404],
    ['GET', '/v2/status', 404],
    ['POST', '/v1/explode', 404],
    ['GET', '/v1/cancel', 405],
    ['POST', '/v1/status', 405],
  ] as const) {
    const reply = await ask(scene.path, method, path, method === 'POST' ? {} : undefined);
    assert.equal(reply.status, expected, `${method} ${path}`);
    assert.equal((reply.body as { readonly kind: string }).kind, 'refused');
  }
});

void test('a job that nobody knows is 404, with what to do', async () => {
  await using scene = await ControlScene.open();
  const answer = { kind: 'unknown', message: 'no job "a"', hint: 'booty list' } as const;
  scene.answer = () => Promise.resolve(answer);
  assert.deepEqual(await scene.post('cancel', { id: 'a' }), { status: 404, body: answer });
});

void test('while the disk of the ledger refuses, so does the request, and it is no defect', async () => {
  await using scene = await ControlScene.open();
  scene.answer = () => Promise.reject(new LedgerRefusal('database or disk is full'));
  const { status: code, body } = await scene.post('pause', { all: true });
  assert.equal(code, 503);
  assert.match((body as { readonly message: string }).message, /the ledger refuses: database or disk is full/);
  assert.deepEqual(scene.captured, []);
});

void test('before the supervisor is ready nothing is taken to be done later', async () => {
  await using scene = await ControlScene.open();
  scene.status = () => ({ ...status, state: 'starting' });
  assert.equal((await scene.post('cancel', { id: 'a' })).status, 503);
  assert.equal((await ask(scene.path, 'GET', '/v1/status')).status, 503);
  assert.deepEqual(scene.commands, []);
});

void test('a defect is captured with its request; the caller has its event, and the next request is answered', async () => {
  await using scene = await ControlScene.open();
  scene.answer = () => Promise.reject(new RangeError('made by a test'));
  const { status: code, body } = await scene.post('cancel', { id: 'a', reason: 'secret-of-the-body' });
  assert.equal(code, 500);
  const answer = body as { readonly kind: string; readonly message: string; readonly eventId: string };
  assert.deepEqual([answer.kind, answer.eventId], ['failed', eventId]);
  assert.doesNotMatch(JSON.stringify(answer), /made by a test|at .*\.ts/, 'what went wrong inside is for Sentry');
  const [{ error, request } = { error: null, request: null }, ...others] = scene.captured;
  assert.ok(error instanceof RangeError);
  assert.deepEqual(request, { method: 'POST', path: '/v1/cancel', by: me, command: 'cancel' });
  assert.deepEqual(others, []);
  assert.equal(scene.events[0]?.kind, 'control.failed');
  assert.equal((await ask(scene.path, 'GET', '/v1/status')).status, 200);
});

void test('the same defect a hundred times is one event, different ones at once are twenty', async () => {
  await using scene = await ControlScene.open();
  const defect = new RangeError('made by a test');
  scene.answer = () => Promise.reject(defect);
  for (let n = 0; n < 100; n += 1)
    assert.equal(((await scene.post('cancel', { id: 'a' })).body as { eventId: string }).eventId, eventId);
  assert.equal(scene.captured.length, 1);
  scene.answer = ({ kind }) => Promise.reject(new RangeError(`${kind} ${scene.commands.length}`));
  for (let n = 0; n < 100; n += 1) assert.equal((await scene.post('cancel', { id: 'a' })).status, 500);
  assert.equal(scene.captured.length, 20);
});

void test('a thousand requests, fifty at once', async () => {
  await using scene = await ControlScene.open({ bounds: { maxConnections: 64 } });
  const ask20 = async () => {
    for (let n = 0; n < 20; n += 1) assert.equal((await scene.post('cancel', { id: 'a' })).status, 200);
  };
  await Promise.all(Array.from({ length: 50 }, ask20));
  assert.equal(scene.commands.length, 1000);
});
