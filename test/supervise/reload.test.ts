import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const one = 'concurrency: { pipeline: 1 }\n';
/** Ends once the other has begun too. */
const meet = (place: string, id: string, other: string): string =>
  `id: ${id}\nrun: touch ${place}.${id}; while [ ! -e ${place}.${other} ]; do sleep 0.02; done\n`;

void test('a reload applies the concurrency, and what runs goes on', async () => {
  await using root = await Root.make({ config: one });
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.drop('a.yaml', meet(root.in('met'), 'a', 'b'));
  await supervisor.drop('b.yaml', meet(root.in('met'), 'b', 'a'));
  await supervisor.line({ kind: 'job.accepted', id: 'b' });
  await supervisor.line({ kind: 'attempt.started' });
  await root.write('etc/booty.yaml', 'concurrency: { pipeline: 2 }\nretention: { maxJobs: 5 }\n');
  const { status, stdout } = await root.booty('reload');
  assert.deepEqual([status, /reads .*booty\.yaml again/.test(stdout)], [0, true]);
  await supervisor.line({ kind: 'supervisor.reloaded', changed: 'concurrency,retention' });
  for (const id of ['a', 'b']) assert.equal((await supervisor.outcome(id)).attempt, 1);
});

void test('a reload with a mistake changes nothing, by the command and by the signal', async () => {
  await using root = await Root.make({ config: one });
  await using supervisor = await SupervisorProcess.start(root);
  await root.write('etc/booty.yaml', 'concurrency: { pipelines: 2 }\n');
  const { status, stderr } = await root.booty('reload');
  assert.equal(status, 1);
  assert.match(stderr, /booty\.yaml:1: unknown key "pipelines" in concurrency/);
  assert.deepEqual(supervisor.linesOf({ kind: 'supervisor.unchanged' }), [], 'it was not even asked');
  supervisor.signal('SIGHUP');
  assert.match((await supervisor.line({ kind: 'supervisor.unchanged' })).fields.error ?? '', /unknown key/);
  await root.write('etc/booty.yaml', 'paths: { spool: /elsewhere }\n');
  supervisor.signal('SIGHUP');
  await supervisor.line(/supervisor\.unchanged .*paths have changed \(spool/);
  await supervisor.drop('a.yaml', 'id: a\nrun: "true"\n');
  assert.equal((await supervisor.outcome('a')).outcome, 'succeeded');
});

void test('without a supervisor there is nothing to reload or to drain', async () => {
  await using root = await Root.make();
  for (const command of ['reload', 'drain']) {
    const { status, stderr } = await root.booty(command);
    assert.equal(status, 69);
    assert.match(stderr, /no supervisor runs on/);
  }
});
