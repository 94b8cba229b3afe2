import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempDisposableSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolvePaths } from '../../src/config/paths.ts';
import { BootyError, type ErrorCode } from '../../src/job/error.ts';
import { prepareDirectories } from '../../src/spool/directories.ts';

const ext4Magic = 0xef53;
const isExt4 = (path: string): boolean => statfsSync(path).type === ext4Magic;
const temporary = () => mkdtempDisposableSync(join(tmpdir(), 'booty-places-'));

/** Fails the test unless one clear error names the path and a remedy. */
const refuses = (root: string, code: ErrorCode, path: string): void =>
  assert.throws(
    () => prepareDirectories(resolvePaths({ root }, {}, {})),
    (error) =>
      error instanceof BootyError && error.code === code && error.message.startsWith(`${path} `) && error.hint !== '',
  );

void test('what is missing is made, for nobody else to read what is not theirs', () => {
  using directory = temporary();
  const paths = resolvePaths({ root: directory.path }, {}, {});
  prepareDirectories(paths);
  prepareDirectories(paths);
  for (const path of [paths.incoming, paths.claimed, paths.rejected, paths.outcomes, paths.jobs, paths.outbox])
    assert.doesNotThrow(() => accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK));
  for (const path of [paths.claimed, paths.outbox]) assert.equal(statSync(path).mode & 0o077, 0, path);
  for (const path of [paths.incoming, paths.rejected, paths.state, paths.jobs])
    assert.equal(statSync(path).mode & 0o007, 0, path);
});

/** The letters by which lsattr(1) tells of a directory. */
function flagsOf(path: string): string {
  const { status, stdout, stderr } = spawnSync('lsattr', ['-d', path], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.split(' ')[0] ?? '';
}

void test('on ext4 the directories of a new spool are put far from each other, and those of another are left as they are', (context) => {
  using directory = temporary();
  using old = temporary();
  const paths = resolvePaths({ root: directory.path }, {}, {});
  prepareDirectories(paths);
  if (!isExt4(directory.path)) return context.skip('this file system is not ext4');
  for (const path of [paths.spool, paths.state]) assert.match(flagsOf(path), /T/, path);
  mkdirSync(join(old.path, 'spool'));
  prepareDirectories(resolvePaths({ root: old.path }, {}, {}));
  assert.doesNotMatch(flagsOf(join(old.path, 'spool')), /T/);
});

void test('a file where a directory should be is told', () => {
  using directory = temporary();
  writeFileSync(join(directory.path, 'spool'), '');
  refuses(directory.path, 'SPOOL_MISSING', join(directory.path, 'spool'));
  using another = temporary();
  writeFileSync(join(another.path, 'lib'), '');
  refuses(another.path, 'STATE_NOT_WRITABLE', join(another.path, 'lib'));
});

void test('a place that this user may not write to is told', {
  skip: process.getuid?.() === 0 && 'root may write everywhere',
}, () => {
  using directory = temporary();
  chmodSync(directory.path, 0o500);
  try {
    refuses(directory.path, 'SPOOL_NOT_WRITABLE', join(directory.path, 'spool'));
  } finally {
    chmodSync(directory.path, 0o700);
  }
});
