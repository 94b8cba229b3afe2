import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { runBooty } from '../harness/program.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

for (const command of ['add', 'list', 'remove', 'drop']) {
  void test(`booty schedule ${command} --help explains it on standard output`, async () => {
    const { status, stdout, stderr } = await runBooty(['schedule', command, '--help']);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, new RegExp(`^Usage: booty schedule ${command}`));
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
  });
}

void test('booty schedule drop drops the job each time it is called, under ids that tell its name', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  await root.write('etc/recurring/nightly.yaml', '# each night\nrun: echo hello\n');
  const ids: string[] = [];
  for (const _time of [1, 2]) {
    const { status, stdout, stderr } = await root.booty('schedule', 'drop', 'nightly');
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^nightly-\d{8}T\d{6}-\w{6}\n$/);
    ids.push(stdout.trim());
  }
  assert.equal(new Set(ids).size, 2);
  for (const id of ids) {
    const outcome = await supervisor.outcome(id);
    assert.deepEqual([outcome.outcome, outcome.name], ['succeeded', 'nightly']);
  }
});

void test('booty schedule drop needs no supervisor: the job is in the spool when it returns', async () => {
  await using root = await Root.make();
  await root.write('etc/recurring/nightly.yaml', 'run: echo hello\n');
  mkdirSync(root.in('spool/incoming'), { recursive: true });
  const { status, stdout } = await root.booty('schedule', 'drop', 'nightly', '--json');
  assert.equal(status, 0);
  const { id, state } = JSON.parse(stdout) as { readonly id: string; readonly state: string };
  assert.equal(state, 'dropped');
  const [file, ...others] = root.names('spool/incoming');
  assert.deepEqual(others, []);
  assert.ok(file?.startsWith(`${id}.`), String(file));
});

const refused: readonly (readonly [what: string, content: string, says: RegExp])[] = [
  ['an id, which only the first run could have', 'run: "true"\nid: mine\n', /nightly\.yaml:2: a recurring job cannot/],
  ['an unknown key', 'rum: "true"\n', /nightly\.yaml:1:1: .*rum.*did you mean "run"/],
];
for (const [what, content, says] of refused) {
  void test(`booty schedule drop refuses a job file with ${what}, and drops nothing`, async () => {
    await using root = await Root.make();
    await root.write('etc/recurring/nightly.yaml', content);
    mkdirSync(root.in('spool/incoming'), { recursive: true });
    const { status, stderr } = await root.booty('schedule', 'drop', 'nightly');
    assert.equal(status, 1);
    assert.match(stderr, says);
    assert.deepEqual(root.names('spool/incoming'), []);
  });
}

void test('booty schedule drop of what is not there names the nearest', async () => {
  await using root = await Root.make();
  await root.write('etc/recurring/nightly.yaml', 'run: echo hello\n');
  const { status, stderr } = await root.booty('schedule', 'drop', 'nigthly');
  assert.equal(status, 1);
  assert.match(stderr, /no recurring job "nigthly"[^]*did you mean nightly\?/);
  assert.equal((await root.booty('schedule', 'drop', '../booty')).status, 1);
});

void test('booty schedule drop without a spool fails, and says what is missing', async () => {
  await using root = await Root.make();
  await root.write('etc/recurring/nightly.yaml', 'run: echo hello\n');
  const { status, stderr } = await root.booty('schedule', 'drop', 'nightly');
  assert.equal(status, 1);
  assert.match(stderr, /no spool at /);
});

for (const words of [['add', 'x', 'daily', '--', 'true'], ['list'], ['remove', 'x']]) {
  void test(`booty schedule ${words[0]} is for the machine’s own Booty, and refuses --root`, async () => {
    await using root = await Root.make();
    const { status, stderr } = await runBooty(['schedule', words[0] ?? '', '--root', root.path, ...words.slice(1)]);
    assert.equal(status, 2);
    assert.match(stderr, /the machine’s own Booty[^]*booty schedule drop NAME --root DIR/);
  });
}

void test('without systemd, booty schedule add says so and what else to do', async () => {
  await using root = await Root.make();
  // What the program needs to start, and no more.
  const path = root.in('few');
  mkdirSync(path);
  for (const name of ['readlink', 'uname', 'cat']) symlinkSync(`/usr/bin/${name}`, `${path}/${name}`);
  const { status, stderr } = await runBooty(['schedule', 'add', 'x', 'daily', '--dry-run', '--', 'true'], {
    env: { PATH: path },
  });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /systemd-analyze is not there: recurring jobs are timers of systemd[^]*cron[^]*booty submit FILE/,
  );
});

const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
  [['schedule', 'add', 'x', 'daily'], /no job is named/],
  [['schedule', 'add', 'x'], /missing required argument 'when'/],
  [['schedule', 'add', 'x', 'daily', 'f', '--random-delay', 'soon'], /a duration such as 30s/],
  [['schedule', 'remvoe', 'x'], /Did you mean remove\?/],
];
for (const [args, says] of mistakes) {
  void test(`booty ${args.join(' ')} is a mistake of usage, and says so`, async () => {
    const { status, stderr } = await runBooty(args);
    assert.equal(status, 2);
    assert.match(stderr, says);
  });
}
