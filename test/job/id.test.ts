import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  dropTokenPattern,
  jobIdOfDrop,
  jobIdOfElapse,
  makeDropToken,
  maxIdLength,
  parseJobId,
  parseKnownId,
  verifierIdOf,
} from '../../src/job/id.ts';
import { instant } from '../../src/job/units.ts';
import { accepted, refusals, specOf } from './parsing.ts';

const bad: readonly string[] = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  '/etc/passwd',
  'a\\b',
  'a\nb',
  'a\n',
  '\n',
  'a\0',
  'a'.repeat(maxIdLength + 1),
  'x'.repeat(300),
  '-a',
  '--help',
  '.hidden',
  '_a',
  'a b',
  ' a',
  'a+verify',
  'a:b',
  'é',
  'a\u0301',
  '💥',
  'nightly\u202Egnp',
  'ａ',
  '%2e%2e%2f',
  '~root',
  '$(id)',
];

void test('an id that could lead out of the job’s place, or be taken for an option, is refused', () => {
  for (const id of bad) {
    assert.equal(parseJobId(id), null, JSON.stringify(id));
    const [refusal] = refusals(JSON.stringify({ id, run: 'true' }));
    assert.equal(refusal.code, 'INVALID_VALUE', JSON.stringify(id));
    assert.equal(refusal.key, 'id');
    assert.match(refusal.message, /^id: expected 1 to 120 letters, digits, dots, underscores or dashes/);
  }
});

void test('an id of letters, digits, dots, underscores and dashes is kept as it is', () => {
  for (const id of ['a', '0', 'nightly-2026-11-24', 'A.b_c-9', 'a..b', 'x'.repeat(maxIdLength)])
    assert.equal(accepted(JSON.stringify({ id, run: 'true' })).id, id);
  assert.equal(accepted('run: "true"').id, null);
});

void test('an id without quotes is what it looks like', () => {
  for (const text of ['20261124', '1.10', '007', '0x1f', '2026-11-24', 'null-1', 'True', '1e3'])
    assert.equal(accepted(`id: ${text}\nrun: "true"`).id, text);
});

void test('an id that is no text is told, not guessed', () => {
  for (const text of ['id: true', 'id: null', 'id: [a]', 'id: {a: b}']) {
    const [refusal] = refusals(`${text}\nrun: "true"`);
    assert.deepEqual([refusal.code, refusal.key, refusal.line], ['INVALID_VALUE', 'id', 1], text);
    assert.equal(refusal.message, 'id: expected an id');
  }
});

const anyName = fc.oneof(
  fc.string({ unit: fc.nat(0x2ffff).map((point) => String.fromCodePoint(point)), maxLength: 120 }),
  fc.constantFrom('../x', 'a/b', '', '-', '...', '💥', '-rf', '.hidden', 'x'.repeat(300)),
);
const anyTime = fc.integer({ min: 0, max: Date.UTC(2059, 0) }).map(instant);

void test('whatever a job is called, the id that Booty makes for it names one file in one directory', () => {
  fc.assert(
    fc.property(anyName, anyTime, (name, at) => {
      const token = makeDropToken(at);
      assert.match(token, dropTokenPattern);
      const id = jobIdOfDrop(name, token);
      assert.equal(id, jobIdOfDrop(name, token));
      assert.equal(parseJobId(id), id);
      for (const made of [id, verifierIdOf(id)]) {
        assert.equal(parseKnownId(made), made);
        assert.equal(relative('/jobs', join('/jobs', made)), made);
      }
    }),
  );
});

void test('an id tells what the job is and when it was dropped', () => {
  const token = makeDropToken(instant(Date.UTC(2026, 10, 24, 2, 0, 0, 999)));
  assert.match(jobIdOfDrop('nightly backup', token), /^nightly-backup-20261124T020000-[0-9a-z]{6}$/);
});

void test('one elapse of a timer is one id, however often it is asked for, and the next is another', () => {
  const elapsedAtUs = Date.UTC(2026, 10, 24, 2, 0, 0) * 1000 + 4512;
  assert.equal(jobIdOfElapse('nightly', elapsedAtUs), 'nightly-20261124T020000-004512');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e15 }), fc.integer({ min: 0, max: 4e15 }), (one, other) => {
      const id = jobIdOfElapse('nightly', one);
      assert.equal(parseJobId(id), id);
      assert.equal(id === jobIdOfElapse('nightly', other), one === other);
    }),
  );
});

void test('files that are taken later sort later', () => {
  fc.assert(
    fc.property(anyTime, fc.integer({ min: 1, max: 1e9 }), (at, later) => {
      assert.ok(makeDropToken(at) < makeDropToken(instant(at + later)));
    }),
  );
});

void test('nobody can ask for the id of another job’s verifier', () => {
  const id = parseJobId('x'.repeat(maxIdLength));
  assert.ok(id);
  assert.equal(parseJobId(verifierIdOf(id)), null);
  assert.equal(parseKnownId(verifierIdOf(id)), verifierIdOf(id));
  for (const text of ['../x', 'a/b', '-a', '.a', '+a', 'a\n', 'x'.repeat(137)]) assert.equal(parseKnownId(text), null);
});

void test('a job without a name is called after its file', () => {
  const table: readonly (readonly [fileName: string, name: string])[] = [
    ['nightly-backup.yaml', 'nightly-backup'],
    ['a.b.yml', 'a.b'],
    ['x.JSON', 'x'],
    ['no-ending', 'no-ending'],
    ['Größe 7.yaml', 'Größe-7'],
    ['-rf.yaml', 'rf'],
    ['a\nb;c.yaml', 'a-b-c'],
    ['💥.yaml', 'job'],
    ['.yaml', 'job'],
    [`${'x'.repeat(190)}.yaml`, 'x'.repeat(100)],
  ];
  for (const [fileName, name] of table) assert.equal(specOf('run: "true"', { fileName }).name, name);
});

void test('a long name of rare letters is not cut in the middle of one', () => {
  assert.ok(specOf('run: "true"', { fileName: `${'x'.repeat(99)}𝒳𝒳.yaml` }).name.isWellFormed());
  const verify = specOf(JSON.stringify({ name: `${'x'.repeat(92)}𝒳`, run: 'a', verify: { run: 'b' } })).verify[0];
  assert.ok(verify?.name.isWellFormed());
});
