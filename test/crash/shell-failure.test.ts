import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseShellFailure, readShellFailures, type ShellFailure } from '../../src/crash/shell-failure.ts';

const note = (...fields: readonly (string | number)[]): string => fields.map((field) => `${field}\0`).join('');
/** As bash 5.2 wrote it: `load` called by `main`, called at line 10 of ./a.sh. */
const loaded = note(
  '1795489278.095240',
  1,
  5,
  'grep -q x f',
  3,
  'a.sh',
  'a.sh',
  'a.sh',
  8,
  10,
  0,
  'load',
  'main',
  'main',
);

void test('a command that failed has its line and the calls that led to it', () => {
  const failure = parseShellFailure(loaded);
  assert.equal(failure?.at, 1_795_489_278_095);
  assert.deepEqual(
    failure.frames.map(({ function: name, file, line, source }) => [name, file, line, source]),
    [
      ['main', 'a.sh', 10, null],
      ['main', 'a.sh', 8, null],
      ['load', 'a.sh', 5, 'grep -q x f'],
    ],
  );
});

void test('what a job has forged is read as nothing, and never throws', () => {
  for (const text of [
    '',
    'x',
    note('now', 1, 5, 'x', 0),
    note('1795489278.1', 1, 5, 'x', 9),
    note('1795489278.1', 'a', 5, 'x', 0),
  ])
    assert.equal(parseShellFailure(text), null);
  const field = fc.oneof(fc.string(), fc.integer().map(String), fc.constant('1795489278.1'));
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const failure = parseShellFailure(note(...fields));
      assert.ok(failure === null || Number.isFinite(failure.at));
    }),
  );
});

const failureOf = (at: number, status: number, command: string): ShellFailure => ({ at, status, command, frames: [] });
const read = (failures: readonly ShellFailure[], exitCode: number, lastLine: string | null = null) =>
  readShellFailures(failures, exitCode, 10_000, lastLine)?.exceptions.map(({ value }) => value) ?? null;

void test('the failure that ended the step is told, after those of the shells that it had started', () => {
  assert.deepEqual(read([failureOf(9990, 3, './load')], 3), ['./load: exit status 3']);
  assert.deepEqual(read([failureOf(9990, 3, './load')], 3, 'disk full'), ['./load: disk full']);
  const nested = [failureOf(9990, 3, 'bash inner.sh'), failureOf(9980, 3, './load')];
  assert.deepEqual(read(nested, 3, 'disk full'), ['./load: disk full', 'bash inner.sh: exit status 3']);
});

void test('a failure that was not the reason is not told', () => {
  assert.equal(read([failureOf(9990, 1, 'false')], 3), null, 'exit 3 came after it');
  assert.equal(read([failureOf(5000, 3, 'false')], 3), null, 'it was handled, and long ago');
  assert.equal(read([], 3), null);
  const handled = [failureOf(9990, 3, 'bash inner.sh'), failureOf(2000, 3, 'earlier')];
  assert.deepEqual(read(handled, 3), ['bash inner.sh: exit status 3']);
});
