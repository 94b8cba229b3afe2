import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { type Reason, refuseFile } from '../../src/spool/refuse.ts';
import { makeSpool, type Oddity, oddities, type Spool } from './places.ts';

const reasonFor = (file: string): Reason => ({
  version: 1,
  file,
  refusedAt: '2026-11-24T00:00:00.000Z',
  code: 'SYNTAX',
  message: 'an open bracket',
  hint: 'close it',
  line: 3,
  column: 1,
});

/** Drops a file of that name and has it refused. */
function refuse(spool: Spool, name: string, content = 'run: ['): string {
  const path = join(spool.claimed, 'x');
  writeFileSync(path, content);
  const given = refuseFile(path, spool.rejected, reasonFor(name));
  assert.equal(existsSync(path), false);
  return given;
}

const reasonIn = (spool: Spool, name: string): unknown =>
  JSON.parse(readFileSync(join(spool.rejected, `${name}.reason.json`), 'utf8'));

void test('a refused file lies beside its reason, as it was', () => {
  using spool = makeSpool();
  assert.equal(refuse(spool, 'a.yaml', 'run: [\r\n\0'), 'a.yaml');
  assert.equal(readFileSync(join(spool.rejected, 'a.yaml'), 'latin1'), 'run: [\r\n\0');
  assert.deepEqual(reasonIn(spool, 'a.yaml'), reasonFor('a.yaml'));
  assert.equal(statSync(join(spool.rejected, 'a.yaml.reason.json')).mode & 0o777, 0o644);
  assert.deepEqual(readdirSync(spool.rejected).sort(), ['a.yaml', 'a.yaml.reason.json']);
});

void test('a name that is taken is numbered, and nothing is written over', () => {
  using spool = makeSpool();
  const names = [1, 2, 3].map((version) => refuse(spool, 'a', `${version}`));
  assert.deepEqual(names, ['a', 'a.1', 'a.2']);
  assert.deepEqual(
    names.map((name) => readFileSync(join(spool.rejected, name), 'utf8')),
    ['1', '2', '3'],
  );
  writeFileSync(join(spool.rejected, 'b.reason.json'), 'somebody’s');
  assert.equal(refuse(spool, 'b'), 'b.1');
  assert.equal(readFileSync(join(spool.rejected, 'b.reason.json'), 'utf8'), 'somebody’s');
  mkdirSync(join(spool.rejected, 'c'));
  assert.equal(refuse(spool, 'c'), 'c.1');
});

void test('of thousands of one name each is put aside after a few looks, gaps and all', () => {
  using spool = makeSpool();
  const names = ['a', ...Array.from({ length: 3000 }, (_, index) => `a.${index + 1}`)];
  for (const name of names) writeFileSync(join(spool.rejected, name), '');
  const looks = mock.method(fs, 'lstatSync');
  syncBuiltinESMExports();
  try {
    assert.equal(refuse(spool, 'a'), 'a.3001');
    // The sweep has removed the oldest.
    for (const name of names.slice(0, 2000)) unlinkSync(join(spool.rejected, name));
    assert.deepEqual([refuse(spool, 'a'), refuse(spool, 'a')], ['a', 'a.1']);
  } finally {
    looks.mock.restore();
    syncBuiltinESMExports();
  }
  assert.ok(looks.mock.callCount() > 3 && looks.mock.callCount() < 100, `${looks.mock.callCount()} looks`);
});

void test('a refusal that was cut off after its reason is made under the same name', () => {
  using spool = makeSpool();
  for (const name of ['a', 'a.1', 'a.2', 'a.3', 'a.4', 'a.5']) refuse(spool, 'a', name);
  writeFileSync(join(spool.rejected, 'a.6.reason.json'), JSON.stringify(reasonFor('a')));
  assert.equal(refuse(spool, 'a'), 'a.6');
});

const names: Readonly<Record<string, string>> = {
  'of one line end': '\n',
  'of a dash': '-rf',
  'of 255 letters': 'n'.repeat(255),
};

for (const [what, name] of Object.entries(names)) {
  void test(`a file with a name ${what} is refused like any other`, () => {
    using spool = makeSpool();
    for (const given of [refuse(spool, name), refuse(spool, name)]) {
      assert.ok(given.isWellFormed() && !given.includes('\uFFFD'));
      assert.deepEqual(reasonIn(spool, given), reasonFor(name));
    }
    assert.equal(readdirSync(spool.rejected).length, 4);
  });
}

void test('a long name of letters that take several bytes is refused like any other', () => {
  using spool = makeSpool();
  for (const name of ['é'.repeat(100), 'é'.repeat(115), 'é'.repeat(127), '漢'.repeat(85), '💥'.repeat(63)])
    for (const given of [refuse(spool, name), refuse(spool, name)]) {
      assert.ok(given.isWellFormed() && !given.includes('\uFFFD'));
      assert.deepEqual(reasonIn(spool, given), reasonFor(name));
    }
});

for (const [name, make] of Object.entries(oddities)) {
  void test(`a ${name} is put aside as what it is`, async () => {
    using spool = makeSpool();
    await make(join(spool.claimed, 'x'));
    const before = lstatSync(join(spool.claimed, 'x'));
    refuseFile(join(spool.claimed, 'x'), spool.rejected, reasonFor('x'));
    const after = lstatSync(join(spool.rejected, 'x'));
    assert.deepEqual([after.ino, after.mode], [before.ino, before.mode]);
    if (name === 'symlink') assert.equal(readlinkSync(join(spool.rejected, 'x')), '/etc/passwd');
  });
}

void test('where the place for refused files is gone, the file stays where it was', () => {
  using spool = makeSpool();
  const path = join(spool.claimed, 'x');
  writeFileSync(path, 'run: [');
  assert.throws(() => refuseFile(path, join(spool.rejected, 'gone'), reasonFor('x')), { code: 'ENOENT' });
  assert.equal(readFileSync(path, 'utf8'), 'run: [');
});

const program = join(import.meta.dirname, '../children/refuse-file.ts');
const elsewhere = '/dev/shm';

/** Another file system that an ordinary user may write to, such as there is on most machines. */
function noOtherDevice(): string | false {
  using spool = makeSpool();
  const status = statSync(elsewhere, { throwIfNoEntry: false });
  return (
    (status === undefined || status.dev === statSync(spool.incoming).dev) &&
    `SYSTEM: ${elsewhere} is no file system of its own`
  );
}

for (const name of ['symlink', 'fifo', 'directory', 'socket'] as const satisfies readonly Oddity[]) {
  const options = { skip: noOtherDevice() };
  void test(`a ${name} is put aside on another file system without being read`, options, async () => {
    using spool = makeSpool();
    using other = mkdtempDisposableSync(join(elsewhere, 'booty-rejected-'));
    await oddities[name](join(spool.claimed, 'x'));
    // In a process of its own: it may hang.
    const { status, signal } = spawnSync(process.execPath, [program, join(spool.claimed, 'x'), other.path], {
      timeout: 1000,
    });
    assert.deepEqual({ status, signal }, { status: 0, signal: null });
    const put = lstatSync(join(other.path, 'x'), { throwIfNoEntry: false });
    assert.ok(put === undefined || !put.isFile() || put.size === 0, 'nothing was copied');
  });
}

void test('a file is put aside on another file system with its content', { skip: noOtherDevice() }, () => {
  using spool = makeSpool();
  using other = mkdtempDisposableSync(join(elsewhere, 'booty-rejected-'));
  writeFileSync(join(spool.claimed, 'x'), 'run: [');
  refuseFile(join(spool.claimed, 'x'), other.path, reasonFor('x'));
  assert.equal(readFileSync(join(other.path, 'x'), 'utf8'), 'run: [');
  assert.equal(existsSync(join(spool.claimed, 'x')), false);
});
