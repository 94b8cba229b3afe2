import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { plainEnvironment, program, runBooty } from '../harness/program.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

/** A line for bash, with `booty` for the program. */
const shell = (root: Root, line: string) =>
  spawnSync('bash', ['-o', 'pipefail', '-c', `booty() { "$PROGRAM" "$@" --root "$ROOT"; }; ${line}`], {
    env: { ...plainEnvironment, PROGRAM: program, ROOT: root.path },
    encoding: 'utf8',
    timeout: 15_000,
  });

async function shellAside(root: Root, line: string): Promise<string> {
  const child = spawn('bash', ['-c', `booty() { "$PROGRAM" "$@" --root "$ROOT"; }; ${line}`], {
    env: { ...plainEnvironment, PROGRAM: program, ROOT: root.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return text(child.stdout);
}

void test('where nothing has ever run, each command says what to do', async () => {
  await using root = await Root.make();
  for (const args of [['list'], ['show', 'x'], ['logs', 'x']]) {
    const { status, stderr } = await root.booty(...args);
    assert.equal(status, 1);
    assert.match(stderr, /^booty: no ledger at .*\n {2}no supervisor has run here yet/);
  }
  const { status, stderr } = await runBooty(['submit', '--root', root.path, '--', 'true']);
  assert.equal(status, 1);
  assert.match(stderr, /no spool at/);
});

void test('what is known of jobs can be read by people and programs', async (t) => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;

  await t.test('no jobs yet', async () => {
    const { status, stdout, stderr } = await root.booty('list');
    assert.deepEqual([status, stdout], [0, '']);
    assert.match(stderr, /no jobs yet/);
    assert.deepEqual(JSON.parse((await root.booty('list', '--json')).stdout), []);
  });

  await supervisor.drop('alpha.yaml', 'id: alpha-1\nrun: echo one; echo two\nverify: { run: "true" }\n');
  await supervisor.drop('alpha2.yaml', 'id: alpha-2\nrun: sleep 0.5; echo late\n');
  const nasty = String.raw`printf "\\033[2J\\033]0;owned\\007bad\\rgood" > "$BOOTY_VERDICT"; exit 1`;
  await supervisor.drop('nasty.yaml', `id: nasty\nkind: verifier\nrun: ${nasty}\n`);

  await t.test('logs -f follows to the end', async () => {
    const { status, stdout } = await root.booty('logs', '-f', 'alpha-2');
    assert.deepEqual([status, stdout], [0, 'late\n']);
  });
  await supervisor.outcome('alpha-1');
  await supervisor.outcome('nasty');

  await t.test('a beginning of an id is enough, where it is the only one', async () => {
    assert.match((await root.booty('show', 'nas')).stdout, /^id +nasty$/m);
    const ambiguous = await root.booty('show', 'alpha');
    assert.equal(ambiguous.status, 1);
    assert.match(ambiguous.stderr, /could be .*alpha-1.*alpha-2/);
  });
  await t.test('unknown ids', async () => {
    for (const id of ['nope', '../x', '%', 'x'.repeat(5000)]) assert.equal((await root.booty('show', id)).status, 1);
    assert.equal((await root.booty('logs', 'alpha-1', '--attempt', '7')).status, 1);
  });
  await t.test('show tells what an attempt used', async () => {
    assert.match((await root.booty('show', 'nasty')).stdout, /^ {2}attempt 1 .*rejected.*\n {13}cpu \d+ms(, |$)/m);
  });
  await t.test('--json is the outcome file', async () => {
    assert.deepEqual(JSON.parse((await root.booty('show', 'alpha-1', '--json')).stdout), root.outcome('alpha-1'));
  });
  await t.test('what a job says cannot take over the terminal', async () => {
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    for (const args of [['list'], ['show', 'nasty']])
      assert.doesNotMatch((await root.booty(...args)).stdout, /[\x00-\x09\x0b-\x1f\x7f]/, args.join(' '));
  });
  await t.test('a reader that goes away, and one that was never there', () => {
    for (const line of ['booty list | head -1', 'booty logs alpha-1 | true', 'booty list >&-', 'booty list 2>&-']) {
      const { status, stderr } = shell(root, line);
      assert.equal(status, 0, `${line}: ${stderr}`);
      assert.equal(stderr, '', line);
    }
  });
  await t.test('a full disk under the output is an error, and no defect', () => {
    const { status, stderr } = shell(root, 'booty list > /dev/full');
    assert.equal(status, 1, stderr);
    assert.match(stderr, /^booty: .*ENOSPC/);
    assert.doesNotMatch(stderr, /defect|\n {4}at /);
  });
  await t.test('a terminal of 60 columns', () => {
    const line = `stty cols 60; ${program} list --root ${root.path}`;
    const typescript = execFileSync('script', ['-qec', line, '/dev/null'], { env: plainEnvironment, encoding: 'utf8' });
    // oxlint-disable-next-line no-control-regex -- colours
    const rows = typescript.replace(/\x1b\[[0-9;]*m/g, '').split(/\r?\n/);
    assert.match(rows.join('\n'), /alpha-1/);
  });
});

void test('submissions at once are as many jobs', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  await root.write('job.yaml', 'run: "true"\n');
  const loop = 'for n in 1 2 3 4; do booty submit "$ROOT/job.yaml" || echo FAILED; done';
  // Five at a time: starting the program is what takes long.
  const submissions = await Promise.all(Array.from({ length: 5 }, () => shellAside(root, loop)));
  const ids = submissions.flatMap((stdout) => stdout.trimEnd().split('\n'));
  assert.equal(new Set(ids).size, 20);
  for (const id of ids) assert.equal((await supervisor.outcome(id)).outcome, 'succeeded');
});
