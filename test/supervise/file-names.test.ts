import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { asUser, giveTo, nobody, rootOnly } from './another-user.ts';

const config = 'spool: { scanInterval: 200ms, settle: 50ms }\n';
const job = 'run: "true"\n';

void test('odd file names become jobs, and nothing is made of their parts', async () => {
  await using supervisor = await SupervisorProcess.start({ config });
  const { root } = supervisor;
  const names = [
    'with space.yaml',
    `quo'te"s.yaml`,
    'new\nline.yaml',
    'ünï-日本.yaml',
    '-rf.yaml',
    '$(touch x).yaml',
    '…',
  ];
  for (const name of names) await supervisor.drop(name, job);
  for (const name of names) await supervisor.line({ kind: 'job.accepted', file: name });
  await poll('all outcomes', () => readdirSync(root.in('spool/outcomes')).length === names.length || null);
  for (const name of readdirSync(root.in('spool/outcomes')).filter((entry) => !entry.startsWith('.')))
    assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._+-]*\.json$/);
  assert.deepEqual(readdirSync(root.path).sort(), ['etc', 'lib', 'run', 'spool']);
});

void test('what producers have not finished is left alone', async () => {
  await using supervisor = await SupervisorProcess.start({ config });
  const { root } = supervisor;
  const ignored = ['.dot.yaml', 'x.yaml.tmp', 'x.yaml.part', 'x.yaml~'];
  for (const name of ignored) writeFileSync(root.in('spool/incoming', name), job);
  await supervisor.drop('good.yaml', `id: good\n${job}`);
  await supervisor.outcome('good');
  for (const name of ignored) assert.equal(existsSync(root.in('spool/incoming', name)), true, name);
  assert.equal(supervisor.linesOf({ kind: 'job.accepted' }).length, 1);
});

void test('a name that is not UTF-8 is left with one warning', async () => {
  await using supervisor = await SupervisorProcess.start({ config });
  const incoming = Buffer.from(`${supervisor.root.in('spool/incoming')}/`);
  writeFileSync(Buffer.concat([incoming, Buffer.from([0x69, 0xff, 0xfe])]), job);
  await supervisor.line({ kind: 'spool.left' });
  await supervisor.drop('good.yaml', `id: good\n${job}`);
  await supervisor.outcome('good');
  assert.equal(supervisor.linesOf({ kind: 'spool.left' }).length, 1);
});

for (const [letter, what] of [
  ['a', 'letters'],
  ['é', 'letters of two bytes'],
  ['日', 'letters of three bytes'],
] as const) {
  void test(`a name of 255 bytes in ${what} is refused, and others go on`, async () => {
    await using supervisor = await SupervisorProcess.start({ config });
    const name = letter.repeat(Math.floor(255 / Buffer.byteLength(letter)));
    writeFileSync(supervisor.root.in('spool/incoming', name), job);
    const refused = supervisor.line({ kind: 'job.refused', code: 'FILE_NAME' }, 5000);
    await supervisor.drop('good.yaml', `id: good\n${job}`);
    await supervisor.outcome('good', 5000);
    await refused;
    assert.equal(existsSync(supervisor.root.in('spool/incoming', name)), false);
    assert.deepEqual(supervisor.linesOf({ kind: 'trouble.began' }), []);
  });
}

void test('a heap of directories in the spool does not hide the jobs behind it', async () => {
  await using supervisor = await SupervisorProcess.start({ config });
  for (let number = 0; number < 600; number += 1)
    mkdirSync(supervisor.root.in('spool/incoming', `directory-${number}`));
  await supervisor.drop('good.yaml', `id: good\n${job}`);
  await supervisor.outcome('good', 5000);
});

void test('a file that may not be taken does not hold up the others', rootOnly, async () => {
  await using root = await (await import('../harness/root.ts')).Root.make({ config });
  // Sticky, and somebody else's, as a shared directory is: only its owner may rename a file in it.
  mkdirSync(root.in('spool/incoming/.claimed'), { recursive: true });
  giveTo(root, nobody);
  const { chmodSync, chownSync } = await import('node:fs');
  chownSync(root.in('spool/incoming'), 0, 0);
  chmodSync(root.in('spool/incoming'), 0o1777);
  await using supervisor = await SupervisorProcess.start(root, { wrapper: asUser(nobody) });
  writeFileSync(root.in('spool/incoming/of-root.yaml'), job);
  const good = root.in('spool/incoming/good.yaml');
  writeFileSync(good, `id: good\n${job}`);
  chownSync(good, nobody, nobody);
  await supervisor.outcome('good', 5000);
});
