import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { program } from '../harness/program.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { asUser, nobody, rootOnly } from '../supervise/another-user.ts';
import { finished } from '../system/finished.ts';

void test('booty drain waits for the running job, and tells how many wait', async () => {
  await using supervisor = await SupervisorProcess.start({ config: 'concurrency: { pipeline: 1 }\n' });
  await supervisor.drop('a.yaml', 'id: a\nrun: sleep 4\n');
  await supervisor.line({ kind: 'attempt.started', id: 'a' });
  await supervisor.drop('b.yaml', 'id: b\nrun: "true"\n');
  await supervisor.line({ kind: 'job.accepted', id: 'b' });
  const { status, stdout, stderr } = await supervisor.root.booty('drain');
  assert.equal(status, 0);
  assert.equal(stdout, 'stopped; 1 waiting for the next start\n');
  assert.match(stderr, /^draining: 1 running\n/);
  assert.deepEqual(await supervisor.exited, { status: 0, signal: null });
  assert.equal(supervisor.root.outcome('a')?.outcome, 'succeeded');
});

void test('booty drain --now ends a running job, which waits for the next start', async () => {
  await using supervisor = await SupervisorProcess.start();
  await supervisor.drop('deaf.yaml', 'id: deaf\nrun: trap "" TERM; sleep 60; sleep 60\n');
  await supervisor.line({ kind: 'attempt.started', id: 'deaf' });
  const began = performance.now();
  const { status, stdout } = await supervisor.root.booty('drain', '--now');
  assert.deepEqual([status, stdout], [0, 'stopped; 1 waiting for the next start\n']);
  assert.ok(performance.now() - began < 8000);
  await supervisor.line({ kind: 'supervisor.hurried' });
});

void test('whoever may not signal the supervisor is told what to do', rootOnly, async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  chmodSync(root.path, 0o755);
  for (const [mode, says] of [
    [0o750, /this user may not look at/],
    [0o755, /is another user’s/],
  ] as const) {
    chmodSync(root.in('lib'), mode);
    const { status, stderr } = await finished([...asUser(nobody), program, 'drain', '--root', root.path]);
    assert.equal(status, 1);
    assert.match(stderr, says);
    assert.match(stderr, /\n {2}as root: systemctl stop booty\n/);
  }
});
