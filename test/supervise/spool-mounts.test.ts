import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { rootOnly } from './another-user.ts';

void test('a spool that is unmounted and mounted again is gone on with', rootOnly, async () => {
  await using root = await Root.make({ config: 'spool: { scanInterval: 200ms }\n' });
  const [real, spool] = [root.in('real'), root.in('spool')];
  for (const path of [real, spool]) mkdirSync(path);
  await using supervisor = await SupervisorProcess.start(root, {
    wrapper: ['unshare', '--mount', 'sh', '-c', `mount --bind ${real} ${spool} && exec "$@"`, 'sh'],
  });
  const inside = (...argv: readonly [string, ...string[]]): unknown =>
    execFileSync('nsenter', ['--target', String(supervisor.pid), '--mount', ...argv]);
  const run = async (id: string): Promise<void> => {
    writeFileSync(`${real}/incoming/.${id}.yaml`, `id: ${id}\nrun: "true"\n`);
    renameSync(`${real}/incoming/.${id}.yaml`, `${real}/incoming/${id}.yaml`);
    await poll(`the outcome of ${id}`, () => existsSync(`${real}/outcomes/${id}.json`) || null);
  };
  await run('first');
  inside('umount', '--lazy', spool);
  await supervisor.line({ kind: 'trouble.began', where: 'spool' });
  writeFileSync(`${real}/incoming/meanwhile.yaml`, 'id: meanwhile\nrun: "true"\n');
  inside('mount', '--bind', real, spool);
  await supervisor.line({ kind: 'trouble.ended', where: 'spool' });
  await poll('the outcome of what came meanwhile', () => existsSync(`${real}/outcomes/meanwhile.json`) || null);
  await run('last');
  assert.equal(supervisor.linesOf({ kind: 'trouble.began' }).length, 1);
});

void test('ten thousand files at once are all accepted, while jobs run', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  await supervisor.drop('busy.yaml', 'id: busy\npriority: 9\nrun: sleep 1\n');
  mkdirSync(root.in('stage'));
  const names = Array.from({ length: 10_000 }, (_, number) => `many-${number}.json`);
  // Verifiers of their own kind, whose one slot is taken: what is measured here is that they are accepted.
  await root.write('etc/booty.yaml', 'concurrency: { pipeline: 2, verifier: 1 }\n');
  supervisor.signal('SIGHUP');
  await supervisor.line({ kind: 'supervisor.reloaded' });
  await supervisor.drop('hold.yaml', 'id: hold\nkind: verifier\npriority: 9\nrun: sleep 300\n');
  await supervisor.line({ kind: 'attempt.started', id: 'hold' });
  for (const name of names) writeFileSync(root.in('stage', name), '{"kind":"verifier","run":"true"}');
  for (const name of names) renameSync(root.in('stage', name), root.in('spool/incoming', name));
  const accepted = () => supervisor.linesOf({ kind: 'job.accepted' }).length;
  await poll('all of them', () => accepted() === names.length + 2 || null, {
    timeoutMs: 120_000,
    everyMs: 200,
    state: () => `${accepted()} accepted`,
  });
  assert.equal((await supervisor.outcome('busy')).outcome, 'succeeded');
  supervisor.signal('SIGTERM');
  await supervisor.line({ kind: 'supervisor.draining' }); // Two of the same signal that are pending together are one.
  supervisor.signal('SIGTERM');
  assert.deepEqual(await supervisor.exited, { status: 0, signal: null });
});
