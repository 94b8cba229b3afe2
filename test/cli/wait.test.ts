import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

void test('booty wait ends with a job, with the status of its outcome', async () => {
  await using supervisor = await SupervisorProcess.start({});
  const { root } = supervisor;
  await root.dropJob({ id: 'slow', run: `until [ -e ${root.in('go')} ]; do sleep 0.02; done; exit 3` });
  await supervisor.line({ kind: 'attempt.started', id: 'slow' });
  let hasEnded = false;
  const waiting = root.booty('wait', 'slo', '--json').finally(() => (hasEnded = true));
  const verified = await supervisor.run({ id: 'checked', run: 'true', verify: { run: 'echo no; exit 1' } });
  assert.equal(verified.outcome, 'rejected');
  assert.equal(hasEnded, false);
  await root.write('go', '');
  const { status, stdout, stderr } = await waiting;
  assert.equal(status, 4);
  assert.equal((JSON.parse(stdout) as OutcomeRecord).reason, 'exited with 3');
  assert.match(stderr, /slow.*crashed.*exited with 3/);
  assert.equal((await root.booty('wait', 'checked')).status, 3);
  await supervisor.run({ id: 'needy', run: 'true', needs: 'slow' });
  assert.equal((await root.booty('wait', 'needy')).status, 5);
});

void test('booty wait right after booty submit waits until the job is taken', async () => {
  await using supervisor = await SupervisorProcess.start({ config: 'spool: { settle: 1s }\n' });
  const waiting = supervisor.root.booty('wait', 'late');
  await supervisor.root.dropJob({ id: 'late', run: 'true' });
  assert.equal((await waiting).status, 0);
});

void test('booty wait for what will not come says so', async () => {
  await using root = await Root.make();
  {
    await using supervisor = await SupervisorProcess.start(root);
    const unknown = await root.booty('wait', 'nobody');
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /no job "nobody"/);
    await root.dropJob({ id: 'later', run: 'true', notBefore: '1h' });
    await supervisor.line({ kind: 'job.accepted', id: 'later' });
    await supervisor.run({ id: 'done', run: 'true' });
    await supervisor.stop();
  }
  assert.equal((await root.booty('wait', 'done')).status, 0);
  const unsupervised = await root.booty('wait', 'later');
  assert.equal(unsupervised.status, 69);
  assert.match(unsupervised.stderr, /no supervisor runs/);
});
