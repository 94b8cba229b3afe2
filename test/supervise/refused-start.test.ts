import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { runBooty } from '../harness/program.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { asUser, giveTo, isRoot, nameless, nobody, rootOnly } from './another-user.ts';

/** How a start must fail: one clear error that names the path and a remedy, and no stack trace. */
async function assertRefused(supervisor: SupervisorProcess, path: string): Promise<string> {
  const { status } = await supervisor.exited;
  assert.equal(status, 1, supervisor.stderr);
  const [message = '', hint = '', ...rest] = supervisor.stderr.trimEnd().split('\n');
  assert.ok(message.startsWith('booty: ') && message.includes(path), supervisor.stderr);
  assert.match(hint, /^ {2}\S/);
  assert.deepEqual(rest, []);
  return supervisor.stderr;
}

const flaws: Readonly<Record<string, { readonly make: (root: Root) => Promise<void> | void; readonly path: string }>> =
  {
    'a ledger of garbage': {
      make: (root) => root.write('lib/ledger.db', 'garbage '.repeat(1000)),
      path: 'lib/ledger.db',
    },
    'a lock of garbage': {
      make: (root) => root.write('lib/supervisor.lock', 'garbage '.repeat(1000)),
      path: 'lib/supervisor.lock',
    },
    'a directory as ledger': {
      make: (root) => void mkdirSync(root.in('lib/ledger.db'), { recursive: true }),
      path: 'lib/ledger.db',
    },
    'a file as jobs directory': { make: (root) => root.write('lib/jobs', ''), path: 'lib/jobs' },
    'a file as spool': { make: (root) => root.write('spool', ''), path: 'spool' },
    'a dangling link as incoming': {
      make: (root) => {
        mkdirSync(root.in('spool'));
        symlinkSync('/nonexistent/place', root.in('spool/incoming'));
      },
      path: 'spool/incoming',
    },
    'a broken booty.yaml': {
      make: (root) => root.write('etc/booty.yaml', 'drian: { limit: 1s }\n'),
      path: 'etc/booty.yaml:1',
    },
  };

for (const [what, { make, path }] of Object.entries(flaws)) {
  void test(`${what} gives one clear error`, async () => {
    await using root = await Root.make();
    await make(root);
    await using supervisor = SupervisorProcess.launch(root);
    await assertRefused(supervisor, root.in(path));
  });
}

for (const place of ['spool', 'lib']) {
  void test(`a ${place} that this user may not write gives one clear error`, async () => {
    await using root = await Root.make();
    mkdirSync(root.in('spool'));
    mkdirSync(root.in('lib'));
    giveTo(root, nobody);
    chmodSync(root.in(place), 0o555);
    await using supervisor = SupervisorProcess.launch(root, { wrapper: asUser(nobody) });
    await assertRefused(supervisor, root.in(place));
    chmodSync(root.in(place), 0o755);
  });
}

void test('a root that cannot be made gives one clear error, and does not hang', async () => {
  const { status, stderr } = await runBooty(['supervise', '--root', '/proc/nowhere'], { timeoutMs: 8000 });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /booty: .*\/proc\/nowhere/);
});

void test('of five supervisors that start at once one runs, and the others name it', async () => {
  await using root = await Root.make();
  const all = [1, 2, 3, 4, 5].map(() => SupervisorProcess.launch(root));
  const first = await Promise.any(all.map(async (one) => (await one.line({ kind: 'supervisor.ready' }), one)));
  for (const other of all.filter((one) => one !== first))
    assert.match(await assertRefused(other, root.in('lib/supervisor.lock')), /another supervisor/);
  await using late = SupervisorProcess.launch(root);
  assert.match(await assertRefused(late, root.in('lib/supervisor.lock')), new RegExp(`pid ${first.pid}`));
  await first.drop('good.yaml', 'id: good\nrun: "true"\n');
  await first.outcome('good');
  assert.deepEqual(await first.stop(), { status: 0, signal: null });
});

void test('a supervisor of another user on the same ledger is refused', rootOnly, async () => {
  await using first = await SupervisorProcess.start();
  giveTo(first.root, nobody);
  await using second = SupervisorProcess.launch(first.root, { wrapper: asUser(nobody) });
  assert.match(await assertRefused(second, first.root.in('lib/supervisor.lock')), /another supervisor/);
});

void test('a user without a passwd entry can run a supervisor, as in a container', {
  skip: !isRoot && 'only root can set this up',
}, async () => {
  await using root = await Root.make();
  giveTo(root, nameless);
  await using supervisor = await SupervisorProcess.start(root, { wrapper: asUser(nameless) });
  await supervisor.drop('good.yaml', 'id: good\nrun: "true"\n');
  assert.equal((await supervisor.outcome('good')).outcome, 'succeeded');
});
