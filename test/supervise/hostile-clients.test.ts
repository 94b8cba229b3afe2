import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../../src/control/client.ts';
import { errorCode } from '../../src/disk/durable.ts';
import { connected, sendRaw } from '../control/raw-client.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { heapOf, inspectable } from '../telemetry/inspector.ts';

/** Null: turned away, since too many are connected. */
async function statusOf(path: string): Promise<number | null> {
  try {
    return (await ask(path, 'GET', '/v1/status')).status;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}

/** A third says nothing, a third never ends its request, a third asks and asks and never reads. */
async function hangOn(path: string, number: number): Promise<Socket> {
  const socket = await connected(path);
  socket.on('error', () => undefined); // One too many is reset.
  if (number % 3 === 1) socket.write('POST /v1/pause HTTP/1.1\r\nHost: b\r\nContent-Length: 99\r\n\r\n{');
  if (number % 3 === 2) socket.pause().write('GET /v1/status HTTP/1.1\r\nHost: b\r\n\r\n'.repeat(900));
  return socket;
}

void test('clients of every bad kind: jobs run on, nothing is left of them, and soon whoever asks is answered', async () => {
  await using supervisor = await SupervisorProcess.start({}, { env: inspectable });
  const { root } = supervisor;
  const path = root.in('run/booty.sock');
  assert.equal(await statusOf(path), 200);
  const before = await heapOf(supervisor);
  const sockets: Socket[] = [];
  for (let number = 0; number < 100; number += 1) sockets.push(await hangOn(path, number));
  for (let number = 0; number < 5; number += 1)
    assert.equal((await supervisor.run({ id: `job-${number}`, run: 'true' })).outcome, 'succeeded');

  const began = performance.now();
  while ((await statusOf(path)) === null) {
    assert.ok(performance.now() - began < 20_000, 'the bad ones are still connected');
    await sleep(100);
  }
  for (const socket of sockets) socket.destroy();
  for (let number = 0; number < 100; number += 1) await sendRaw(path, randomBytes(512));
  for (let number = 0; number < 1000; number += 1) assert.equal(await statusOf(path), 200);
  // Those that never read are let go after their silence; then nothing of them is left.
  const ends = performance.now() + 25_000;
  for (let more = await heapOf(supervisor); more - before > 5_000_000; more = await heapOf(supervisor)) {
    assert.ok(performance.now() < ends, `${more - before} bytes more`);
    await sleep(1000);
  }
  assert.deepEqual(supervisor.linesOf({ kind: 'control.failed' }), []);
  assert.deepEqual(supervisor.linesOf({ kind: 'trouble.began' }), []);
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
});
