import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noLimits } from '../../src/job/limits.ts';
import { bytes } from '../../src/job/units.ts';
import { AttemptUnits } from '../../src/run/attempt-units.ts';
import { exitOfUnit, parseUnitRecord, usageOfUnit } from '../../src/run/unit-record.ts';
import { idOf } from '../schedule/jobs.ts';
import { exitsOf, RunningAttempt } from './attempts.ts';

const hook = join(import.meta.dirname, '../../src/run/unit-hook.sh');
const all = new Set(['cpu', 'memory', 'pids', 'io'] as const);
const own = { started: true, refused: null, limits: noLimits, controllers: all };
const record = (...lines: readonly string[]) => parseUnitRecord(['begun', ...lines, 'whole', ''].join('\n'));

void test('how a unit ended is told as for any other child', () => {
  assert.deepEqual(exitOfUnit(record('exit exited 3'), own), { kind: 'code', code: 3 });
  assert.deepEqual(exitOfUnit(record('exit killed SEGV'), own), { kind: 'signal', signal: 'SIGSEGV' });
  assert.deepEqual(exitOfUnit(record('exit dumped ABRT'), own), {
    kind: 'signal',
    signal: 'SIGABRT',
    coreDumped: true,
  });
  const killed = ['exit killed KILL', 'memory.events oom 1', 'memory.events oom_kill 2'];
  const limits = { ...noLimits, memoryBytes: bytes(1024) };
  assert.deepEqual(exitOfUnit(record(...killed), { ...own, limits }), { kind: 'oom', limitBytes: 1024 });
  assert.deepEqual(exitOfUnit(record('exit exited 2', 'pids.events max 1'), own).kind, 'limit');
});

void test('what systemd itself exits with is no exit of the job, and that of a job no failure of systemd', () => {
  assert.deepEqual(exitOfUnit(record('exit exited 226'), own), { kind: 'code', code: 226 });
  const { kind, ...rest } = exitOfUnit(record('exit exited 226'), { ...own, started: false });
  assert.equal(kind, 'spawn');
  assert.match(JSON.stringify(rest), /226\/NAMESPACE/);
  assert.equal(exitOfUnit(record('exit exited 125'), { ...own, refused: 'program' }).kind, 'spawn');
});

void test('a unit that was never started is a shortage of the machine; one whose end nobody told is lost', () => {
  for (const text of ['', 'exit none none\nwhole\n']) {
    const exit = exitOfUnit(parseUnitRecord(text), own);
    assert.equal(exit.kind === 'spawn' && exit.code, 'EAGAIN');
  }
  assert.equal(exitOfUnit(parseUnitRecord('begun\n'), own).kind, 'lost');
});

void test('the bill of a unit is read from what its cgroup said at the end', () => {
  const lines = [
    'cpu.stat user_usec 2000',
    'cpu.stat system_usec 1000',
    'memory.peak 4096',
    'io.stat 8:0 rbytes=5 wbytes=7',
  ];
  assert.deepEqual(usageOfUnit(record('exit exited 0', ...lines), all), {
    cpuUserMs: 2,
    cpuSystemMs: 1,
    peakMemoryBytes: null,
    treeMemoryBytes: 4096,
    readBytes: 5,
    writtenBytes: 7,
  });
});

void test('a unit whose attempt was given up does not start any more', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-units-'));
  const [files, slice] = ['units', 'slice'].map((name) => join(directory.path, name)) as [string, string];
  mkdirSync(files);
  const host = { files, slice, name: 'booty', controllers: all, state: directory.path, closed: [], supervisor: null };
  const units = new AttemptUnits(host, idOf('a.b'), 1);
  const begin = (name: string): number | null => {
    const work = join(directory.path, 'job/work');
    mkdirSync(work, { recursive: true });
    writeFileSync(join(directory.path, 'job/1.log'), '', { mode: 0o640 });
    writeFileSync(join(directory.path, 'job/needs.json'), '', { mode: 0o600 });
    const env = { ...process.env, RUNTIME_DIRECTORY: files };
    return spawnSync('sh', [hook, 'begin', join(files, name), join(work, '..'), work], { env }).status;
  };
  for (const name of [units.nameOf(0), 'booty:a.b:11:0.service', 'booty:a.b::verify:1:0.service'])
    writeFileSync(join(files, name), '');
  assert.equal(begin(units.nameOf(0)), 0);
  assert.equal(readFileSync(join(files, units.nameOf(0)), 'utf8'), 'begun\n');
  assert.equal(statSync(join(directory.path, 'job')).mode & 0o7777, 0o1771);
  await units.end();
  assert.notEqual(begin(units.nameOf(0)), 0);
  assert.equal(begin('booty:a.b:11:0.service'), 0, 'that of another attempt does');
  assert.deepEqual(readdirSync(files).length, 2, 'nor is that of another job touched');
  const end = ['end', join(files, units.nameOf(0)), join(directory.path, 'job'), String(process.getegid?.()), slice];
  execFileSync('sh', [hook, ...end]);
  assert.equal(statSync(join(directory.path, 'job')).mode & 0o7777, 0o750, 'its directory is as before all the same');
  assert.deepEqual(readdirSync(files).length, 2, 'who was given up says nothing any more');
  const told = join(files, 'booty:a.b:11:0.service');
  execFileSync('sh', [hook, 'end', told, '/no/such/directory', '0', slice], { stdio: 'ignore' });
  assert.match(readFileSync(told, 'utf8'), /^exit none none\nwhole$/m, 'an end is told, whatever else fails');
});

void test('a job that was accepted as a unit never runs without one', async () => {
  using running = new RunningAttempt('isolation: unit\nrun: touch ran\n');
  assert.deepEqual(exitsOf(await running.result), ['main spawn ENOTSUP']);
  assert.equal(running.has('ran'), false);
});

void test('the units of another supervisor are never touched, though its jobs have the same ids', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-units-'));
  const [files, slice] = ['units', 'slice'].map((name) => join(directory.path, name)) as [string, string];
  mkdirSync(files);
  const host = { files, slice, controllers: all, state: directory.path, closed: [], supervisor: null };
  const [own, other] = ['booty', 'booty2'].map((name) => new AttemptUnits({ ...host, name }, idOf('same'), 1));
  for (const units of [own, other]) writeFileSync(join(files, units?.nameOf(0) ?? ''), '');
  await own?.end();
  assert.deepEqual(readdirSync(files), [other?.nameOf(0)]);
});
