import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorProcess } from '../harness/supervisor.ts';

void test('a job that ended in time while the supervisor stood still has not timed out', async () => {
  await using supervisor = await SupervisorProcess.start();
  await supervisor.drop('quick.yaml', 'id: quick\ntimeout: 1s\nrun: sleep 0.3; echo done\n');
  await supervisor.line({ kind: 'attempt.started', id: 'quick' });
  supervisor.signal('SIGSTOP');
  await sleep(2000);
  supervisor.signal('SIGCONT');
  const outcome = await supervisor.outcome('quick');
  assert.equal(outcome.outcome, 'succeeded', String(outcome.reason));
});

void test('a job that runs beyond its limit while the supervisor stands still is ended afterwards', async () => {
  await using supervisor = await SupervisorProcess.start();
  await supervisor.drop('slow.yaml', 'id: slow\ntimeout: 1s\nrun: sleep 60\n');
  await supervisor.line({ kind: 'attempt.started', id: 'slow' });
  supervisor.signal('SIGSTOP');
  await sleep(1500);
  supervisor.signal('SIGCONT');
  const outcome = await supervisor.outcome('slow');
  assert.deepEqual([outcome.outcome, outcome.cause], ['crashed', 'timeout']);
});

void test('a supervisor that stood still for longer than any of its timers loses nothing', async () => {
  await using supervisor = await SupervisorProcess.start({
    config: 'spool: { scanInterval: 100ms }\ndrain: { limit: 500ms }\n',
  });
  const marks = supervisor.root.in('marks');
  await supervisor.drop('before.yaml', `id: before\nrun: echo once >> ${marks}; sleep 0.5\n`);
  await supervisor.line({ kind: 'attempt.started', id: 'before' });
  supervisor.signal('SIGSTOP');
  for (let number = 0; number < 20; number += 1)
    await supervisor.drop(`while-${number}.yaml`, `id: while-${number}\nrun: echo ${number} >> ${marks}\n`);
  await sleep(1500);
  supervisor.signal('SIGCONT');
  for (const id of ['before', ...Array.from({ length: 20 }, (_, number) => `while-${number}`)])
    assert.deepEqual([(await supervisor.outcome(id)).outcome, supervisor.root.outcome(id)?.attempt], ['succeeded', 1]);
  assert.equal(readFileSync(marks, 'utf8').trim().split('\n').length, 21);
});
