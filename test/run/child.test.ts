import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempDisposableSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Child, type Started, startChild } from '../../src/run/child.ts';
import { lives } from './attempts.ts';

const limits = { timeout: 15_000 };
const env = { PATH: '/usr/bin:/bin' };

interface Ended {
  readonly exit: Awaited<Child['exited']>;
  readonly stdout: string;
  readonly stderr: string;
}

function childOf(started: Started): Child {
  assert.ok(started.kind === 'child', JSON.stringify(started));
  return started;
}

async function run(...argv: readonly [string, ...string[]]): Promise<Ended> {
  const output = { stdout: '', stderr: '' };
  const child = childOf(
    await startChild({ argv, cwd: '/', env }, (stream, chunk) => (output[stream] += chunk.toString('latin1'))),
  );
  const exit = await child.exited;
  await child.drained;
  return { exit, ...output };
}

const sh = (line: string): Promise<Ended> => run('sh', '-c', line);

void test('the exit and the output of a child are its own', limits, async () => {
  assert.deepEqual(await sh('echo out; echo err >&2'), {
    exit: { kind: 'code', code: 0 },
    stdout: 'out\n',
    stderr: 'err\n',
  });
  for (const code of [0, 1, 3, 126, 127, 255])
    assert.deepEqual((await sh(`exit ${code}`)).exit, { kind: 'code', code });
  assert.deepEqual((await sh('kill -KILL $$')).exit, { kind: 'signal', signal: 'SIGKILL' });
});

void test('a child leads a session of its own and holds nothing of ours open', limits, async () => {
  const { stdout } = await sh('cat /proc/$$/stat; readlink /proc/$$/fd/1; ls /proc/$$/fd');
  const [stat = '', output, ...open] = stdout.trimEnd().split('\n');
  const [pid, , , , group, session] = stat.split(' ');
  assert.deepEqual([group, session], [pid, pid]);
  assert.match(output ?? '', /^pipe:/);
  // Whoever started these tests may have left something open for everybody.
  const inherited = spawnSync('sh', ['-c', 'ls /proc/$$/fd'], { encoding: 'utf8' }).stdout.trimEnd().split('\n');
  assert.deepEqual(open, inherited);
});

void test('a child can open its own standard error, and write to it', limits, async () => {
  for (const line of ['echo x > /dev/stderr', 'echo x > /proc/self/fd/2', 'echo x | tee /dev/stderr >/dev/null']) {
    const { exit, stderr } = await sh(line);
    assert.deepEqual([exit, stderr], [{ kind: 'code', code: 0 }, 'x\n'], line);
  }
});

void test('no byte of much output is lost', limits, async () => {
  const { stdout, stderr } = await sh('seq 1 200000 & yes | head -c 3000000 >&2; wait');
  assert.equal(stdout, Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join(''));
  assert.equal(stderr.length, 3_000_000);
});

void test('what a child prints last is read, though it is dead by then', limits, async () => {
  for (let tries = 0; tries < 20; tries += 1) assert.equal((await sh('printf last >&2; kill -9 $$')).stderr, 'last');
});

void test('a child that holds its output open through another is let go of', limits, async () => {
  const child = childOf(await startChild({ argv: ['sh', '-c', 'sleep 30 & echo $!'], cwd: '/', env }, () => undefined));
  await child.exited;
  child.abandonOutput();
  await child.drained;
  process.kill(-child.pid, 'SIGKILL');
});

interface Failure {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly code: string;
  readonly message: RegExp;
}

void test('a child that cannot be started is told with the system’s code and in words', limits, async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-child-'));
  const inDirectory = (name: string, content: string, mode: number): string => {
    const path = join(directory.path, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  const failures: readonly Failure[] = [
    { argv: ['no-such-program'], code: 'ENOENT', message: /^no-such-program: no such program \(ENOENT\)$/ },
    { argv: ['./relative'], code: 'ENOENT', message: /no such program/ },
    {
      argv: ['true'],
      cwd: '/no/such',
      code: 'ENOENT',
      message: /^its working directory \/no\/such does not exist \(ENOENT\)$/,
    },
    { argv: [inDirectory('plain', '#!/bin/sh\n', 0o644)], code: 'EACCES', message: /not executable by this user/ },
    {
      argv: [inDirectory('lost', '#!/no/such\n', 0o755)],
      code: 'ENOENT',
      message: /^the interpreter in the first line of .*lost does not exist/,
    },
    {
      argv: [inDirectory('windows', '#!/bin/sh\r\n', 0o755)],
      code: 'ENOENT',
      message: /^the interpreter in the first line/,
    },
    { argv: [inDirectory('below', '', 0o755).concat('/x')], code: 'ENOTDIR', message: /ENOTDIR/ },
    { argv: ['true', 'x'.repeat(200_000)], code: 'E2BIG', message: /too long together \(E2BIG\)$/ },
    { argv: ['n'.repeat(5000)], code: 'ENAMETOOLONG', message: /^n{200}: ENAMETOOLONG$/ },
    { argv: ['true', 'a\0b'], code: 'ERR_INVALID_ARG_VALUE', message: /./ },
  ];
  for (const { argv, cwd = '/', code, message } of failures) {
    const started = await startChild({ argv, cwd, env }, () => undefined);
    assert.ok(started.kind === 'spawn', `${argv[0].slice(0, 80)} was started`);
    assert.equal(started.code, code);
    assert.match(started.message, message);
  }
});

void test('an executable text without #! is run by a shell, as execvp does', limits, async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-child-'));
  const path = join(directory.path, 'text');
  writeFileSync(path, 'echo from a shell\n', { mode: 0o755 });
  assert.equal((await run(path)).stdout, 'from a shell\n');
});

void test('failed starts leave no descriptor open', limits, async () => {
  const count = (): number => Array.from({ length: 256 }, (_, fd) => fd).filter((fd) => isOpen(fd)).length;
  await startChild({ argv: ['nope'], cwd: '/', env }, () => undefined);
  const before = count();
  for (const argv of [['nope'], ['true', 'x'.repeat(200_000)], ['/etc']] as const)
    for (let tries = 0; tries < 20; tries += 1) await startChild({ argv, cwd: '/', env }, () => undefined);
  for (let tries = 0; tries < 20; tries += 1) await sh('true');
  assert.equal(count(), before);
});

function isOpen(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) !== '';
  } catch {
    return false;
  }
}

void test('a child is alive when its pid is told', limits, async () => {
  const child = childOf(await startChild({ argv: ['sleep', '30'], cwd: '/', env }, () => undefined));
  assert.equal(lives(child.pid), true);
  process.kill(child.pid, 'SIGKILL');
  assert.deepEqual(await child.exited, { kind: 'signal', signal: 'SIGKILL' });
  assert.equal(lives(child.pid), false);
});
