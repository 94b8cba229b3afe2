import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'node:test';
import type { Exit } from '../../src/job/exit.ts';
import { waitFor } from '../../src/native/wait.ts';
import { startChild } from '../../src/run/child.ts';
import { hasOrphans } from '../../src/run/orphans.ts';
import { exitOfStatus } from '../../src/run/status.ts';
import { poll } from '../harness/waiting.ts';
import { childOf, run, sh } from './children.ts';

const limits = { timeout: 120_000 };
const env = { PATH: '/usr/bin:/bin' };
const code = (number: number): Exit => ({ kind: 'code', code: number });
const start = async (...argv: [string, ...string[]]) =>
  childOf(await startChild({ argv, cwd: '/', env }, () => undefined));

const openFiles = (): number => readdirSync('/proc/self/fd').length;
const childPids = (): string[] =>
  readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'latin1').split(' ').filter(Boolean),
  );

/** Without a turn of the loop, so that nobody reaps them. */
function waitUntilDead(pids: readonly number[]): void {
  const until = performance.now() + 5000;
  while (pids.some((pid) => !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))))
    assert.ok(performance.now() < until, 'they do not end');
}

void test(
  'of 2,000 short children, two at a time, none is missed, left as a zombie or costs a descriptor',
  limits,
  async () => {
    await run(['/bin/true']);
    const before = openFiles();
    const lane = async (wanted: 0 | 1): Promise<void> => {
      for (let count = 0; count < 1000; count += 1) {
        const child = await start(wanted === 0 ? '/bin/true' : '/bin/false');
        assert.deepEqual((await child.exited).exit, code(wanted));
        await child.drained;
      }
    };
    await Promise.all([lane(0), lane(1)]);
    await poll('closed pipes', () => openFiles() === before || null, { timeoutMs: 2000 });
    assert.deepEqual(childPids(), []);
  },
);

void test('children that end all at once are told apart', limits, async () => {
  await run(['/bin/true']);
  const before = openFiles();
  for (let round = 0; round < 5; round += 1) {
    const children = await Promise.all(
      Array.from({ length: 64 }, (_, number) => start('/bin/sh', '-c', `sleep 0.5; exit ${number}`)),
    );
    // Every one is dead before the first is looked at.
    waitUntilDead(children.map(({ pid }) => pid));
    const ends = await Promise.all(children.map(({ exited }) => exited));
    assert.deepEqual(
      ends.map(({ exit }) => exit),
      children.map((_, number) => code(number)),
    );
    await Promise.all(children.map(({ drained }) => drained));
  }
  await poll('closed pipes', () => openFiles() === before || null, { timeoutMs: 2000 });
  assert.deepEqual(childPids(), []);
});

void test(
  'children that ended while we stood still are all learned of at once, by the signal that is left of theirs',
  limits,
  async () => {
    // One of them lets us go on when the others are dead.
    const program = `
    const { startChild } = await import(${JSON.stringify(new URL('../../src/run/child.ts', import.meta.url).href)});
    const start = (line) => startChild({ argv: ['sh', '-c', line], cwd: '/', env: process.env }, () => {});
    const children = await Promise.all(Array.from({ length: 20 }, (_, number) => start('sleep 1; exit ' + number)));
    const exits = [...children, await start('sleep 2; kill -CONT $PPID; exit 20')].map((child) => child.exited);
    process.kill(process.pid, 'SIGSTOP');
    const began = performance.now();
    const codes = (await Promise.all(exits)).map(({ exit }) => exit.code);
    console.log(JSON.stringify([codes, performance.now() - began]));`;
    const { stdout } = await run([process.execPath, '--input-type=module', '-e', program]);
    const [codes, ms] = JSON.parse(stdout) as [number[], number];
    assert.deepEqual(
      codes,
      Array.from({ length: 21 }, (_, number) => number),
    );
    assert.ok(ms < 5000, `${ms} ms`);
  },
);

void test('an end is learned of also where its signal never comes', limits, async () => {
  const listeners = process.listeners('SIGCHLD');
  process.removeAllListeners('SIGCHLD');
  try {
    const began = performance.now();
    assert.deepEqual((await (await start('/bin/sh', '-c', 'sleep 0.1')).exited).exit, code(0));
    assert.ok(performance.now() - began < 3000);
  } finally {
    for (const listener of listeners) process.on('SIGCHLD', listener);
  }
});

void test('children that somebody else has started are left to them', { timeout: 10_000 }, async () => {
  await run(['/bin/true']);
  const others = Array.from({ length: 20 }, (_, number) => spawn('/bin/sh', ['-c', `exit ${number}`]));
  const exits = others.map((child) => once(child, 'exit'));
  // They are dead, and Node.js does not know it yet.
  waitUntilDead(others.map(({ pid = 0 }) => pid));
  hasOrphans();
  for (let count = 0; count < 5; count += 1) assert.deepEqual((await sh(`exit ${count}`)).exit, code(count));
  for (const [number, exit] of exits.entries()) assert.deepEqual(await exit, [number, null]);
});

void test('a child that somebody else has reaped is lost, and not waited for for ever', limits, async () => {
  const child = await start('/bin/sh', '-c', 'sleep 0.1');
  // Without giving way: the reaper would be told of its end, and come first.
  const giveUpAt = performance.now() + 10_000;
  while (waitFor(child.pid).kind === 'alive') assert.ok(performance.now() < giveUpAt, 'it does not end');
  const { exit, usage } = await child.exited;
  assert.deepEqual([exit.kind, usage], ['lost', null]);
});

void test('a process that waits for a child stays alive for it, though nothing else goes on', limits, async () => {
  // Its output is closed, so that no pipe keeps anybody alive either.
  const program = `
    const { startChild } = await import(${JSON.stringify(new URL('../../src/run/child.ts', import.meta.url).href)});
    const child = await startChild({ argv: ['sh', '-c', 'exec >&- 2>&-; sleep 0.3; exit 7'], cwd: '/', env: process.env }, () => {});
    child.exited.then(({ exit }) => console.log(exit.code));`;
  const { stdout } = await run([process.execPath, '--input-type=module', '-e', program]);
  assert.equal(stdout, '7\n');
});

void test('every signal that a child can die of has its usual name', limits, async () => {
  const deathBy = async (number: number): Promise<string> => {
    const { exit } = await sh(`ulimit -c 0; kill -${number} $$; sleep 5`);
    return exit.kind === 'signal' ? exit.signal : JSON.stringify(exit);
  };
  const { SIGHUP, SIGABRT, SIGKILL, SIGSEGV, SIGTERM, SIGXCPU, SIGIO, SIGSYS } = constants.signals;
  for (const [number, name] of [
    [SIGHUP, 'SIGHUP'],
    [SIGABRT, 'SIGABRT'],
    [SIGKILL, 'SIGKILL'],
    [SIGSEGV, 'SIGSEGV'],
    [SIGTERM, 'SIGTERM'],
    [SIGXCPU, 'SIGXCPU'],
    [SIGIO, 'SIGIO'],
    [SIGSYS, 'SIGSYS'],
    [34, 'SIGRTMIN'],
    [37, 'SIGRTMIN+3'],
    [64, 'SIGRTMIN+30'],
  ] as const)
    assert.equal(await deathBy(number), name);
});

void test('a status says how a child ended, and whether its memory was dumped', () => {
  assert.deepEqual(exitOfStatus(0), code(0));
  assert.deepEqual(exitOfStatus(255 << 8), code(255));
  assert.deepEqual(exitOfStatus(9), { kind: 'signal', signal: 'SIGKILL' });
  assert.deepEqual(exitOfStatus(0x80 | 11), { kind: 'signal', signal: 'SIGSEGV', coreDumped: true });
  assert.deepEqual(exitOfStatus(33), { kind: 'signal', signal: 'SIG33' });
  // Of every number, so that no death is without a name.
  for (let number = 1; number <= 64; number += 1) {
    const exit = exitOfStatus(number);
    assert.match(exit.kind === 'signal' ? exit.signal : '', /^SIG[A-Z0-9]+(\+\d+)?$/);
  }
});
