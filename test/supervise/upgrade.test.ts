import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { schemaVersion } from '../../src/ledger/schema.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const config = `drain: { limit: 100ms }
policy: { webhooks: ['http://127.0.0.1:9/'] }
`;

for (let version = 1; version <= schemaVersion; version += 1)
  void test(`what a supervisor of ledger version ${version} left behind at its kill is gone on with`, async () => {
    await using root = await Root.make({ config });
    mkdirSync(root.in('lib'), { recursive: true });
    copyFileSync(new URL(`../ledger/kept/version-${version}.db`, import.meta.url), root.in('lib/ledger.db'));
    await using supervisor = await SupervisorProcess.start(root);
    const { fields } = await supervisor.line({ kind: 'supervisor.ready' });
    assert.equal(fields.recovered, '3');
    // Later ones were kept when it had been made.
    if (version < 3) assert.equal((await supervisor.outcome('good')).outcome, 'succeeded', 'it was still owed');
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
    assert.equal(recovered, '0');
    // Of later ones one waits for the year 2030 at least, and others by the clock.
    assert.ok(version < 3 ? waiting === '2' : Number(waiting) >= 3, `${waiting} wait`);
    if (version < 4) return;
    // What is of one group with a job that runs, held, or needs another that has not ended, has not run.
    assert.deepEqual(
      ['blocked', 'held', 'needing'].map((id) => root.outcome(id)),
      [null, null, null],
    );
    const status = JSON.parse((await root.booty('status', '--json')).stdout) as Record<string, { owed?: number }>;
    assert.deepEqual([status.paused, status.reports?.owed], [[{ kind: 'group', group: 'mail' }], 1]);
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
