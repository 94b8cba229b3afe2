import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../../src/control/client.ts';
import { endWithUs } from '../harness/program.ts';
import { poll } from '../harness/waiting.ts';
import { ControlScene } from './controlled.ts';
import { connected, post, readToEnd, sendRaw } from './raw-client.ts';

const short = { requestLimitMs: 400, silenceLimitMs: 800, keepAliveMs: 300 } as const;

const answers = async (scene: ControlScene): Promise<void> => {
  const { status } = await ask(scene.path, 'GET', '/v1/status');
  assert.equal(status, 200);
};

void test('a body of more than 64 KiB is refused, whether it says so before or not', async () => {
  await using scene = await ControlScene.open({ bounds: short });
  const large = JSON.stringify({ id: 'a', reason: 'x'.repeat(64 * 1024) });
  assert.equal((await ask(scene.path, 'POST', '/v1/cancel', JSON.parse(large))).status, 413);
  const head = 'POST /v1/cancel HTTP/1.1\r\nHost: booty\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  const got = await sendRaw(scene.path, head + chunk.repeat(5));
  assert.match(got.text, /^HTTP\/1\.1 413 /);
  assert.ok(got.afterMs < 3000, `${got.afterMs} ms`);
  assert.deepEqual([scene.commands, scene.captured], [[], []]);
  await answers(scene);
});

void test('a length that is not sent, and one that would never end', async () => {
  await using scene = await ControlScene.open({ bounds: short });
  const got = await sendRaw(scene.path, post('/v1/cancel', '{"id":', 60_000));
  assert.match(got.text, /^HTTP\/1\.1 408 |^$/);
  assert.ok(got.afterMs >= 300 && got.afterMs < 3000, `${got.afterMs} ms`);
  assert.match((await sendRaw(scene.path, post('/v1/cancel', '', 10 ** 15))).text, /^HTTP\/1\.1 413 /);
  assert.deepEqual([scene.commands, scene.captured], [[], []]);
  await answers(scene);
});

void test('a client that sends a letter now and then does not keep its connection', async () => {
  await using scene = await ControlScene.open({ bounds: short });
  for (const begin of [
    'GET /v1/status HTTP/1.1\r\nX: ',
    'POST /v1/cancel HTTP/1.1\r\nHost: b\r\nContent-Length: 5000\r\n\r\n',
  ]) {
    const socket = await connected(scene.path);
    socket.write(begin);
    const drip = setInterval(() => socket.writable && socket.write('x'), 50);
    const { afterMs } = await readToEnd(socket);
    clearInterval(drip);
    assert.ok(afterMs < 3000, `${begin.slice(0, 4)}: ${afterMs} ms`);
  }
  await answers(scene);
});

void test('a client that says nothing at all is let go, before its first request and after', async () => {
  await using scene = await ControlScene.open({ bounds: short });
  assert.ok((await readToEnd(await connected(scene.path))).afterMs < 3000);
  const socket = await connected(scene.path);
  socket.write('GET /v1/status HTTP/1.1\r\nHost: booty\r\n\r\n');
  const { text, afterMs } = await readToEnd(socket);
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.ok(afterMs < 3000, `${afterMs} ms`);
});

void test('a client that asks and asks, and never reads, is cut off', async () => {
  await using scene = await ControlScene.open({ bounds: short });
  const socket = await connected(scene.path);
  socket.pause();
  socket.on('error', () => undefined);
  const request = 'GET /v1/status HTTP/1.1\r\nHost: booty\r\n\r\n';
  const before = process.memoryUsage().rss;
  // A thousand is the limit of a connection; those after it would be read, if anybody were to.
  for (let n = 0; n < 40 && socket.writable; n += 1) {
    socket.write(request.repeat(500));
    await sleep(20);
  }
  await answers(scene);
  assert.ok(process.memoryUsage().rss - before < 100 * 1024 ** 2);
  await poll('its end', () => (scene.connections === 0 ? true : null), { timeoutMs: 5000 });
  socket.destroy();
});

void test('half of a connection closed: the answer still comes', async () => {
  await using scene = await ControlScene.open();
  const socket = await connected(scene.path);
  socket.end(post('/v1/pause', '{"all":true}'));
  assert.match((await readToEnd(socket)).text, /^HTTP\/1\.1 200 /);
});

void test('a hundred open connections are thirty-two, and soon none', async () => {
  await using scene = await ControlScene.open({ bounds: { requestLimitMs: 2500 } });
  const sockets = await Promise.all(Array.from({ length: 100 }, () => connected(scene.path)));
  const ends = sockets.map((socket) => readToEnd(socket));
  await poll('most of them gone', () => (sockets.filter((socket) => !socket.closed).length <= 32 ? true : null), {
    timeoutMs: 1500,
  });
  assert.ok(scene.connections <= 32);
  await Promise.all(ends);
  await answers(scene);
});

const garbage: Readonly<Record<string, string | Uint8Array>> = {
  'a TLS hello': Buffer.from('1603010200010001fc0303', 'hex'),
  noise: randomBytes(4096),
  'zero bytes': Buffer.alloc(70_000),
  'no version': 'GET /v1/status\r\n\r\n',
  'another protocol': 'SSH-2.0-OpenSSH_9.6\r\n',
  'no Host': 'GET /v1/status HTTP/1.1\r\n\r\n',
  'a Host that is none': 'GET /v1/status HTTP/1.1\r\nHost: a b\\c\r\nConnection: close\r\n\r\n',
  'no URL': 'GET http://[ HTTP/1.1\r\nHost: booty\r\nConnection: close\r\n\r\n',
  'a path out of it': 'GET /v1/../../etc/passwd HTTP/1.1\r\nHost: booty\r\nConnection: close\r\n\r\n',
  'bad escapes': 'GET /v1/%zz%00 HTTP/1.1\r\nHost: booty\r\nConnection: close\r\n\r\n',
  'two lengths': 'POST /v1/cancel HTTP/1.1\r\nHost: booty\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
  'a length and chunks':
    'POST /v1/cancel HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a bad chunk': 'POST /v1/cancel HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'a negative length': 'POST /v1/cancel HTTP/1.1\r\nHost: booty\r\nContent-Length: -5\r\n\r\n',
  'headers without end': `GET /v1/status HTTP/1.1\r\nHost: booty\r\n${'X: y\r\n'.repeat(20_000)}`,
  'a URL without end': `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: booty\r\n\r\n`,
  'an upgrade': 'GET /v1/status HTTP/1.1\r\nHost: booty\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
  'a tunnel': 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n',
  'HTTP 2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'an asterisk': 'OPTIONS * HTTP/1.1\r\nHost: booty\r\nConnection: close\r\n\r\n',
  'a trace': 'TRACE /v1/status HTTP/1.1\r\nHost: booty\r\nConnection: close\r\n\r\n',
  'a body of no JSON': post('/v1/cancel', '{"id": "a"'),
  'a body of bytes': Buffer.concat([Buffer.from(post('/v1/cancel', '', 4)), Buffer.from([0xff, 0xfe, 0, 0xc0])]),
  'deep JSON': post('/v1/cancel', '['.repeat(60_000)),
  'a key that means more': post('/v1/cancel', '{"__proto__":{"id":"a"},"constructor":1}'),
  'expect: continue':
    'POST /v1/cancel HTTP/1.1\r\nHost: booty\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}',
  'expect: a wonder':
    'POST /v1/cancel HTTP/1.1\r\nHost: booty\r\nConnection: close\r\nExpect: a-wonder\r\nContent-Length: 2\r\n\r\n{}',
};

for (const [what, bytes] of Object.entries(garbage)) {
  void test(`garbage: ${what}`, async () => {
    await using scene = await ControlScene.open({ bounds: short });
    const got = await sendRaw(scene.path, bytes);
    assert.ok(got.afterMs < 4000, `${got.afterMs} ms`);
    assert.doesNotMatch(got.text, /HTTP\/1\.1 5\d\d|\n {4}at /);
    assert.deepEqual([scene.commands, scene.captured, scene.failures], [[], [], []]);
    await answers(scene);
  });
}

void test('a client that is killed in the middle of its request is no defect', async () => {
  await using scene = await ControlScene.open({ bounds: short });
  const script = `const s = require('node:net').connect(process.argv[1]);
    s.write(process.argv[2]); setTimeout(() => console.log('sent'), 50); setInterval(() => {}, 1000)`;
  for (const begun of [
    'POST /v1/can',
    'POST /v1/cancel HTTP/1.1\r\nHost: b\r\nContent-Length: 500\r\n\r\n{"id"',
    'POST /v1/cancel HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"id',
  ]) {
    const child = spawn(process.execPath, ['-e', script, scene.path, begun], { stdio: ['ignore', 'pipe', 'inherit'] });
    endWithUs(child);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await poll('its end', () => (scene.connections === 0 ? true : null));
  }
  assert.deepEqual([scene.commands, scene.captured, scene.events], [[], [], []]);
  await answers(scene);
});

void test('a client that goes away while it is answered is no defect either', async () => {
  await using scene = await ControlScene.open();
  const gone = Promise.withResolvers<void>();
  scene.answer = async () => {
    await gone.promise;
    return { kind: 'done', changes: [], total: 0 };
  };
  const socket = await connected(scene.path);
  socket.write(post('/v1/pause', '{"all":true}'));
  await poll('the command', () => scene.commands[0]);
  socket.destroy();
  await poll('its end', () => (scene.connections === 0 ? true : null));
  gone.resolve();
  assert.deepEqual(scene.captured, []);
  await answers(scene);
});
