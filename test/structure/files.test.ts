import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readModules } from './modules.ts';

const maxLines = 350;
const modules = readModules();

/** The lines of the program that a pattern matches: `run/attempt.ts: …`. */
const linesWith = (pattern: RegExp): string[] =>
  modules.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line) => (pattern.test(line) ? [`${path}: ${line.trim()}`] : [])),
  );

void test('no file is named after nothing', () => {
  const name = /(?:^|\/)(?:utils?|helpers?|common|types?|index|misc|shared|lib)\.ts$/;
  assert.deepEqual(
    modules.filter(({ path }) => name.test(path)).map(({ path }) => path),
    [],
  );
  assert.ok(name.test('run/types.ts') && name.test('index.ts') && !name.test('run/deadline.ts'));
});

void test('no file is too long to read', () => {
  assert.ok(modules.every(({ lines }) => lines > 3));
  assert.deepEqual(
    modules.filter(({ lines }) => lines > maxLines).map(({ path, lines }) => `${path}: ${lines} lines`),
    [],
  );
});

void test('everything that is exported has a name', () => {
  assert.deepEqual(linesWith(/^export (?:default|\*)/), []);
});

void test('nothing fails without a word', () => {
  assert.deepEqual(linesWith(/\bcatch\s*(?:\(\w+\)\s*)?\{\s*\}/), []);
});

void test('no stage writes to the terminal by itself', () => {
  const writers = linesWith(/\bconsole\.|process\.(?:stdout|stderr)\.write/).filter(
    // The host of a module is the job's own program: what it prints is the job's output.
    (line) => !line.startsWith('cli/') && !line.startsWith('module/'),
  );
  assert.deepEqual(writers, []);
});

void test('every test is run by scripts/test', () => {
  const tests = join(import.meta.dirname, '..');
  const script = readFileSync(join(tests, '../scripts/test'), 'utf8');
  const named = new Set(script.match(/(?<=test\/\{?)[a-z,]+(?=\}?\/)/g)?.flatMap((names) => names.split(',')));
  const folders = readdirSync(tests, { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && readdirSync(join(tests, entry.name)).some((name) => name.endsWith('.test.ts')),
    )
    .map(({ name }) => name);
  assert.ok(folders.length > 15, folders.join());
  assert.deepEqual(
    folders.filter((name) => !named.has(name)),
    [],
  );
});
