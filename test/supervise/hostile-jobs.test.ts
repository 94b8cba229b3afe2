import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { asUser, giveTo, nobody, rootOnly } from './another-user.ts';

/** Of both user and system time (proc(5), stat, fields 14 and 15): a hundredth of a second each. */
const cpuTicksOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
};

void test('a job that leaves a read-only directory behind costs nobody else anything', async () => {
  await using root = await Root.make();
  giveTo(root, nobody);
  await using supervisor = await SupervisorProcess.start(root, { wrapper: asUser(nobody) });
  // As Go's module cache does.
  await supervisor.drop('cache.yaml', 'id: cache\nrun: mkdir cache; touch cache/module; chmod 555 cache\n');
  assert.equal((await supervisor.outcome('cache')).outcome, 'succeeded');
  await supervisor.drop('good.yaml', 'id: good\nrun: "true"\n');
  assert.equal((await supervisor.outcome('good')).outcome, 'succeeded');
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
});

void test('a flood of output leaves memory flat, and the log at its limit', async () => {
  await using supervisor = await SupervisorProcess.start();
  const peak = (): number =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${supervisor.pid}/status`, 'utf8'))?.[1]) / 1024;
  await supervisor.drop('warm.yaml', 'id: warm\nlimits: { output: 1M }\nrun: head -c 5000000 /dev/zero\n');
  await supervisor.outcome('warm');
  const before = peak();
  // What is last must be of one stream: two pipes have no order between them.
  const flood = 'head -c 1000 /dev/urandom >&2; head -c 100000000 /dev/zero; printf end';
  await supervisor.drop('flood.yaml', `id: flood\nlimits: { output: 1M }\nrun: ${flood}\n`);
  assert.equal((await supervisor.outcome('flood')).outcome, 'succeeded');
  assert.ok(peak() - before < 64, `${before} MiB before, ${peak()} MiB at the peak`);
  const log = readFileSync(supervisor.root.in('lib/jobs/flood/1.log'));
  assert.ok(log.length < 1024 ** 2 + 200);
  assert.equal(log.subarray(-3).toString(), 'end');
});

void test('a small output limit is kept too', async () => {
  await using supervisor = await SupervisorProcess.start();
  await supervisor.drop('small.yaml', 'id: small\nlimits: { output: 1K }\nrun: head -c 1000000 /dev/zero\n');
  await supervisor.outcome('small');
  assert.ok(statSync(supervisor.root.in('lib/jobs/small/1.log')).size <= 1024 + 200);
});

void test('output goes where programs expect it, also by its path, closed, and without a line end', async () => {
  await using supervisor = await SupervisorProcess.start();
  const line = 'echo one > /dev/stderr; echo two > /dev/stdout; sleep 0.1; printf three; exec >&- 2>&-; sleep 0.1';
  await supervisor.drop('streams.yaml', `id: streams\nrun: ${line}\n`);
  assert.equal((await supervisor.outcome('streams')).outcome, 'succeeded');
  assert.deepEqual((await supervisor.root.booty('logs', 'streams')).stdout.split(/\n/).sort(), ['one', 'three', 'two']);
});

void test('a job that leaves a background process behind ends at once, and the process with it', async () => {
  await using supervisor = await SupervisorProcess.start();
  const late = supervisor.root.in('late');
  await supervisor.drop('background.yaml', `id: background\nrun: (sleep 1; echo late > ${late}) & echo early\n`);
  const outcome = await supervisor.outcome('background');
  assert.ok((outcome.durationMs ?? Number.NaN) < 1000);
  assert.equal((await supervisor.root.booty('logs', 'background')).stdout, 'early\n');
});

void test('programs that are missing or not executable are crashes with the cause spawn', async () => {
  await using supervisor = await SupervisorProcess.start();
  await supervisor.drop('missing.yaml', 'id: missing\ncommand: [/nonexistent/program]\n');
  await supervisor.drop('plain.yaml', 'id: plain\ncommand: [/etc/passwd]\n');
  for (const id of ['missing', 'plain']) {
    const outcome = await supervisor.outcome(id);
    assert.deepEqual([outcome.outcome, outcome.cause], ['crashed', 'spawn']);
  }
});

void test('while the machine has no descriptors to spare, a job waits without being tried in a frenzy', async () => {
  await using supervisor = await SupervisorProcess.start({ config: 'concurrency: { pipeline: 1 }\n' });
  const limit = (files: number): unknown =>
    execFileSync('prlimit', ['--pid', String(supervisor.pid), `--nofile=${files}:1024`]);
  await supervisor.drop('first.yaml', 'id: first\nrun: sleep 1\n');
  await supervisor.line({ kind: 'attempt.started', id: 'first' });
  await supervisor.drop('job.yaml', 'id: job\nrun: "true"\n');
  await supervisor.line({ kind: 'job.accepted', id: 'job' });
  // The first three are taken, so that one that is asked for exceeds the limit.
  limit(3);
  await supervisor.line({ kind: 'trouble.began', where: 'machine' });
  const before = cpuTicksOf(supervisor.pid);
  await sleep(2000);
  assert.ok(cpuTicksOf(supervisor.pid) - before < 50, 'it is busy with trying');
  limit(1000);
  assert.equal((await supervisor.outcome('job')).attempt, 1);
  await supervisor.line({ kind: 'trouble.ended', where: 'machine' });
  assert.equal(supervisor.linesOf({ kind: 'trouble.began', where: 'machine' }).length, 1);
  assert.equal(supervisor.linesOf({ kind: 'attempt.started', id: 'job' }).length, 1);
});

void test('a file from the far future is a job like others', {
  skip: !statSync('/dev/shm', { throwIfNoEntry: false }) && 'no tmpfs here',
}, async () => {
  // Few file systems keep such times; tmpfs does.
  const place = `/dev/shm/booty-test-${process.pid}`;
  mkdirSync(place);
  try {
    await using supervisor = await SupervisorProcess.start({}, { args: ['--spool-dir', place] });
    writeFileSync(`${place}/incoming/.future`, 'id: future\nrun: "true"\n');
    execFileSync('touch', ['-d', '@9999999999999', `${place}/incoming/.future`]);
    execFileSync('mv', [`${place}/incoming/.future`, `${place}/incoming/future.yaml`]);
    await poll('its outcome', () => statSync(`${place}/outcomes/future.json`, { throwIfNoEntry: false }) ?? null, {
      timeoutMs: 5000,
    });
    assert.equal((await supervisor.root.booty('list')).status, 0);
  } finally {
    rmSync(place, { recursive: true });
  }
});

void test('a spool whose directories were taken away goes on when they are back', async () => {
  await using supervisor = await SupervisorProcess.start({ config: 'spool: { scanInterval: 200ms }\n' });
  const { root } = supervisor;
  rmSync(root.in('spool'), { recursive: true });
  await supervisor.line({ kind: 'trouble.began' });
  mkdirSync(root.in('spool/incoming'), { recursive: true });
  chmodSync(root.in('spool/incoming'), 0o770);
  await supervisor.drop('good.yaml', 'id: good\nrun: "true"\n');
  await supervisor.outcome('good', 5000);
});

void test('a link in an incoming directory that is a mount of its own is not followed', rootOnly, async () => {
  await using root = await Root.make({ config: 'spool: { scanInterval: 200ms }\n' });
  mkdirSync(root.in('spool/incoming'), { recursive: true });
  await root.write('secret', 'secret\n');
  const setUp =
    'mount -t tmpfs none "$0/spool/incoming" && ln -s "$0/secret" "$0/spool/incoming/link.yaml" && mkfifo "$0/spool/incoming/fifo.yaml" && exec "$@"';
  await using supervisor = await SupervisorProcess.start(root, {
    wrapper: ['unshare', '-m', 'sh', '-c', setUp, root.path],
  });
  await supervisor.line({ kind: 'job.refused', file: 'link.yaml' }, 5000);
  await supervisor.line({ kind: 'job.refused', file: 'fifo.yaml' }, 5000);
  assert.ok(
    lstatSync(root.in('spool/rejected/link.yaml')).isSymbolicLink(),
    'the target’s content is not in rejected/',
  );
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
});

void test('a journal that is read late has every line in the end', async () => {
  // The reader of standard output sleeps first, while more is written than a pipe holds.
  const wrapper = ['bash', '-c', 'exec "$@" > >(sleep 3; exec cat)', 'bash'] as const;
  await using root = await Root.make();
  await (await SupervisorProcess.start(root)).stop();
  const count = 300;
  for (let number = 0; number < count; number += 1)
    await root.drop(`${number}.yaml`, `id: job-${number}\nrun: "true"\n`);
  await using supervisor = await SupervisorProcess.start(root, { wrapper });
  for (let number = 0; number < count; number += 1) await supervisor.outcome(`job-${number}`);
  await supervisor.stop();
  assert.equal(supervisor.linesOf({ kind: 'job.ended' }).length, count);
});
