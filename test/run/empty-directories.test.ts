import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EmptyDirectories } from '../../src/run/empty-directories.ts';

/** A place for jobs, and what keeps directories there. */
function open(most?: number) {
  const jobs = mkdtempDisposableSync(join(tmpdir(), 'booty-empty-'));
  const directories = new EmptyDirectories(jobs.path, most);
  return { directories, path: (name: string) => join(jobs.path, name), [Symbol.dispose]: () => jobs.remove() };
}

const inode = (path: string): number => statSync(path).ino;

void test('a directory that a job left empty is the next one’s', () => {
  using place = open();
  const { directories, path } = place;
  directories.make(path('a'));
  const first = inode(path('a'));
  assert.equal(directories.keep(path('a')), true);
  assert.equal(existsSync(path('a')), false);
  directories.make(path('b'));
  assert.equal(inode(path('b')), first);
  assert.deepEqual(readdirSync(path('b')), []);
  directories.make(path('c'));
  assert.notEqual(inode(path('c')), first);
});

void test('one that is there already stays as it is', () => {
  using place = open();
  const { directories, path } = place;
  directories.make(path('a'));
  directories.keep(path('a'));
  mkdirSync(path('b'));
  const before = inode(path('b'));
  directories.make(path('b'));
  assert.equal(inode(path('b')), before);
});

const access = (path: string): boolean =>
  spawnSync('python3', ['-c', 'import os, sys; os.setxattr(sys.argv[1], "user.note", b"x")', path]).status === 0;

void test('a directory with another in it, left empty, is the next one’s in one go', () => {
  using place = open();
  const { directories, path } = place;
  directories.makeNest(path('a'), 'work');
  const inodes = [inode(path('a')), inode(path('a/work'))];
  assert.equal(directories.keepNest(path('a'), 'work'), true);
  assert.equal(existsSync(path('a')), false);
  directories.makeNest(path('b'), 'work');
  assert.deepEqual([inode(path('b')), inode(path('b/work'))], inodes);
});

void test('a directory with another in it is made whole where half of it is there', () => {
  using place = open();
  const { directories, path } = place;
  directories.makeNest(path('a'), 'work');
  directories.keepNest(path('a'), 'work');
  directories.make(path('b'));
  directories.makeNest(path('b'), 'work');
  assert.deepEqual(readdirSync(path('b/work')), []);
});

const touchedNests: Readonly<Record<string, (path: string) => unknown>> = {
  'a file beside the inner one': (path) => writeFileSync(join(path, '1.log'), ''),
  'a file in the inner one': (path) => writeFileSync(join(path, 'work/data'), ''),
  'nothing in it': (path) => rmSync(join(path, 'work'), { recursive: true }),
  'a link in place of the inner one': (path) => {
    rmSync(join(path, 'work'), { recursive: true });
    symlinkSync('/dev', join(path, 'work'));
  },
  'other permissions': (path) => chmodSync(path, 0o777),
  'other permissions of the inner one': (path) => chmodSync(join(path, 'work'), 0o777),
};

for (const [what, touch] of Object.entries(touchedNests)) {
  void test(`a directory with another in it of which a job left ${what} is not kept`, () => {
    using place = open();
    const { directories, path } = place;
    directories.makeNest(path('a'), 'work');
    touch(path('a'));
    assert.equal(directories.keepNest(path('a'), 'work'), false);
    assert.equal(existsSync(path('a')), true);
  });
}

const touched: Readonly<Record<string, (path: string) => unknown>> = {
  'a file in it': (path) => writeFileSync(join(path, 'data'), ''),
  'other permissions': (path) => chmodSync(path, 0o777),
  'nothing in its place': (path) => rmSync(path, { recursive: true }),
  'a file in its place': (path) => {
    rmSync(path, { recursive: true });
    writeFileSync(path, '');
  },
};

for (const [what, touch] of Object.entries(touched)) {
  void test(`one of which a job left ${what} is not kept`, () => {
    using place = open();
    const { directories, path } = place;
    directories.make(path('a'));
    touch(path('a'));
    assert.equal(directories.keep(path('a')), false);
  });
}

void test('one to which a job has set an attribute, such as an access list, is not kept', (context) => {
  using place = open();
  const { directories, path } = place;
  directories.make(path('a'));
  if (!access(path('a'))) return context.skip('SYSTEM: this file system has no attributes, or there is no python3');
  assert.equal(directories.keep(path('a')), false);
  assert.equal(existsSync(path('a')), true);
});

void test('no more are kept than are to be', () => {
  using place = open(2);
  const { directories, path } = place;
  for (const name of ['a', 'b', 'c']) directories.make(path(name));
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => directories.keep(path(name))),
    [true, true, false],
  );
});

void test('what an earlier supervisor kept is gone with the first that this one keeps', () => {
  using place = open();
  const { directories, path } = place;
  directories.make(path('a'));
  directories.keep(path('a'));
  const next = new EmptyDirectories(path('.'));
  next.make(path('b'));
  assert.equal(next.keep(path('b')), true);
  assert.equal(readdirSync(path('.empty')).length, 1);
});

void test('where the kept one was taken away meanwhile, another is made', () => {
  using place = open();
  const { directories, path } = place;
  directories.make(path('a'));
  directories.keep(path('a'));
  rmSync(path('.empty'), { recursive: true });
  directories.make(path('b'));
  assert.ok(statSync(path('b')).isDirectory());
});
