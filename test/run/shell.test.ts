import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { shells } from '../../src/job/step.ts';
import { exitsOf, RunningAttempt } from './attempts.ts';

const limits = { timeout: 15_000 };
const isThere = (shell: string): boolean => ['/bin', '/usr/bin'].some((place) => existsSync(join(place, shell)));

for (const shell of shells) {
  const skip = isThere(shell) ? false : `SYSTEM: no ${shell}`;
  void test(`${shell} reads a line, and stops at its first failure`, { ...limits, skip }, async () => {
    using run = new RunningAttempt(JSON.stringify({ run: 'echo one\nfalse\ntouch never\n', shell }));
    assert.deepEqual(exitsOf(await run.result), ['main code 1']);
    assert.deepEqual([run.log, run.has('never')], ['one\n', false]);
  });

  const hasPipefail = shell !== 'sh' && shell !== 'dash';
  void test(`${shell} ${hasPipefail ? 'takes' : 'does not take'} a failure within a pipe for one`, {
    ...limits,
    skip,
  }, async () => {
    using run = new RunningAttempt(JSON.stringify({ run: '(exit 3) | cat', shell }));
    assert.deepEqual(exitsOf(await run.result), [`main code ${hasPipefail ? 3 : 0}`]);
  });
}

void test('sh is the machine’s, whatever PATH says; the others are found there', limits, async () => {
  using run = new RunningAttempt(
    'env: { PATH: /nowhere }\nsteps: [{ run: echo fine }, { run: echo never, shell: bash }]',
  );
  const { decision, steps } = await run.result;
  assert.deepEqual(exitsOf({ steps } as Parameters<typeof exitsOf>[0]), ['step-1 code 0', 'step-2 spawn ENOENT']);
  const exit = decision?.run.exit;
  assert.equal(exit?.kind === 'spawn' && exit.message, 'there is no shell bash in PATH (ENOENT)');
});

void test('a zsh reads nobody’s start-up files', {
  ...limits,
  skip: isThere('zsh') ? false : 'SYSTEM: no zsh',
}, async () => {
  using run = new RunningAttempt(
    `steps: [{ run: 'echo "touch \${PWD}/read" > .zshenv' }, { run: 'echo fine', shell: zsh, env: { ZDOTDIR: . } }]`,
  );
  await run.result;
  assert.deepEqual([run.log, run.has('read')], ['fine\n', false]);
});

void test('a step starts where its cwd says, and the working directory stays what it was', limits, async () => {
  using run = new RunningAttempt(`
steps:
  - { run: mkdir -p app/src }
  - { run: 'pwd; echo $BOOTY_WORKDIR', cwd: app/src }
  - { command: [pwd], cwd: / }
  - { script: "#!/bin/sh\\npwd\\n", cwd: app }
  - { run: pwd }
`);
  const { workdir } = run.place;
  await run.result;
  assert.equal(run.log, `${workdir}/app/src\n${workdir}\n/\n${workdir}/app\n${workdir}\n`);
});

for (const [what, cwd, prepare, code, words] of [
  ['does not exist', 'nowhere', () => undefined, 'ENOENT', 'does not exist'],
  ['is a file', 'file', (path: string) => writeFileSync(path, ''), 'ENOTDIR', 'is not a directory'],
  ['is below a file', 'file/a', (path: string) => writeFileSync(join(path, '..'), ''), 'ENOTDIR', 'is not a directory'],
  [
    'may not be entered',
    'locked',
    (path: string) => mkdirSync(path, { mode: 0 }),
    'EACCES',
    'cannot be entered by this user',
  ],
] as const) {
  const skip = code === 'EACCES' && process.getuid?.() === 0 ? 'root may enter any directory' : false;
  void test(`a cwd that ${what} is a crash of the kind spawn, and named`, { ...limits, skip }, async () => {
    using run = new RunningAttempt(`steps: [{ run: "true" }, { run: pwd, cwd: ${cwd} }]`);
    const path = join(run.place.workdir, cwd);
    prepare(path);
    const { decision } = await run.result;
    assert.deepEqual(decision?.run.exit, { kind: 'spawn', code, message: `its cwd ${path} ${words} (${code})` });
    assert.equal(run.log, '');
  });
}
