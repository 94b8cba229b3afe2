import assert from 'node:assert/strict';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitsOf, RunningAttempt } from './attempts.ts';

const limits = { timeout: 15_000 };

void test('steps run in order, in one directory, until one fails', limits, async () => {
  using run = new RunningAttempt(`
steps:
  - { name: first, run: echo one | tee a }
  - { name: second, command: [cat, a] }
  - { run: "cat a >&2; exit 3" }
  - { name: never, run: touch never }
`);
  const result = await run.result;
  assert.deepEqual(exitsOf(result), ['first code 0', 'second code 0', 'step-3 code 3']);
  assert.equal(run.log, 'one\none\none\n');
  assert.deepEqual([result.output.stdout.text(), result.output.stderr.text()], ['one\none\n', 'one\n']);
  assert.equal(run.has('never'), false);
  assert.deepEqual(result.steps[1]?.argv, ['cat', 'a']);
  assert.equal(run.pids.length, 3);
  assert.equal(result.survivors, 0);
});

void test('a shell line stops at its first failure', limits, async () => {
  using run = new RunningAttempt('run: |\n  false\n  touch never\n');
  assert.deepEqual(exitsOf(await run.result), ['main code 1']);
  assert.equal(run.has('never'), false);
});

void test('a step gets a small environment, and nothing of the supervisor’s', limits, async () => {
  process.env.SENTRY_DSN = 'https://hush@sentry.example/7';
  process.env.BOOTY_ROOT = '/secret';
  try {
    using run = new RunningAttempt(
      'name: nightly\nenv: {A: job, B: job, PATH: /bin:/usr/bin}\nsteps: [{run: env, env: {B: step}}]\n',
    );
    await run.result;
    const env = Object.fromEntries(
      run.log
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
    const { HOME, LANG, TZ, USER, PWD, SHLVL: _, BOOTY_JOB_ID, BOOTY_ATTEMPT_MARK, OLDPWD: __, ...rest } = env;
    for (const value of [HOME, LANG, TZ, USER, BOOTY_JOB_ID, BOOTY_ATTEMPT_MARK]) assert.ok(value);
    assert.equal(PWD, run.place.workdir);
    delete rest['_'];
    assert.deepEqual(rest, {
      PATH: '/bin:/usr/bin',
      A: 'job',
      B: 'step',
      BOOTY_JOB_NAME: 'nightly',
      BOOTY_JOB_KIND: 'pipeline',
      BOOTY_ATTEMPT: '1',
      BOOTY_STEP: 'step-1',
      BOOTY_WORKDIR: run.place.workdir,
      BOOTY_OUTPUT: run.place.outputPath,
      BASH_ENV: fileURLToPath(new URL('../../src/run/bash-env.sh', import.meta.url)),
      BOOTY_SHELL_FAILURE: join(run.place.directory, 'shell-failure'),
    });
  } finally {
    delete process.env.SENTRY_DSN;
    delete process.env.BOOTY_ROOT;
  }
});

void test('a step reads an empty standard input, and can open its outputs again', limits, async () => {
  using run = new RunningAttempt('run: cat; echo out > /dev/stdout; echo err > /dev/stderr\n');
  assert.deepEqual(exitsOf(await run.result), ['main code 0']);
  assert.equal(run.log, 'out\nerr\n');
});

void test('a script runs with its own interpreter', limits, async () => {
  using run = new RunningAttempt(JSON.stringify({ script: '#!/usr/bin/env -S sh -u\necho "$0"; echo $UNSET\n' }));
  const result = await run.result;
  assert.equal(result.steps[0].exit.kind, 'code');
  assert.notDeepEqual(exitsOf(result), ['main code 0']);
  const [path = ''] = run.log.split('\n');
  assert.deepEqual(result.steps[0].argv, [path]);
  assert.equal(statSync(path).mode & 0o777, 0o700);
});

void test('a script replaces what a step before it left in its place', limits, async () => {
  using run = new RunningAttempt(
    JSON.stringify({
      steps: [{ run: 'mkdir ../script; ln -s /etc/passwd ../script/x' }, { script: '#!/bin/sh\necho fine\n' }],
    }),
  );
  assert.deepEqual(exitsOf(await run.result), ['step-1 code 0', 'step-2 code 0']);
  assert.equal(run.log, 'fine\n');
});

const unstartable: readonly (readonly [what: string, file: string, exit: string, message: RegExp])[] = [
  [
    'a command that does not exist',
    'command: [no-such-program]',
    'main spawn ENOENT',
    /^no-such-program: no such program \(ENOENT\)$/,
  ],
  ['a path that does not exist', 'command: [/no/such]', 'main spawn ENOENT', /^\/no\/such: no such program/],
  [
    'a file that is not executable',
    'command: [/etc/passwd]',
    'main spawn EACCES',
    /^\/etc\/passwd: not executable by this user \(EACCES\)$/,
  ],
  ['a directory', 'command: [/etc]', 'main spawn EACCES', /^\/etc: not executable/],
  [
    'a script without its interpreter',
    '{"script": "#!/no/such/interpreter\\n"}',
    'main spawn ENOENT',
    /^the interpreter in the first line of .*script does not exist/,
  ],
  [
    'too many arguments',
    `{"command": ["true", "${'x'.repeat(200_000)}"]}`,
    'main spawn E2BIG',
    /too long together \(E2BIG\)$/,
  ],
];

for (const [what, file, exit, message] of unstartable) {
  void test(`${what} is a crash of the kind spawn`, limits, async () => {
    using run = new RunningAttempt(file);
    const result = await run.result;
    assert.deepEqual(exitsOf(result), [exit]);
    const ending = result.steps[0].exit;
    assert.match(ending.kind === 'spawn' ? ending.message : '', message);
    assert.deepEqual([run.pids, run.log], [[], '']);
  });
}

void test('a directory that cannot be made is a crash of the kind spawn, and tells why', limits, async () => {
  using run = new RunningAttempt('steps: [{run: "true"}, {run: "true"}]');
  // Between the steps, or before the first: whoever removes the directory of a job puts a file in its place.
  rmSync(run.place.directory, { recursive: true });
  writeFileSync(run.place.directory, '');
  const { steps } = await run.result;
  const { exit } = steps.at(-1) ?? assert.fail();
  assert.match(
    exit.kind === 'spawn' ? exit.message : '',
    /^its working directory (?:cannot be made: E|.* does not exist)/,
  );
});

void test('a verifier is told of its pipeline and of a place for its verdict', limits, async () => {
  const verifier = { outcomePath: '/x/outcome.json', verdictPath: '/x/verdict' };
  using run = new RunningAttempt('kind: verifier\nrun: echo $BOOTY_JOB_KIND $BOOTY_VERDICT', { verifier });
  await run.result;
  assert.equal(run.log, 'verifier /x/verdict\n');
});

void test('a signal that ends a step is told by its name', limits, async () => {
  for (const signal of ['KILL', 'SEGV', 'TERM', 'HUP']) {
    using run = new RunningAttempt(`run: kill -${signal} $$`);
    assert.deepEqual(exitsOf(await run.result), [`main SIG${signal}`]);
  }
});

void test('an attempt that is cancelled before it begins starts nothing', limits, async () => {
  using run = new RunningAttempt('steps: [{run: sleep 20}, {run: touch never}]', { cancelled: true });
  assert.deepEqual(exitsOf(await run.result), ['step-1 cancelled']);
  assert.deepEqual(run.pids, []);
});
