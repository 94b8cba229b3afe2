import assert from 'node:assert/strict';
import { chmodSync, closeSync, mkdirSync, mkdtempDisposableSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChild } from '../../src/run/child.ts';
import { run } from './children.ts';

/** Directories with programs that print where they are: `text` has no `#!`, `closed` may not be executed. */
function makePlaces() {
  const directory = mkdtempDisposableSync(join(tmpdir(), 'booty-path-'));
  const put = (place: string, name: string, content: string, mode = 0o755): void => {
    mkdirSync(join(directory.path, place), { recursive: true });
    writeFileSync(join(directory.path, place, name), content, { mode });
  };
  put('a', 'both', '#!/bin/sh\necho a "$@"\n');
  put('b', 'both', '#!/bin/sh\necho b "$@"\n');
  put('closed', 'both', '#!/bin/sh\necho closed\n', 0o644);
  put('closed', 'only-closed', '#!/bin/sh\n', 0o644);
  put('lost', 'both', '#!/no/such/interpreter\n');
  put('text', 'both', 'echo text "$0" "$@"\n');
  put('.', 'plain-file', '');
  const at = (...names: readonly string[]): string => names.map((name) => join(directory.path, name)).join(':');
  return { at, path: directory.path, [Symbol.dispose]: () => directory.remove() };
}

void test('a program is found as execvp finds it, on the PATH of its own environment', async () => {
  using places = makePlaces();
  const { at } = places;
  const found = async (env: Record<string, string>, name = 'both', cwd = places.path): Promise<string> =>
    (await run([name, 'x y'], { env, cwd })).stdout;
  assert.equal(await found({ PATH: at('a', 'b') }), 'a x y\n', 'the first');
  assert.equal(
    await found({ PATH: at('none', 'plain-file', 'b', 'a') }),
    'b x y\n',
    'what is no directory is passed over',
  );
  assert.equal(await found({ PATH: at('closed', 'b') }), 'b x y\n', 'what may not be executed is passed over');
  assert.equal(await found({ PATH: at('lost', 'b') }), 'b x y\n', 'a lost interpreter is passed over');
  assert.equal(await found({ PATH: at('text', 'b') }), `text ${at('text')}/both x y\n`, 'a text is the shell’s');
  assert.equal(await found({ PATH: 'none:b:a' }), 'b x y\n', 'from the child’s own directory');
  assert.equal(await found({ PATH: `none:` }, 'both', at('a')), 'a x y\n', 'an empty one is the child’s own directory');
  assert.equal(await found({ PATH: '' }, 'both', at('a')), 'a x y\n');
  assert.equal(await found({ PATH: '/none' }, './a/both'), 'a x y\n', 'a slash: no search');
  assert.equal(await found({}, 'printf'), 'x y', 'without PATH, where the system’s programs are');
});

void test('a program that is not found on PATH is told apart from one that may not be executed', async () => {
  using places = makePlaces();
  const { at } = places;
  const codeOf = async (name: string, PATH: string): Promise<string> => {
    const started = await startChild({ argv: [name], cwd: places.path, env: { PATH } }, () => undefined);
    assert.equal(started.kind, 'spawn', name);
    return started.kind === 'spawn' ? `${started.code} ${started.message}` : '';
  };
  assert.equal(await codeOf('none', at('a', 'b')), 'ENOENT none: no such program (ENOENT)');
  assert.equal(await codeOf('both', at('lost')), 'ENOENT both: no such program (ENOENT)');
  assert.equal(
    await codeOf('only-closed', at('a', 'closed', 'b')),
    'EACCES only-closed: not executable by this user (EACCES)',
  );
  assert.equal(await codeOf('a', places.path), 'EACCES a: not executable by this user (EACCES)', 'a directory');
  assert.equal(await codeOf('plain-file/x', at('a')), 'ENOTDIR plain-file/x: ENOTDIR');
  chmodSync(join(places.path, 'a'), 0o600);
  // Nobody keeps root out.
  const shut = process.getuid?.() === 0 ? 'ENOENT' : 'EACCES';
  assert.equal((await codeOf('nothing-there', at('a'))).slice(0, 6), shut);
  chmodSync(join(places.path, 'a'), 0o700);
});

void test('an executable text without #! is run by a shell, as execvp does', async () => {
  using places = makePlaces();
  const path = places.at('text/both');
  assert.equal((await run([path, 'one', 'two'])).stdout, `text ${path} one two\n`);
});

void test('texts reach a child as UTF-8, whole, and as they are', async () => {
  const odd = ['', ' ', 'ä€😀', '\u{10ffff}', '\ud800x', 'a\nb', '-n', '*', 'x'.repeat(100_000)];
  const { stdout } = await run(['sh', '-c', String.raw`printf '%s\0' "$@" "$ODD" "$EMPTY"`, 'sh', ...odd], {
    env: { PATH: '/usr/bin:/bin', ODD: 'Ö\t=€', EMPTY: '', ['NAME WITH ä']: 'x' },
  });
  const texts = Buffer.from(stdout, 'latin1').toString('utf8').split('\0');
  assert.deepEqual(texts, [...odd.map((text) => text.toWellFormed()), 'Ö\t=€', '', '']);
  const { stdout: listed } = await run(['env'], { env: { PATH: '/usr/bin:/bin', 'NAME WITH ä': 'x', EMPTY: '' } });
  assert.equal(Buffer.from(listed, 'latin1').toString('utf8'), 'PATH=/usr/bin:/bin\nNAME WITH ä=x\nEMPTY=\n');
});

void test('much text comes through: two megabytes of variables', async () => {
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`V${n}`, 'v'.repeat(100_000)]));
  const { stdout } = await run(['sh', '-c', 'env | wc -c'], { env: { PATH: '/usr/bin:/bin', ...many } });
  assert.ok(Number(stdout) > 2_000_000, stdout);
});

void test('a script that is still open for writing for a moment is waited for, and one that stays so is told', async () => {
  using places = makePlaces();
  const path = places.at('busy-script');
  writeFileSync(path, '#!/bin/sh\necho done\n', { mode: 0o755 });
  const file = openSync(path, 'r+');
  setTimeout(() => closeSync(file), 30);
  assert.equal((await run([path])).stdout, 'done\n');
  const stays = openSync(path, 'r+');
  const started = await startChild({ argv: [path], cwd: '/', env: {} }, () => undefined);
  closeSync(stays);
  assert.ok(started.kind === 'spawn' && started.code === 'ETXTBSY', JSON.stringify(started));
});

void test('a text with a NUL is refused: the system would end it there', async () => {
  const refused = async (rest: {
    argv?: [string, ...string[]];
    cwd?: string;
    env?: Record<string, string>;
  }): Promise<boolean> => {
    const started = await startChild({ argv: ['true'], cwd: '/', env: { PATH: '/bin' }, ...rest }, () => undefined);
    return started.kind === 'spawn' && started.code === 'ERR_INVALID_ARG_VALUE';
  };
  assert.ok(await refused({ argv: ['true\0x'] }));
  assert.ok(await refused({ argv: ['true', 'a\0'] }));
  assert.ok(await refused({ cwd: '/\0tmp' }));
  assert.ok(await refused({ env: { PATH: '/bin', A: 'x\0y' } }));
  assert.ok(await refused({ env: { PATH: '/bin', 'A\0': 'x' } }));
});
