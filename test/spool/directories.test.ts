import assert from 'node:assert/strict';
import { accessSync, chmodSync, constants, mkdtempDisposableSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolvePaths } from '../../src/config/paths.ts';
import { BootyError, type ErrorCode } from '../../src/job/error.ts';
import { prepareDirectories } from '../../src/spool/directories.ts';

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
