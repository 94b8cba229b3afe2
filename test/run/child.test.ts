import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempDisposableSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../src/run/child.ts';
import { lives } from './attempts.ts';
import { childOf, sh } from './children.ts';

const limits = { timeout: 15_000 };
const env = { PATH: '/usr/bin:/bin' };
const runChild = fileURLToPath(new URL('../children/run-child.ts', import.meta.url));

void test('the exit and the output of a child are its own', limits, async () => {
  const { exit, stdout, stderr } = await sh('echo out; echo err >&2');
  assert.deepEqual([exit, stdout, stderr], [{ kind: 'code', code: 0 }, 'out\n', 'err\n']);
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
  assert.deepEqual(open, ['0', '1', '2']);
});

void test('what whoever started us left open for everybody does not reach a child', limits, () => {
  const numbers = (...program: readonly string[]): string[] => {
    // Node.js closes those that follow upon each other on exec; behind a gap it does not look.
    const file = openSync('/etc/passwd', 'r');
    const stdio = Array.from({ length: 41 }, (_, fd) => (fd === 1 ? 'pipe' : fd === 40 ? file : 'ignore'));
    const options = { stdio, encoding: 'utf8' } as const;
    const { stdout } = spawnSync(process.execPath, [...program, 'sh', '-c', 'ls /proc/$$/fd'], options);
    closeSync(file);
    return stdout.split('\n').filter((line) => /^\d+$/.test(line));
  };
  assert.deepEqual(numbers(runChild), ['0', '1', '2']);
  const plain = `require('child_process').spawnSync(process.argv[1], process.argv.slice(2), { stdio: 'inherit' })`;
  assert.ok(numbers('-e', plain).includes('40'), 'it would reach a child of anybody else');
});

void test('every signal is at its default in a child, and none is blocked, whoever started us', limits, () => {
  const spoil = `$SIG{$_} = 'IGNORE' for qw(HUP INT QUIT PIPE USR1 NUM40 NUM63 CHLD);
    sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM, SIGUSR2, SIGCHLD, 41)); exec @ARGV`;
  // Node.js itself keeps SIGUSR1 blocked where it is not to wait for a debugger, as bin/booty starts it.
  const program = [process.execPath, '--disable-sigusr1', runChild, 'cat', '/proc/self/status'];
  const { stdout } = spawnSync('perl', ['-MPOSIX', '-e', spoil, ...program], { encoding: 'utf8' });
  const none = '0'.repeat(16);
  assert.deepEqual(
    stdout.split('\n').filter((line) => /^Sig(Blk|Ign|Cgt)/.test(line)),
    [`SigBlk:\t${none}`, `SigIgn:\t${none}`, `SigCgt:\t${none}`],
  );
  assert.match(stdout, /\{"kind":"code","code":0\}\n$/, 'its end is learned of, though SIGCHLD was ignored');
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
    { argv: ['true', 'a\0b'], code: 'ERR_INVALID_ARG_VALUE', message: /^true: a NUL in an argument or a variable/ },
  ];
  for (const { argv, cwd = '/', code, message } of failures) {
    const started = await startChild({ argv, cwd, env }, () => undefined);
    assert.ok(started.kind === 'spawn', `${argv[0].slice(0, 80)} was started`);
    assert.equal(started.code, code);
    assert.match(started.message, message);
  }
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
  assert.deepEqual((await child.exited).exit, { kind: 'signal', signal: 'SIGKILL' });
  assert.equal(lives(child.pid), false);
});
