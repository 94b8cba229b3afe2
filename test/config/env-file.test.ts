import assert from 'node:assert/strict';
import { chmodSync, closeSync, mkdirSync, mkdtempDisposableSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { envFile, readEnvFile } from '../../src/config/env-file.ts';

const valuesOf = (text: string) => envFile('secrets.env', text, 0o600).values;

/** People use these files with systemd too. What Booty does is what dotenv does: this tells them where the two part. */
const lines: readonly (readonly [what: string, line: string, values: Readonly<Record<string, string>>])[] = [
  ['a plain value', 'A=b', { A: 'b' }],
  ['an empty value', 'A=', { A: '' }],
  ['spaces around', '  A = b c  ', { A: 'b c' }],
  ['a comment after a value', 'A=val # c', { A: 'val' }],
  ['a # in quotes', 'A="x#y"', { A: 'x#y' }],
  ['a comment after quotes', 'A="x" # c', { A: 'x' }],
  ['export', 'export A=1', { A: '1' }],
  ['names that no shell takes', '1V=a\nW.x=b\nX-y=c', { '1V': 'a', 'W.x': 'b', 'X-y': 'c' }],
  ['\\n in double quotes', 'A="a\\nb"', { A: 'a\nb' }],
  ['\\n in single quotes', "A='a\\nb'", { A: 'a\\nb' }],
  ['escaped quotes and dollars', 'A="a\\"b\\$c"', { A: 'a\\"b\\$c' }],
  ['a backslash before a space', 'A=a\\ b', { A: 'a\\ b' }],
  ['backticks', 'A=`a "b" c`', { A: 'a "b" c' }],
  ['a colon', 'A: b', { A: 'b' }],
  ['two quoted parts', 'A="a" "b"', { A: 'a" "b' }],
  ['an open quote', 'A="a\nB=c', { A: '"a', B: 'c' }],
  ['a variable', 'A=$HOME ${HOME}', { A: '$HOME ${HOME}' }],
  ['a value of two lines', 'A="a\nb"\nB=c', { A: 'a\nb', B: 'c' }],
  ['the last of two', 'A=a\nA=b', { A: 'b' }],
  ['comments and blank lines', '# A=a\n\n   \n#\nB=b', { B: 'b' }],
  ['Windows line ends', 'A=a\r\nB=b\r\n', { A: 'a', B: 'b' }],
  ['a byte order mark', '\uFEFFA=a\nB=b', { A: 'a', B: 'b' }],
  ['nothing', '', {}],
];

for (const [what, line, values] of lines)
  void test(`${what} in an environment file is read as dotenv reads it`, () =>
    assert.deepEqual({ ...valuesOf(line) }, values));

void test('a file never reaches the environment of the program', () => {
  valuesOf('BOOTY_TEST_LEAK=1\nSENTRY_DSN=x');
  assert.equal(process.env.BOOTY_TEST_LEAK, undefined);
  assert.equal(process.env.SENTRY_DSN, undefined);
});

void test('a variable is named with its file and line', () => {
  const file = envFile('/etc/booty/secrets.env', '# c\nexport C=1\n  B : 2\nA=3\nAB=4\n\n#X=1\nX=2', 0o600);
  const table = { A: ':4', B: ':3', C: ':2', AB: ':5', X: ':8', missing: '' };
  for (const [name, line] of Object.entries(table)) assert.equal(file.where(name), `/etc/booty/secrets.env${line}`);
});

void test('a file that is there is read with its mode; one that is not is no failure', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-config-'));
  const path = join(directory.path, 'secrets.env');
  assert.deepEqual(readEnvFile(path), { kind: 'missing' });
  writeFileSync(path, 'A=b\n');
  for (const mode of [0o600, 0o640, 0o644]) {
    chmodSync(path, mode);
    const read = readEnvFile(path);
    assert.ok(read.kind === 'read');
    assert.deepEqual([read.file.path, read.file.mode, { ...read.file.values }], [path, mode, { A: 'b' }]);
  }
  assert.deepEqual(readEnvFile('/dev/null'), { kind: 'missing' });
});

void test('what cannot be an environment file is told with the system’s code', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-config-'));
  const path = join(directory.path, 'x.env');
  mkdirSync(path);
  assert.deepEqual(readEnvFile(path), { kind: 'failed', path, code: 'EISDIR' });
  assert.deepEqual(readEnvFile(`${path}/`), { kind: 'failed', path: `${path}/`, code: 'EISDIR' });
  const large = join(directory.path, 'large.env');
  writeFileSync(large, '#'.repeat(1024 * 1024 + 1));
  assert.deepEqual(readEnvFile(large), { kind: 'failed', path: large, code: 'EFBIG' });
  const below = join(large, 'x.env');
  assert.deepEqual(readEnvFile(below), { kind: 'failed', path: below, code: 'ENOTDIR' });
});

void test('a file that this user may not read is told', {
  skip: process.getuid?.() === 0 && 'root may read everything',
}, () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-config-'));
  const path = join(directory.path, 'secrets.env');
  writeFileSync(path, 'A=b', { mode: 0 });
  assert.deepEqual(readEnvFile(path), { kind: 'failed', path, code: 'EACCES' });
});

void test('a descriptor that is already open is read in the place of the path', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-config-'));
  const path = join(directory.path, 'secrets.env');
  writeFileSync(path, 'A=b');
  const descriptor = openSync(path, 'r');
  try {
    const read = readEnvFile('/run/credentials/secrets.env', descriptor);
    assert.ok(read.kind === 'read');
    assert.equal(read.file.where('A'), '/run/credentials/secrets.env:1');
  } finally {
    closeSync(descriptor);
  }
});
