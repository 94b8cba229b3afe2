import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../src/disk/durable.ts';
import { shortageOfFiles, shortageOfSpawn } from '../../src/run/shortage.ts';
import { poll } from '../harness/waiting.ts';
import { exitsOf, RunningAttempt } from './attempts.ts';

const limited = spawnSync('prlimit', ['--pid', String(process.pid), '--nofile=256:']).status === 0;
const skip = !limited && 'SYSTEM: there is no prlimit (util-linux) to be short of descriptors with';

/** All descriptors that this process has left, but for so many. */
class Hoard implements Disposable {
  #files: number[] = [];

  constructor(left = 0) {
    try {
      for (;;) this.#files.push(openSync('/dev/null', 'r'));
    } catch (error) {
      if (errorCode(error) !== 'EMFILE') throw error;
    }
    this.#files.splice(0, left).forEach(closeSync);
  }

  [Symbol.dispose](): void {
    this.#files.splice(0).forEach(closeSync);
  }
}

const countFiles = (): number => readdirSync('/proc/self/fd').length;
/** Whether a process is there; asks for it without a descriptor. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
    return false;
  }
}

/** What the first attempt of a process loads shall not be missing later. */
async function warmUp(): Promise<void> {
  using running = new RunningAttempt('run: echo x >&2; exit 3');
  await running.result;
}

void test('however few descriptors are left, an attempt runs or gives its claim back, with nothing left of it', {
  skip,
}, async () => {
  await warmUp();
  const before = countFiles();
  const ends: string[] = [];
  for (let left = 0; left <= 12; left += 1) {
    const hoard = new Hoard(left);
    using running = new RunningAttempt('run: mkdir was-here');
    const end = await running.ran;
    hoard[Symbol.dispose]();
    ends.push(end.kind);
    assert.equal(countFiles(), before, `${left} left: none is lost`);
    assert.deepEqual([running.has('was-here'), running.pids.length], end.kind === 'ended' ? [true, 1] : [false, 0]);
    if (end.kind === 'short') assert.deepEqual([end.of, running.log], ['machine', '']);
    else assert.deepEqual([exitsOf(end), end.survivors], [['main code 0'], 0]);
  }
  assert.deepEqual([ends.at(0), ends.at(-1)], ['short', 'ended']);
  assert.deepEqual(ends, ends.toSorted().toReversed(), 'short up to a number, and not from there on');
});

/** An attempt whose first step has ended, and whose second cannot be started. */
async function startShort(rest = ''): Promise<{ readonly running: RunningAttempt; readonly hoard: Hoard }> {
  await warmUp();
  const first = 'echo one; while [ ! -e go ]; do sleep 0.01; done';
  const running = new RunningAttempt(`steps: [{ run: '${first}' }, { run: echo two; mkdir second }]\n${rest}`);
  await poll('the first line', () => (running.log === '' ? null : true));
  const hoard = new Hoard();
  // A directory is made without a descriptor.
  mkdirSync(join(running.place.workdir, 'go'));
  const [pid = 0] = running.pids;
  await poll('the end of the first step', () => (isThere(pid) ? null : true));
  return { running, hoard };
}

void test('a step that the machine cannot start yet is started later, and the steps before it are not run again', {
  skip,
}, async () => {
  const { running, hoard } = await startShort();
  await sleep(200);
  assert.deepEqual([running.pids.length, running.has('second')], [1, false]);
  hoard[Symbol.dispose]();
  const result = await running.result;
  assert.deepEqual(exitsOf(result), ['step-1 code 0', 'step-2 code 0']);
  assert.deepEqual([running.log, running.pids.length, result.survivors], ['one\ntwo\n', 2, 0]);
  assert.ok(result.durationMs >= 1000, 'it has waited');
  running[Symbol.dispose]();
});

void test('a stop is not held up by a step that the machine cannot start', { skip }, async () => {
  const { running, hoard } = await startShort();
  await sleep(1100); // It has tried once more, and would do so again after two seconds.
  const began = performance.now();
  running.attempt.cancel();
  const result = await running.result;
  const ms = performance.now() - began;
  hoard[Symbol.dispose]();
  assert.deepEqual(exitsOf(result), ['step-1 code 0', 'step-2 cancelled']);
  assert.deepEqual([running.log, running.pids.length, running.has('second')], ['one\n', 1, false]);
  assert.ok(ms < 1500, `it took ${ms} ms, no less than until the next try`);
  running[Symbol.dispose]();
});

void test('the time limit holds also while a step waits for the machine', { skip }, async () => {
  const { running, hoard } = await startShort('timeout: 1500ms');
  const result = await running.result;
  hoard[Symbol.dispose]();
  assert.deepEqual(exitsOf(result), ['step-1 code 0', 'step-2 timeout of the job']);
  assert.ok(result.durationMs < 2800, `it took ${result.durationMs} ms`);
  assert.equal(running.has('second'), false);
  running[Symbol.dispose]();
});

void test('a machine without processes, memory or descriptors is short; a job that asks for what is not there is wrong', () => {
  const kindOf = (code: string): string | null => shortageOfSpawn({ code, message: 'x' })?.of ?? null;
  for (const code of ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']) assert.equal(kindOf(code), 'machine', code);
  for (const code of ['ENOENT', 'EACCES', 'ENOEXEC', 'E2BIG', 'EPERM']) assert.equal(kindOf(code), null, code);
});

void test('a disk that is full, broken or read-only is short too; a directory that is in the way is wrong', () => {
  const kindOf = (code: string): string | null => shortageOfFiles(Object.assign(new Error('x'), { code }))?.of ?? null;
  for (const code of ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']) assert.equal(kindOf(code), 'jobs', code);
  for (const code of ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']) assert.equal(kindOf(code), 'machine', code);
  for (const code of ['ENOTDIR', 'EACCES', 'EEXIST']) assert.equal(kindOf(code), null, code);
  for (const error of [new Error('x'), 'ENOSPC', null]) assert.equal(shortageOfFiles(error), null);
});
