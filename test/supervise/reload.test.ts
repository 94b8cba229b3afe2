import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
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
  assert.deepEqual([status, stdout], [0, 'applied: concurrency, retention\n']);
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

const refusedBySupervisor = [
  ['another place', 'concurrency: { pipeline: 2 }\npaths: { spool: /elsewhere }\n', null, /paths have changed \(spool/],
  [
    'an unknown group',
    'concurrency: { pipeline: 2 }\ncontrol: { group: nobody-has-it }\n',
    null,
    /no group nobody-has-it/,
  ],
  ['a broken template', 'concurrency: { pipeline: 2 }\n', 'runn: [\n', /templates\.d\/broken\.yaml:\d+: /],
] as const;
for (const [name, config, template, reason] of refusedBySupervisor)
  void test(`the reload command fails with the reason, and nothing was applied: ${name}`, async () => {
    await using root = await Root.make({ config: one });
    await using supervisor = await SupervisorProcess.start(root);
    await root.write('etc/booty.yaml', config);
    if (template !== null) await root.write('etc/templates.d/broken.yaml', template);
    const { status, stdout, stderr } = await root.booty('reload');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, reason);
    assert.match(stderr, /nothing was applied/);
    await supervisor.line({ kind: 'supervisor.unchanged' });
    await root.write('etc/booty.yaml', 'concurrency: { pipeline: 1 }\n');
    rmSync(root.in('etc/templates.d'), { recursive: true, force: true });
    assert.equal(
      (await root.booty('reload')).stdout,
      'applied: nothing has changed\n',
      'the concurrency stayed as it was',
    );
  });

void test('without a supervisor there is nothing to reload or to drain', async () => {
  await using root = await Root.make();
  for (const command of ['reload', 'drain']) {
    const { status, stderr } = await root.booty(command);
    assert.equal(status, 69);
    assert.match(stderr, /no supervisor runs on/);
  }
});
