import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import type { Answer } from '../../src/schedule/control.ts';
import { program } from '../harness/program.ts';
import { type JobKeys, Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { asUser, nobody, rootOnly } from '../supervise/another-user.ts';
import { finished } from '../system/finished.ts';

const { username, uid } = userInfo();
const me = `${username} (uid ${uid})`;
const one = { config: 'concurrency: { pipeline: 1 }\ndefaults: { killGrace: 300ms }\n' } as const;

/** A job that runs until it is told. */
const patient = (root: Root, id: string, more: object = {}) => ({
  id,
  run: `until [ -e ${root.in(`go-${id}`)} ]; do sleep 0.02; done`,
  ...more,
});

/** A supervisor whose one slot is taken by `first`. */
async function occupied(): Promise<SupervisorProcess> {
  const supervisor = await SupervisorProcess.start(one);
  await supervisor.root.dropJob(patient(supervisor.root, 'first'));
  await supervisor.line({ kind: 'attempt.started', id: 'first' });
  return supervisor;
}

async function accepted(supervisor: SupervisorProcess, job: JobKeys): Promise<void> {
  await supervisor.root.dropJob(job);
  await supervisor.line({ kind: 'job.accepted', id: job.id });
}

void test('a waiting job is cancelled: it never starts, and its outcome says by whom and why', async () => {
  await using supervisor = await occupied();
  const { root } = supervisor;
  await accepted(supervisor, patient(root, 'waits'));
  const { status, stdout, stderr } = await root.booty('cancel', 'wai', '--reason', 'not tonight');
  assert.deepEqual([status, stdout, stderr], [0, 'waits\n', '']);
  const { outcome, reason, attempts } = await supervisor.outcome('waits');
  assert.deepEqual([outcome, reason, attempts], ['cancelled', `cancelled by ${me}: not tonight`, []]);
  await supervisor.line({ kind: 'control.done', command: 'cancel', target: 'id waits', by: me, jobs: '1' });
  await root.write('go-first', '');
  await supervisor.outcome('first');
  assert.deepEqual(supervisor.linesOf({ kind: 'attempt.started', id: 'waits' }), []);
});

void test('a running job is cancelled, also one that ignores TERM, with all that it started', async () => {
  await using supervisor = await SupervisorProcess.start(one);
  const { root } = supervisor;
  for (const [id, run] of [
    ['gentle', 'sleep 60'],
    ['deaf', 'trap "" TERM; sleep 60 & while :; do sleep 1; done'],
  ] as const) {
    await root.dropJob({ id, run, retries: 3 });
    await supervisor.line({ kind: 'attempt.started', id });
    const { status, stdout } = await root.booty('cancel', id);
    assert.deepEqual([status, stdout], [0, `${id}\n`]);
    const { outcome, reason, attempts } = await supervisor.outcome(id);
    assert.deepEqual([outcome, reason, attempts.length], ['cancelled', `cancelled by ${me}`, 1]);
  }
});

void test('a whole group and all of a name are cancelled, whatever they do; others are not', async () => {
  await using supervisor = await SupervisorProcess.start({
    config: 'concurrency: { pipeline: 2 }\ndefaults: { killGrace: 300ms }\n',
  });
  const { root } = supervisor;
  await accepted(supervisor, patient(root, 'g1', { concurrency: { group: 'db' } }));
  await supervisor.line({ kind: 'attempt.started', id: 'g1' });
  await accepted(supervisor, patient(root, 'other'));
  await supervisor.line({ kind: 'attempt.started', id: 'other' });
  for (const id of ['g2', 'g3']) await accepted(supervisor, patient(root, id, { concurrency: { group: 'db' } }));
  for (const id of ['n1', 'n2']) await accepted(supervisor, patient(root, id, { name: 'sweep' }));

  const group = await root.booty('cancel', '--group', 'db');
  assert.deepEqual([group.status, new Set(group.stdout.trim().split('\n'))], [0, new Set(['g1', 'g2', 'g3'])]);
  for (const id of ['g1', 'g2', 'g3']) assert.equal((await supervisor.outcome(id)).outcome, 'cancelled');
  await supervisor.line({ kind: 'attempt.started', id: 'n1' });
  const name = await root.booty('cancel', '--name', 'sweep', '--json');
  assert.equal(name.status, 0);
  const { changes, total } = JSON.parse(name.stdout) as Extract<Answer, { kind: 'done' }>;
  assert.deepEqual(
    [new Set(changes.map(({ id, effect }) => `${id} ${effect}`)), total],
    [new Set(['n1 cancelling', 'n2 cancelled']), 2],
  );
  for (const id of ['n1', 'n2']) assert.equal((await supervisor.outcome(id)).outcome, 'cancelled');
  await root.write('go-other', '');
  assert.equal((await supervisor.outcome('other')).outcome, 'succeeded');
});

void test('what is paused stays paused over kill -9, until it is resumed; status tells it', async () => {
  await using root = await Root.make(one);
  {
    await using supervisor = await SupervisorProcess.start(root);
    await supervisor.run({ id: 'before', run: 'true' });
    const { status, stdout } = await root.booty('pause');
    assert.deepEqual([status, stdout], [0, 'paused: everything\n']);
    assert.deepEqual((await root.booty('pause', '--group', 'db')).stdout, 'paused: group db\n');
    await accepted(supervisor, { id: 'held-up', run: 'true' });
    await supervisor.kill();
  }
  await using supervisor = await SupervisorProcess.start(root);
  await accepted(supervisor, { id: 'later', run: 'true' });
  assert.match((await root.booty('status')).stdout, /^paused +everything, group db$/m);
  assert.deepEqual(supervisor.linesOf({ kind: 'attempt.started' }), []);
  assert.deepEqual((await root.booty('resume')).stdout, 'resumed: everything\n');
  for (const id of ['held-up', 'later']) assert.equal((await supervisor.outcome(id)).outcome, 'succeeded');
  assert.match((await root.booty('status')).stdout, /^paused +group db$/m);
});

void test('a group or a kind is paused, and the others go on', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  await root.booty('pause', '--group', 'db');
  await accepted(supervisor, { id: 'in-group', run: 'true', concurrency: { group: 'db' } });
  assert.equal((await supervisor.run({ id: 'outside', run: 'true' })).outcome, 'succeeded');
  await root.booty('pause', '--kind', 'verifier');
  await root.dropJob({ id: 'checked', run: 'true', verify: { run: 'true' } });
  await supervisor.line({ kind: 'attempt.started', id: 'checked' });
  assert.equal((await supervisor.run({ id: 'outside-2', run: 'true' })).outcome, 'succeeded');
  assert.equal(root.outcome('in-group'), null);
  assert.equal(root.outcome('checked'), null);
  await root.booty('resume', '--group', 'db');
  await root.booty('resume', '--kind', 'verifier');
  const again = await root.booty('resume', '--group', 'db');
  assert.deepEqual([again.status, again.stdout, again.stderr.trim()], [0, '', 'group db was not paused']);
  assert.equal((await supervisor.outcome('in-group')).outcome, 'succeeded');
  assert.equal((await supervisor.outcome('checked')).outcome, 'succeeded');
});

void test('a priority that is changed while it waits changes the order; hold and unhold keep and let go', async () => {
  await using supervisor = await occupied();
  const { root } = supervisor;
  for (const id of ['a', 'b', 'c', 'd']) await accepted(supervisor, { id, run: 'true' });
  assert.deepEqual((await root.booty('priority', 'c', '10')).stdout, 'c\n');
  assert.deepEqual((await root.booty('priority', 'a', '-5')).stdout, 'a\n');
  assert.deepEqual((await root.booty('hold', 'b')).stdout, 'b\n');
  await root.write('go-first', '');
  await supervisor.outcome('a');
  const started = supervisor.linesOf({ kind: 'attempt.started' }).map(({ fields }) => fields.id);
  assert.deepEqual(started, ['first', 'c', 'd', 'a']);
  assert.equal(root.outcome('b'), null);
  assert.deepEqual((await root.booty('unhold', 'b')).stdout, 'b\n');
  assert.equal((await supervisor.outcome('b')).outcome, 'succeeded');
});

void test('an ended job runs once more as a new one, which knows what it repeats', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  assert.equal((await supervisor.run({ id: 'once', run: `[ -e ${root.in('mended')} ]` })).outcome, 'crashed');
  await root.write('mended', '');
  const { status, stdout } = await root.booty('retry', 'once');
  assert.equal(status, 0);
  const id = stdout.trim();
  assert.notEqual(id, 'once');
  assert.equal((await supervisor.outcome(id)).outcome, 'succeeded');
  assert.deepEqual((await root.booty('retry', 'once', '--id', 'twice')).stdout, 'twice\n');
  assert.equal((await supervisor.outcome('twice')).outcome, 'succeeded');
  assert.equal(root.outcome('once')?.outcome, 'crashed', 'what has ended never changes');
});

void test('a job that waits for its next attempt is tried at once', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  await root.dropJob({
    id: 'slow',
    run: `[ -e ${root.in('mended')} ]`,
    retries: { limit: 2, backoff: 'fixed', delay: '1h' },
  });
  await supervisor.line({ kind: 'attempt.ended', id: 'slow' });
  await root.write('mended', '');
  assert.deepEqual((await root.booty('retry', 'slow')).stdout, 'slow\n');
  assert.equal((await supervisor.outcome('slow')).outcome, 'succeeded');
});

void test('what cannot be done has its reason, and what can be is done beside it', async () => {
  await using supervisor = await occupied();
  const { root } = supervisor;
  await accepted(supervisor, { id: 'waits', run: 'true' });
  await root.booty('cancel', 'waits');
  await accepted(supervisor, { id: 'other', run: 'true' });
  const { status, stdout, stderr } = await root.booty('cancel', 'waits', 'other', 'nobody');
  assert.deepEqual([status, stdout], [1, 'other\n']);
  assert.match(stderr, /^booty: waits: it has ended already: cancelled$/m);
  assert.match(stderr, /^booty: no job "nobody"$/m);
  for (const [args, says] of [
    [['cancel', '--group', 'nothing'], /^booty: .*group.*nothing/],
    [['cancel', '--name', 'nothing'], /^booty: .*nothing/],
    [['priority', 'first', '5'], /^booty: first: /],
    [['hold', 'first'], /^booty: first: /],
  ] as const) {
    const refused = await root.booty(...args);
    assert.deepEqual([refused.status, refused.stdout], [1, ''], args.join(' '));
    assert.match(refused.stderr, says);
  }
});

void test('usage is told, without asking anybody', async () => {
  await using root = await Root.make();
  for (const args of [
    ['cancel'],
    ['cancel', 'a', '--group', 'b'],
    ['hold', '--name', 'a', '--group', 'b'],
    ['pause', '--kind', 'batch'],
    ['pause', '--kind', 'pipeline', '--group', 'b'],
    ['priority', 'a'],
    ['priority', 'a', 'high'],
    ['priority', 'a', '1001'],
    ['retry'],
  ]) {
    const { status, stdout } = await root.booty(...args);
    assert.deepEqual([status, stdout], [2, ''], args.join(' '));
  }
});

void test('where no supervisor runs, or none that takes commands, that is said, and how to start one', async () => {
  await using root = await Root.make();
  const none = await root.booty('pause');
  assert.equal(none.status, 69);
  assert.match(
    none.stderr,
    /^booty: no supervisor takes commands on .*booty\.sock\n {2}start one: systemctl start booty/,
  );
  await using supervisor = await SupervisorProcess.start(root);
  const elsewhere = await root.booty('pause', '--socket', root.in('elsewhere.sock'));
  assert.equal(elsewhere.status, 69);
  assert.match(elsewhere.stderr, new RegExp(`the supervisor \\(pid ${supervisor.pid}\\) takes no commands on`));
  const long = await root.booty('pause', '--socket', root.in('x'.repeat(200)));
  assert.equal(long.status, 69);
  assert.match(long.stderr, /too long for a socket: 107 bytes at most/);
});

void test(
  'whoever may not connect is told which group may; booty.yaml lets others in, from a reload on',
  rootOnly,
  async () => {
    await using supervisor = await SupervisorProcess.start();
    const { root } = supervisor;
    for (const directory of [root.path, root.in('run')]) chmodSync(directory, 0o755);
    const pause = () => finished([...asUser(nobody), program, 'pause', '--root', root.path]);
    const { status, stderr } = await pause();
    assert.equal(status, 1);
    assert.match(stderr, /^booty: this user may not connect to .*booty\.sock$/m);
    assert.match(stderr, /member of the group root: usermod -aG root USER/);
    await root.write('etc/booty.yaml', 'control: { mode: 0666 }\n');
    supervisor.signal('SIGHUP');
    await supervisor.line({ kind: 'supervisor.reloaded', changed: 'control' });
    assert.deepEqual(await pause(), { status: 0, stdout: 'paused: everything\n', stderr: '' });
    await supervisor.line({ kind: 'control.done', by: 'nobody (uid 65534)' });
  },
);

void test('a supervisor that cannot make its socket says so once, and runs jobs', async () => {
  await using root = await Root.make();
  await root.write('run', 'in the way');
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.line({ kind: 'trouble.began', where: 'control' });
  assert.equal((await supervisor.run({ id: 'a', run: 'true' })).outcome, 'succeeded');
  assert.equal(supervisor.linesOf({ kind: 'trouble.began' }).length, 1);
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
});

void test('it answers while it drains, and the socket goes with it', async () => {
  await using supervisor = await SupervisorProcess.start(one);
  const { root } = supervisor;
  await root.dropJob(patient(root, 'last'));
  await supervisor.line({ kind: 'attempt.started', id: 'last' });
  await accepted(supervisor, { id: 'waits', run: 'true' });
  supervisor.signal('SIGTERM');
  await supervisor.line({ kind: 'supervisor.draining' });
  assert.equal((await root.booty('cancel', 'waits')).status, 0);
  assert.equal((await root.booty('cancel', 'last')).status, 0);
  assert.deepEqual(await supervisor.exited, { status: 0, signal: null });
  for (const id of ['waits', 'last']) assert.equal(root.outcome(id)?.outcome, 'cancelled', id);
  assert.deepEqual(root.names('run'), []);
  assert.equal((await root.booty('pause')).status, 69);
});
