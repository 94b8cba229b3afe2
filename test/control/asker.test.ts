import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { groupId, groupName, userName } from '../../src/control/accounts.ts';
import { nameless, nobody, rootOnly } from '../supervise/another-user.ts';
import { ControlScene } from './controlled.ts';

const client = `const r = require('node:http').request({ socketPath: process.argv[1], method: 'POST', path: '/v1/cancel' },
  (response) => response.resume().on('end', () => process.exit(0))); r.end('{"id":"a","reason":"I am root (uid 0)"}')`;

for (const [uid, who] of [
  [nobody, 'nobody (uid 65534)'],
  [nameless, `uid ${nameless}`],
] as const) {
  void test(`whatever a client says of itself, the kernel tells that it is ${who}`, rootOnly, async () => {
    await using scene = await ControlScene.open();
    chmodSync(dirname(scene.path), 0o755);
    chmodSync(scene.path, 0o666);
    const child = spawn(
      'setpriv',
      [`--reuid=${uid}`, '--regid=4711', '--clear-groups', process.execPath, '-e', client, scene.path],
      { stdio: 'inherit' },
    );
    const [status] = (await once(child, 'exit')) as [number];
    assert.equal(status, 0);
    const [asked] = scene.commands;
    assert.ok(asked?.kind === 'cancel');
    assert.equal(asked.reason, `cancelled by ${who}: I am root (uid 0)`);
  });
}

void test('users and groups have the names that the machine knows', () => {
  assert.equal(userName(0), 'root');
  assert.equal(userName(nameless), null);
  assert.equal(groupName(0), 'root');
  assert.equal(groupId('root'), 0);
  assert.equal(groupId('4711'), 4711);
  assert.equal(groupId('no-such-group'), null);
  const { stdout } = spawnSync('id', ['-un'], { encoding: 'utf8' });
  assert.equal(userName(process.getuid?.() ?? -1), stdout.trim());
});
