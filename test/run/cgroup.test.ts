import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noLimits } from '../../src/job/limits.ts';
import { AttemptCgroup } from '../../src/run/cgroup.ts';
import { removeCgroup } from '../../src/run/cgroup-end.ts';
import { startInCgroup } from '../../src/run/cgroup-entry.ts';
import { killSurvivors } from '../../src/run/survivors.ts';
import { exitsOf, lives, RunningAttempt } from './attempts.ts';
import { ScratchTree, withCgroups } from './cgroups.ts';

const options = withCgroups();

void test('all that an attempt starts is in a cgroup of its own, and that is gone with it', options, async () => {
  using tree = new ScratchTree();
  using running = new RunningAttempt('steps: [{ run: cat /proc/self/cgroup }, { run: cat /proc/self/cgroup }]', {
    cgroups: tree,
  });
  const result = await running.result;
  assert.deepEqual(exitsOf(result), ['step-1 code 0', 'step-2 code 0']);
  const found = [...running.log.matchAll(/^0::.*\/jobs\/(job-\S+)\.1$/gm)].map(([, name]) => name);
  assert.equal(found.length, 2, running.log);
  assert.equal(found[0], found[1]);
  assert.deepEqual(tree.left, []);
});

void test(
  'whoever leaves its session, forks twice and clears its environment dies with the attempt',
  options,
  async () => {
    using tree = new ScratchTree();
    const daemon = 'env -i /usr/bin/setsid /bin/sh -c "(/bin/sleep 600 & echo \\$! >pid) >/dev/null 2>&1"';
    using running = new RunningAttempt(
      `run: ${daemon} </dev/null >/dev/null 2>&1 & until [ -s pid ]; do sleep 0.02; done`,
      {
        cgroups: tree,
      },
    );
    const pid = await running.file('pid');
    const { survivors } = await running.result;
    assert.ok((survivors ?? 0) >= 1);
    assert.equal(lives(pid), false);
    assert.deepEqual(tree.left, []);
  },
);

void test('a background process may go on to the next step, and no further', options, async () => {
  using tree = new ScratchTree();
  using running = new RunningAttempt('steps: [{ run: sleep 600 & echo $! >pid }, { run: kill -0 $(cat pid) }]', {
    cgroups: tree,
  });
  const result = await running.result;
  assert.deepEqual(exitsOf(result), ['step-1 code 0', 'step-2 code 0']);
  assert.equal(lives(readPid(running)), false);
});

const readPid = (running: RunningAttempt): string => readFileSync(join(running.place.workdir, 'pid'), 'latin1').trim();

void test('a job that ignores TERM, and has children that do, is gone after its grace', options, async () => {
  using tree = new ScratchTree();
  const line = "trap '' TERM; (trap '' TERM; exec setsid sleep 600) & echo $! >pid; while :; do sleep 1; done";
  using running = new RunningAttempt(`timeout: 300ms\nrun: "${line}"`, { cgroups: tree, graceMs: 100 });
  assert.deepEqual(exitsOf(await running.result), ['main timeout of the job']);
  assert.equal(lives(readPid(running)), false);
  assert.deepEqual(tree.left, []);
});

void test('what a program finds is what it would find without a cgroup', options, async () => {
  using tree = new ScratchTree();
  const file = 'command: [env]\nenv: { OWN: "a b", go: x }\n';
  using within = new RunningAttempt(file, { cgroups: tree, id: 'same' });
  using without = new RunningAttempt(file, { id: 'same' });
  await Promise.all([within.result, without.result]);
  const sorted = (running: RunningAttempt): string[] =>
    running.log.replaceAll(running.place.directory.slice(0, -5), '').split('\n').sort();
  assert.deepEqual(sorted(within), sorted(without));
  using input = new RunningAttempt('run: readlink /proc/self/fd/0; ls /proc/self/fd | wc -l; cat; echo $0', {
    cgroups: tree,
  });
  await input.result;
  assert.equal(input.log, '/dev/null\n4\n/bin/sh\n');
});

void test('programs that cannot be started are told of as without a cgroup', options, async () => {
  using tree = new ScratchTree();
  const place = tree.base.replace(/.*\//, '/tmp/');
  mkdirSync(place);
  try {
    const script = (name: string, text: string, mode: number): string => {
      writeFileSync(join(place, name), text, { mode });
      return join(place, name);
    };
    const argvs = [
      ['/nonexistent'],
      ['nonexistent-program'],
      ['/etc/passwd'],
      ['/etc'],
      [script('lost', '#!/nonexistent/interpreter\n', 0o755)],
      [script('plain', 'echo without a first line\n', 0o755)],
      [script('fine', '#!/bin/sh\nexit 7\n', 0o755)],
    ];
    for (const argv of argvs) {
      const file = `command: ${JSON.stringify(argv)}`;
      using within = new RunningAttempt(file, { cgroups: tree });
      using without = new RunningAttempt(file);
      const [a, b] = [await within.result, await without.result];
      assert.deepEqual(a.steps[0].exit, b.steps[0].exit, file);
      assert.equal(within.log, without.log, file);
    }
  } finally {
    await import('node:fs/promises').then(({ rm }) => rm(place, { recursive: true }));
  }
});

void test(
  '125 of a job is its own, and a cgroup that cannot be entered is a shortage of the machine',
  options,
  async () => {
    using tree = new ScratchTree();
    using own = new RunningAttempt('run: exit 125', { cgroups: tree });
    assert.deepEqual(exitsOf(await own.result), ['main code 125']);
    const cgroup = await AttemptCgroup.make(tree, 'job-gone.1', noLimits);
    assert.ok(cgroup.kind === 'cgroup');
    removeCgroup(cgroup.path);
    const spec = { argv: ['true'], cwd: '/', env: { PATH: '/usr/bin:/bin' } } as const;
    const started = await startInCgroup(spec, cgroup, () => undefined);
    assert.deepEqual(started.kind === 'short' && started.of, 'machine', JSON.stringify(started));
  },
);

void test('jobs go before the supervisor where memory is short', options, async () => {
  using tree = new ScratchTree();
  using running = new RunningAttempt('command: [cat, /proc/self/oom_score_adj]', { cgroups: tree });
  await running.result;
  assert.equal(running.log.trim(), '500');
});

void test('cgroups that a job has made within its own are killed and removed with it', options, async () => {
  using tree = new ScratchTree();
  const line =
    'd=$(find /sys/fs/cgroup -type d -name "job-$BOOTY_JOB_ID.1" | head -n 1); mkdir "$d/a" "$d/a/b"; (exec sleep 600) & echo $! >pid; cat pid >"$d/a/b/cgroup.procs"; cat "$d/a/b/cgroup.procs"';
  using running = new RunningAttempt(`run: '${line}'`, { cgroups: tree });
  const { survivors } = await running.result;
  assert.equal(running.log.trim(), readPid(running));
  assert.equal(survivors, 1);
  assert.equal(lives(readPid(running)), false);
  assert.deepEqual(tree.left, []);
});

void test(
  'what a supervisor that died has left in a cgroup is killed by its successor, by the cgroup alone',
  options,
  async () => {
    using tree = new ScratchTree();
    const cgroup = await AttemptCgroup.make(tree, 'job-left.1', noLimits);
    assert.ok(cgroup.kind === 'cgroup');
    const spec = { argv: ['sleep', '600'], cwd: '/', env: { PATH: '/usr/bin:/bin' } } as const;
    const child = await startInCgroup(spec, cgroup, () => undefined);
    assert.ok(child.kind === 'child');
    assert.ok(cgroup.isPopulated);
    const killed = await killSurvivors({ cgroups: [cgroup.path], groups: [], mark: 'nobody/1' });
    assert.equal(killed, 1);
    await child.exited;
    assert.equal(cgroup.isPopulated, false);
    assert.ok(removeCgroup(cgroup.path));
  },
);

void test('the processor time of all of them is told, whoever waited for whom', options, async () => {
  using tree = new ScratchTree();
  // A child that nobody waits for: getrusage(2) says nothing of it.
  const line =
    '(setsid sh -c "i=0; while [ \\$i -lt 200000 ]; do i=\\$((i+1)); done; echo >done" &) ; until [ -e done ]; do sleep 0.02; done';
  using running = new RunningAttempt(`run: '${line}'`, { cgroups: tree });
  const { usage, steps } = await running.result;
  const ofSteps = steps[0].usage;
  assert.ok(usage && ofSteps);
  const busy = usage.cpuUserMs + usage.cpuSystemMs;
  assert.ok(busy > 50 && busy > ofSteps.cpuUserMs + ofSteps.cpuSystemMs, JSON.stringify({ usage, ofSteps }));
});

void test('limits that nothing enforces are refused where that is asked for', options, async () => {
  using tree = new ScratchTree();
  using refused = new RunningAttempt('run: "true"\nlimits: { memory: 64M }', {
    cgroups: tree,
    refusesUnenforced: true,
  });
  assert.deepEqual(exitsOf(await refused.result), ['main spawn ENOTSUP']);
  using ignored = new RunningAttempt('run: "true"\nlimits: { memory: 64M }', { cgroups: tree });
  assert.deepEqual(exitsOf(await ignored.result), ['main code 0']);
});

void test('a cgroup that the service manager removed between two steps is made anew', options, async () => {
  using tree = new ScratchTree();
  const leave = `echo $$ >${tree.base}/leaving/cgroup.procs; rmdir ${tree.jobs}/job-*`;
  mkdirSync(join(tree.base, 'leaving'));
  try {
    using running = new RunningAttempt(`steps: [{ run: "${leave}; touch left" }, { run: cat /proc/self/cgroup }]`, {
      cgroups: tree,
    });
    assert.deepEqual(exitsOf(await running.result), ['step-1 code 0', 'step-2 code 0']);
    assert.ok(running.has('left'));
    assert.match(running.log, /^0::.*\/jobs\/job-\S+\.1$/m);
    assert.deepEqual(tree.left, []);
  } finally {
    removeCgroup(join(tree.base, 'leaving'));
  }
});
