import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { attemptMark } from '../../src/run/environment.ts';
import { hasOrphans } from '../../src/run/orphans.ts';
import { groupExists, groupMembers, markedProcesses } from '../../src/run/processes.ts';
import { groupOf, killSurvivors } from '../../src/run/survivors.ts';
import { poll } from '../harness/waiting.ts';
import { exitsOf, lives, RunningAttempt } from './attempts.ts';

const limits = { timeout: 15_000 };
const silent = '>/dev/null 2>&1 </dev/null';

/** What a step leaves behind; each writes its pid. */
const leftBehind: readonly (readonly [what: string, line: string])[] = [
  ['a background process', 'sleep 60 & echo $! > pid'],
  ['a background process that forgot its environment', `env -i sleep 60 ${silent} & echo $! > pid`],
  ['a background process that is silent', `sleep 60 ${silent} & echo $! > pid`],
  [
    'a background process that ignores TERM',
    `sh -c 'trap "" TERM; echo $$ > pid; while :; do sleep 0.1; done' & while [ ! -s pid ]; do sleep 0.02; done`,
  ],
  [
    'a process of a session of its own',
    `setsid sh -c 'echo $$ > pid; exec sleep 60' & while [ ! -s pid ]; do sleep 0.02; done`,
  ],
];
const silentDaemon = `setsid sh -c 'echo $$ > pid; exec sleep 60' ${silent} & while [ ! -s pid ]; do sleep 0.02; done`;

/** The kernel takes the number after this one for the next process (proc(5)): for tests of ours only. */
const lastPid = '/proc/sys/kernel/ns_last_pid';
const unsettable = (process.getuid?.() !== 0 || !existsSync(lastPid)) && 'SYSTEM: only root chooses a pid';

/** A process that leads a group of its own and has this pid; null where others of the machine were faster. */
function spawnAs(pid: number): ChildProcess | null {
  const next = readFileSync(lastPid);
  try {
    for (let tries = 0; tries < 200; tries += 1) {
      writeFileSync(lastPid, String(pid - 1));
      const child = spawn('sleep', ['30'], { detached: true, stdio: 'ignore' });
      if (child.pid === pid) return child;
      child.kill('SIGKILL');
    }
  } finally {
    // The rest of the machine goes on with fresh ones.
    writeFileSync(lastPid, next);
  }
  return null;
}

const mostTries = 10;

// They wait more than they work.
void suite('what an attempt leaves behind', { concurrency: 4 }, () => {
  for (const [what, line] of leftBehind) {
    void test(`${what} is gone when the attempt is over`, limits, async () => {
      using run = new RunningAttempt(JSON.stringify({ run: line }));
      const result = await run.result;
      assert.deepEqual(exitsOf(result), ['main code 0']);
      assert.equal(lives(await run.file('pid')), false);
    });
  }

  void test('what was left behind is counted', limits, async () => {
    for (const line of ['sleep 60 & true', `sleep 60 ${silent} & true`]) {
      using run = new RunningAttempt(JSON.stringify({ run: line }));
      assert.equal((await run.result).survivors, 1);
    }
  });

  void test('a silent process of a session of its own is gone when the attempt is over', limits, async () => {
    using run = new RunningAttempt(JSON.stringify({ run: silentDaemon }));
    await run.result;
    const pid = Number(await run.file('pid'));
    try {
      assert.equal(lives(pid), false);
    } finally {
      if (lives(pid)) process.kill(pid, 'SIGKILL');
    }
  });

  void test('a silent process of a session of its own is gone when the attempt was ended', limits, async () => {
    using run = new RunningAttempt(JSON.stringify({ run: `${silentDaemon}; echo > ready; sleep 60` }), {
      graceMs: 60_000,
    });
    await run.file('ready');
    run.attempt.cancel();
    await run.result;
    assert.equal(lives(await run.file('pid')), false);
  });

  void test('a process that holds the output open does not hold the attempt up', limits, async () => {
    using run = new RunningAttempt(
      JSON.stringify({ steps: [{ run: 'echo one; sleep 60 & echo $! > pid' }, { run: 'echo two' }] }),
    );
    const result = await run.result;
    assert.deepEqual(exitsOf(result), ['step-1 code 0', 'step-2 code 0']);
    assert.equal(run.log, 'one\ntwo\n');
    assert.ok(result.durationMs < 5000, `${result.durationMs} ms`);
    assert.equal(lives(await run.file('pid')), false);
  });

  void test('the end of one job leaves another one alone', limits, async () => {
    using other = new RunningAttempt('run: echo > ready; while [ ! -e go ]; do sleep 0.02; done');
    await other.file('ready');
    using run = new RunningAttempt('run: sleep 60 & true');
    await run.result;
    using go = new RunningAttempt(JSON.stringify({ command: ['touch', `${other.place.workdir}/go`] }));
    await go.result;
    assert.deepEqual(exitsOf(await other.result), ['main code 0']);
  });

  void test('a job of the same id under another supervisor is left alone', limits, async () => {
    using other = new RunningAttempt('run: echo > ready; sleep 1', { id: 'nightly-of-two-roots' });
    await other.file('ready');
    using run = new RunningAttempt('run: sleep 60 & true', { id: 'nightly-of-two-roots' });
    await run.result;
    assert.deepEqual(exitsOf(await other.result), ['main code 0']);
  });

  void test('a group that has got the number of one that a step led is left alone', {
    ...limits,
    skip: unsettable,
  }, async () => {
    for (let tries = 1; ; tries += 1) {
      // The first step's group lives on for a moment; the attempt goes on for longer.
      using run = new RunningAttempt(
        JSON.stringify({
          steps: [
            { run: `sleep 0.3 ${silent} & true` },
            { run: 'echo > ready; while [ ! -e go ]; do sleep 0.02; done' },
          ],
        }),
      );
      await run.file('ready');
      const [group = 0] = run.pids;
      // Its zombie, which has come to us, keeps the number too.
      await poll('the end of the group', () => (hasOrphans(), groupExists(group) ? null : true));
      const other = spawnAs(group);
      writeFileSync(join(run.place.workdir, 'go'), '');
      await run.result;
      assert.ok(other || tries < mostTries, `pid ${group} is not to be had, nor were those before it`);
      if (!other) continue;
      try {
        assert.equal(other.signalCode, null);
        assert.equal(lives(group), true);
        return;
      } finally {
        other.kill('SIGKILL');
      }
    }
  });

  void test('where nothing is left, nothing is killed', async () => {
    assert.equal(await killSurvivors({ groups: [], mark: 'nobody/1' }), 0);
    assert.equal(await killSurvivors({ groups: [2 ** 22 - 1], mark: 'nobody/1' }), 0);
  });

  void test('a process is found by its group and by its mark, and only by those', limits, async () => {
    const mark = `marked-${process.pid}/1`;
    const start = (env: Record<string, string>) => spawn('sleep', ['60'], { detached: true, stdio: 'ignore', env });
    const marked = start({ [attemptMark]: mark });
    const lookalikes = [
      start({ [attemptMark]: `${mark}1` }),
      start({ [`X${attemptMark}`]: mark }),
      start({ OTHER: `${attemptMark}=${mark}` }),
    ];
    const late = start({ A: 'x', [`X${attemptMark}`]: mark, [attemptMark]: mark });
    const exits = [marked, late].map((child) => once(child, 'exit'));
    try {
      assert.deepEqual(new Set(markedProcesses(mark)), new Set([marked.pid, late.pid]));
      assert.deepEqual(groupMembers(marked.pid ?? 0), [marked.pid]);
      assert.notEqual(await killSurvivors({ groups: [marked.pid ?? 0], mark }), null);
      await Promise.all(exits);
      assert.equal(groupExists(marked.pid ?? 0), false);
      assert.ok(lookalikes.every(({ pid }) => lives(pid ?? 0)));
    } finally {
      for (const child of lookalikes) child.kill('SIGKILL');
    }
  });

  void test('after a reboot, or where a pid is another’s now, nobody is taken for a job’s process', () => {
    const self = { pid: process.pid, startTime: '1', bootId: 'this' };
    assert.equal(groupOf({ ...self, pid: 2 ** 22 - 1, bootId: 'another' }, 'this'), null);
    assert.equal(groupOf(self, 'this'), null);
    assert.equal(groupOf({ ...self, pid: 2 ** 22 - 1 }, 'this'), 2 ** 22 - 1);
  });
});
