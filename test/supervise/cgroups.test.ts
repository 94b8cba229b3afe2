import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { lives } from '../run/attempts.ts';
import { withCgroups } from '../run/cgroups.ts';
import { Delegated } from './delegated.ts';

const options = withCgroups();

void test(
  'where a cgroup is delegated each attempt has its own, and where none is that is said once',
  options,
  async () => {
    using delegated = new Delegated();
    await using supervisor = await SupervisorProcess.start({}, { wrapper: delegated.wrapper });
    await supervisor.line({ kind: 'cgroups.used' });
    await supervisor.drop('where.yaml', 'id: where\nrun: cat /proc/self/cgroup\n');
    assert.equal((await supervisor.outcome('where')).outcome, 'succeeded');
    assert.match((await supervisor.root.booty('logs', 'where')).stdout, /^0::\/.*\/jobs\/job-where\.1$/m);
    assert.match(readFileSync(`/proc/${supervisor.pid}/cgroup`, 'utf8'), /^0::\/.*\/supervisor$/m);
    assert.match((await supervisor.root.booty('show', 'where')).stdout, /cpu \d+/);
    assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
    assert.deepEqual(delegated.left, []);
    await using other = await SupervisorProcess.start();
    await other.line({ kind: 'cgroups.missing' });
  },
);

void test(
  'after a supervisor was killed, its successor finds what is left of an attempt in its cgroup',
  options,
  async () => {
    using delegated = new Delegated();
    await using root = await Root.make();
    const first = await SupervisorProcess.start(root, { wrapper: delegated.wrapper });
    // Without its mark and outside its session, it is found by the cgroup alone.
    const line = 'env -i /usr/bin/setsid /bin/sh -c "echo \\$\\$ >../pid; exec sleep 600" </dev/null >/dev/null 2>&1';
    await first.drop('lost.yaml', `id: lost\nonInterrupt: fail\nrun: '${line}'\n`);
    const pid = await poll('it runs', () => {
      const path = root.in('lib/jobs/lost/pid');
      return existsSync(path) ? readFileSync(path, 'utf8').trim() || null : null;
    });
    await first.kill();
    assert.ok(lives(pid));
    assert.equal(delegated.left.length, 1);
    await using second = await SupervisorProcess.start(root, { wrapper: delegated.wrapper });
    assert.equal((await second.outcome('lost')).cause, 'lost');
    assert.equal(lives(pid), false);
    await second.stop();
    assert.deepEqual(delegated.left, []);
  },
);

void test('what is left is found by the record also where the successor has no cgroups', options, async () => {
  using delegated = new Delegated();
  await using root = await Root.make();
  const first = await SupervisorProcess.start(root, { wrapper: delegated.wrapper });
  const line =
    'sleep 0.3; env -i /usr/bin/setsid /bin/sh -c "echo \\$\\$ >../pid; exec sleep 600" </dev/null >/dev/null 2>&1';
  await first.drop('lost.yaml', `id: lost\nonInterrupt: fail\nrun: '${line}'\n`);
  const pid = await poll('it runs', () => {
    const path = root.in('lib/jobs/lost/pid');
    return existsSync(path) ? readFileSync(path, 'utf8').trim() || null : null;
  });
  await first.kill();
  await using second = await SupervisorProcess.start(root);
  assert.equal((await second.outcome('lost')).cause, 'lost');
  assert.equal(lives(pid), false);
  assert.deepEqual(delegated.left, []);
});

void test('limits that nothing enforces are ignored with a warning, or refused, as booty.yaml says', async () => {
  await using supervisor = await SupervisorProcess.start();
  await supervisor.drop('ignored.yaml', 'id: ignored\nlimits: { memory: 64M, cpu: 50% }\nrun: "true"\n');
  assert.equal((await supervisor.outcome('ignored')).outcome, 'succeeded');
  assert.equal((await supervisor.line({ kind: 'limits.ignored', id: 'ignored' })).fields.limits, 'memory,cpu');
  await supervisor.stop();
  await using strict = await SupervisorProcess.start({ config: 'policy: { unenforcedLimits: refuse }\n' });
  await strict.drop('refused.yaml', 'id: refused\nlimits: { tasks: 64 }\nrun: "true"\n');
  await strict.line({ kind: 'job.refused', file: 'refused.yaml', code: 'LIMITS_UNENFORCED' });
  await strict.drop('fine.yaml', 'id: fine\nlimits: { output: 1M }\nrun: "true"\n');
  assert.equal((await strict.outcome('fine')).outcome, 'succeeded');
});
