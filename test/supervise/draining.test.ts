import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const stopped = { status: 0, signal: null };

void test('an idle supervisor stops at once', async () => {
  await using supervisor = await SupervisorProcess.start();
  const began = performance.now();
  const stopping = supervisor.stop();
  await supervisor.line({ kind: 'supervisor.stopped' });
  const told = performance.now();
  assert.deepEqual(await stopping, stopped);
  assert.ok(performance.now() - began < 2000);
  assert.ok(performance.now() - told < 400, 'nothing holds up the end of the process');
});

void test('a running job finishes within the drain limit, and what waits behind it runs after the next start', async () => {
  await using root = await Root.make({ config: 'concurrency: { pipeline: 1 }\ndrain: { limit: 10s }\n' });
  await using first = await SupervisorProcess.start(root);
  await first.drop('a.yaml', 'id: a\nrun: sleep 0.5; echo done\n');
  await first.line({ kind: 'attempt.started', id: 'a' });
  await first.drop('b.yaml', 'id: b\nrun: "true"\n');
  await first.line({ kind: 'job.accepted', id: 'b' });
  assert.deepEqual(await first.stop(), stopped);
  assert.equal(root.outcome('a')?.outcome, 'succeeded');
  assert.equal(root.outcome('b'), null);
  await using second = await SupervisorProcess.start(root);
  assert.equal((await second.outcome('b')).attempt, 1);
});

void test('beyond the limit a job is interrupted, also one that ignores TERM, and runs again', async () => {
  await using root = await Root.make({ config: 'drain: { limit: 200ms }\ndefaults: { killGrace: 300ms }\n' });
  await using first = await SupervisorProcess.start(root);
  await first.drop(
    'deaf.yaml',
    'id: deaf\nrun: trap "" TERM; if [ "$BOOTY_ATTEMPT" = 1 ]; then sleep 30; sleep 30; fi\n',
  );
  await first.line({ kind: 'attempt.started', id: 'deaf' });
  const began = performance.now();
  assert.deepEqual(await first.stop(), stopped);
  assert.ok(performance.now() - began < 5000);
  assert.equal(root.outcome('deaf'), null);
  await using second = await SupervisorProcess.start(root);
  const outcome = await second.outcome('deaf');
  assert.deepEqual([outcome.outcome, outcome.attempt, outcome.attempts[0]?.outcome], ['succeeded', 2, 'interrupted']);
});

void test('an interrupted job that may not be repeated ends as lost', async () => {
  await using supervisor = await SupervisorProcess.start({ config: 'drain: { limit: 100ms }\n' });
  await supervisor.drop('once.yaml', 'id: once\nonInterrupt: fail\nrun: sleep 30\n');
  await supervisor.line({ kind: 'attempt.started', id: 'once' });
  assert.deepEqual(await supervisor.stop(), stopped);
  const outcome = supervisor.root.outcome('once');
  assert.deepEqual([outcome?.outcome, outcome?.cause], ['crashed', 'lost']);
});

for (const second of ['SIGTERM', 'SIGINT'] as const) {
  void test(`a ${second} while it drains cuts every grace short`, async () => {
    await using supervisor = await SupervisorProcess.start({
      config: 'drain: { limit: 60s }\ndefaults: { killGrace: 60s }\n',
    });
    await supervisor.drop('deaf.yaml', 'id: deaf\nrun: trap "" TERM; sleep 60; sleep 60\n');
    await supervisor.line({ kind: 'attempt.started', id: 'deaf' });
    supervisor.signal('SIGTERM');
    await supervisor.line({ kind: 'supervisor.draining' });
    const began = performance.now();
    supervisor.signal(second);
    assert.deepEqual(await supervisor.exited, stopped);
    assert.ok(performance.now() - began < 3000);
    assert.equal(supervisor.root.outcome('deaf'), null);
  });
}
