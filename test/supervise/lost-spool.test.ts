import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { asUser, giveTo, nobody, rootOnly } from './another-user.ts';

/** So long that only notification brings a file in time. */
const slowScans = 'spool: { scanInterval: 1h }\n';
const fastScans = 'spool: { scanInterval: 200ms }\n';
const job = (id: string): string => `id: ${id}\nrun: "true"\n`;

void test('a spool that is replaced by another is watched again', async () => {
  await using supervisor = await SupervisorProcess.start({ config: fastScans });
  const { root } = supervisor;
  renameSync(root.in('spool/incoming'), root.in('spool/old'));
  await supervisor.line({ kind: 'trouble.began', where: 'spool' });
  mkdirSync(root.in('spool/incoming'));
  await supervisor.line({ kind: 'trouble.ended', where: 'spool' });
  await root.write('etc/booty.yaml', slowScans);
  supervisor.signal('SIGHUP');
  await supervisor.line({ kind: 'supervisor.reloaded' });
  await sleep(300);
  await supervisor.drop('a.yaml', job('a'));
  assert.equal((await supervisor.outcome('a', 5000)).outcome, 'succeeded');
  assert.equal(supervisor.linesOf({ kind: 'trouble.began' }).length, 1);
});

void test('a file that was taken and not decided about when the spool went is run when it is back', async () => {
  await using root = await Root.make({ config: fastScans });
  await using supervisor = await SupervisorProcess.start(root);
  renameSync(root.in('spool'), root.in('away'));
  await supervisor.line({ kind: 'trouble.began', where: 'spool' });
  writeFileSync(root.in('away/incoming/late.yaml'), job('late'));
  renameSync(root.in('away'), root.in('spool'));
  assert.equal((await supervisor.outcome('late', 5000)).outcome, 'succeeded');
});

void test(
  'a spool whose permissions were taken away is told once, and goes on when they are back',
  rootOnly,
  async () => {
    await using root = await Root.make({ config: fastScans });
    giveTo(root, nobody);
    await using supervisor = await SupervisorProcess.start(root, {
      wrapper: asUser(nobody),
    });
    chmodSync(root.in('spool/incoming'), 0);
    await supervisor.line({ kind: 'trouble.began', where: 'spool' });
    await sleep(1000);
    chmodSync(root.in('spool/incoming'), 0o770);
    await supervisor.drop('a.yaml', job('a'));
    assert.equal((await supervisor.outcome('a', 5000)).outcome, 'succeeded');
    assert.deepEqual(
      supervisor.linesOf({ kind: 'trouble.began' }).map(({ fields }) => fields.where),
      ['spool'],
    );
  },
);

void test('without a watch to be had, files are found by looking, and it is told once', async () => {
  await using supervisor = await SupervisorProcess.start(
    { config: fastScans },
    { wrapper: ['unshare', '-Ur', 'sh', '-c', 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"', 'sh'] },
  );
  await supervisor.line({ kind: 'trouble.began', where: 'watch' });
  await supervisor.drop('a.yaml', job('a'));
  assert.equal((await supervisor.outcome('a', 5000)).outcome, 'succeeded');
  await sleep(1000);
  assert.equal(supervisor.linesOf({ kind: 'trouble.began' }).length, 1);
});

void test('a ledger that is taken away stops intake until it is back', async () => {
  await using supervisor = await SupervisorProcess.start({ config: fastScans });
  const { root } = supervisor;
  const names = ['ledger.db', 'ledger.db-wal', 'ledger.db-shm'];
  for (const name of names) renameSync(root.in('lib', name), root.in(name));
  await supervisor.line({ kind: 'trouble.began', where: 'state' });
  await supervisor.drop('a.yaml', job('a'));
  await sleep(600);
  assert.deepEqual(supervisor.linesOf({ kind: 'job.accepted' }), []);
  for (const name of names) renameSync(root.in(name), root.in('lib', name));
  assert.equal((await supervisor.outcome('a', 15_000)).outcome, 'succeeded');
});

void test('outcome files are made again when their directory is back', async () => {
  await using supervisor = await SupervisorProcess.start({ config: fastScans });
  const { root } = supervisor;
  rmSync(root.in('spool/outcomes'), { recursive: true });
  writeFileSync(root.in('spool/outcomes'), 'a file in its place');
  await supervisor.drop('a.yaml', job('a'));
  await supervisor.line({ kind: 'trouble.began', where: 'outcomes' });
  rmSync(root.in('spool/outcomes'));
  mkdirSync(root.in('spool/outcomes'));
  assert.equal((await supervisor.outcome('a', 15_000)).outcome, 'succeeded');
  await supervisor.line({ kind: 'trouble.ended', where: 'outcomes' });
});
