import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

void test('what the version before left behind at its kill is gone on with', async () => {
  await using root = await Root.make({ config: 'drain: { limit: 100ms }\n' });
  mkdirSync(root.in('lib'), { recursive: true });
  copyFileSync(new URL('../ledger/kept/version-1.db', import.meta.url), root.in('lib/ledger.db'));
  await using supervisor = await SupervisorProcess.start(root);
  const { fields } = await supervisor.line({ kind: 'supervisor.ready' });
  assert.equal(fields.recovered, '3');
  assert.equal((await supervisor.outcome('good')).outcome, 'succeeded', 'its outcome file was still owed');
  const once = await supervisor.outcome('once');
  assert.deepEqual([once.outcome, once.cause], ['crashed', 'lost']);
  for (const id of ['waiting-1', 'waiting-2', 'waiting-3'])
    assert.deepEqual([(await supervisor.outcome(id)).outcome, root.outcome(id)?.attempt], ['succeeded', 1]);
  // These sleep for a minute.
  await supervisor.line({ kind: 'attempt.started', id: 'long', attempt: '2' });
  await supervisor.line({ kind: 'attempt.started', id: 'verifying+verify', attempt: '2' });
  await supervisor.stop();
  await using again = await SupervisorProcess.start(root);
  const { recovered, waiting } = (await again.line({ kind: 'supervisor.ready' })).fields;
  assert.deepEqual([recovered, waiting], ['0', '2']);
});

void test('restarts under load lose nothing and double nothing', async () => {
  await using root = await Root.make({ config: 'drain: { limit: 5s }\nconcurrency: { pipeline: 4 }\n' });
  await using first = await SupervisorProcess.start(root);
  const marks = root.in('marks');
  const ids = Array.from({ length: 60 }, (_, number) => `load-${number}`);
  let supervisor = first;
  const started: SupervisorProcess[] = [];
  for (const [number, id] of ids.entries()) {
    await root.drop(`${id}.yaml`, `id: ${id}\nrun: echo ${id} >> ${marks}; sleep 0.1\n`);
    if (number % 20 !== 10) continue;
    assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
    supervisor = await SupervisorProcess.start(root);
    started.push(supervisor);
  }
  for (const id of ids) assert.equal((await supervisor.outcome(id)).attempt, 1);
  assert.deepEqual(readFileSync(marks, 'utf8').trim().split('\n').sort(), [...ids].sort());
  for (const each of started) await each.stop();
});
