import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Crash } from '../../src/crash/crash.ts';
import { fingerprintOf, groupOf } from '../../src/crash/grouping.ts';
import { normalise } from '../../src/crash/normalise.ts';
import { readCrash } from '../../src/crash/read.ts';
import { crashOf, jobOf } from './crashes.ts';

const workdirOf = (id: string): string => `/var/lib/booty/jobs/${id}/work`;

/** The crash of a program that printed this, in one run of a job. */
function crashIn(run: string, text: string, rest: Partial<Crash> = {}): Crash {
  const stderr = text.replaceAll('@workdir', workdirOf(run)).replaceAll('@id', run);
  const lastLine = stderr.trim().split('\n').at(-1) ?? null;
  return crashOf({ job: jobOf(run), workdir: workdirOf(run), reading: readCrash(stderr, ''), lastLine, ...rest });
}

void test('lines that only differ in when, where and for whom they were printed are the same', () => {
  const pairs = [
    ['2026-11-24T01:02:03.123Z ERROR no route', '2027-01-02 11:12:13,5 ERROR no route'],
    ['Nov 24 01:02:03 db1 load[123]: bad row', 'Dec  1 11:12:13 db1 load[99871]: bad row'],
    ['cannot open /tmp/tmp.aB3xYz/a.csv: No such file', 'cannot open /tmp/tmp.Qq9/a.csv: No such file'],
    ['connection to 10.0.0.1:5432 refused', 'connection to 10.99.3.17:5433 refused'],
    ['user 550e8400-e29b-41d4-a716-446655440000 is unknown', 'user 123e4567-e89b-12d3-a456-426614174000 is unknown'],
    ['<Thing object at 0x7f3a2b10>', '<Thing object at 0x55aa00ff11>'],
    ['row 17 of 99', 'row 3,000.5 of 1e5'.replace('1e5', '12')],
    ['took 12.5s', 'took 3s'],
    ['commit d41d8cd98f00b204e9800998ecf8427e', 'commit 0123456789abcdef0123456789abcdef'],
  ] as const;
  for (const [one, other] of pairs) assert.equal(normalise(one, []), normalise(other, []), one);
});

void test('lines that tell of different failures are different', () => {
  const lines = [
    'HTTP 503 from the server',
    'HTTP 404 from the server',
    'errno 28',
    'errno 2',
    'exit code 3',
    'exit code 4',
    'status: 401',
    'status: 403',
    'no route to host',
    'ERROR: relation "users" does not exist',
    'ERROR: relation "orders" does not exist',
    'utf8 expected',
    'utf16 expected',
  ];
  assert.equal(new Set(lines.map((line) => normalise(line, []))).size, lines.length);
});

void test('a line of any length and kind is normalised in time proportional to it', () => {
  const unit = ['1:', 'a1', '0x', '-12', '/tmp/', 'Jan 1', '1.1.1.1', 'deadbeef1', 'HTTP ', 'f:f:'];
  for (const piece of unit) {
    const began = performance.now();
    normalise(piece.repeat(1_000_000 / piece.length), []);
    assert.ok(performance.now() - began < 50, piece);
  }
});

void test('without a stack it is grouped by name, step, cause, code and the normalised last line', () => {
  assert.deepEqual(fingerprintOf(crashIn('nightly-1', 'row 17 of @id is bad')), [
    'booty',
    'nightly',
    'load',
    'exit-code',
    '3',
    'row <n> of <id> is bad',
  ]);
  const lines = ['row 17 of @id is bad', 'no space in @workdir/out', 'pid 17: gone'];
  for (const line of lines) assert.equal(groupOf(crashIn('n-1', line)), groupOf(crashIn('n-2', line)), line);
  const others: Partial<Crash>[] = [
    {},
    { step: 'upload' },
    { cause: 'signal', exit: { kind: 'signal', signal: 'SIGKILL' } },
    { cause: 'signal', exit: { kind: 'signal', signal: 'SIGSEGV' } },
    { exit: { kind: 'code', code: 4 } },
    { lastLine: 'another' },
  ];
  const groups = others.map((rest) => groupOf(crashIn('n-1', 'bad', rest)));
  assert.equal(new Set(groups).size, others.length);
});

const trace = (value: string, ...frames: readonly string[]): string =>
  ['Traceback (most recent call last):', ...frames, `ValueError: ${value}`].join('\n');
const top = '  File "@workdir/load.py", line 9, in <module>\n    main()';
const inner = '  File "@workdir/load.py", line 5, in row\n    raise ValueError(x)';

void test('with a stack it is Sentry that groups, and what was said does not count', () => {
  assert.equal(fingerprintOf(crashIn('n-1', trace('bad row 17', top, inner))), null);
  const group = groupOf(crashIn('n-1', trace('bad row 17', top, inner)));
  assert.equal(groupOf(crashIn('n-2', trace('quite another text', top, inner))), group);
  const elsewhere = inner.replace('in row', 'in column');
  assert.notEqual(groupOf(crashIn('n-1', trace('bad row 17', top, elsewhere))), group);
  assert.notEqual(groupOf(crashIn('n-1', trace('bad', top, inner).replace('ValueError:', 'KeyError:'))), group);
});

void test('a stack that names no function is grouped by what was said as well', () => {
  assert.deepEqual(fingerprintOf(crashIn('n-1', trace('bad row 17 of @id', top))), [
    '{{ default }}',
    'ValueError',
    'bad row <n> of <id>',
  ]);
  const group = groupOf(crashIn('n-1', trace('bad row 17 of @id', top)));
  assert.equal(groupOf(crashIn('n-2', trace('bad row 18 of @id', top))), group);
  assert.notEqual(groupOf(crashIn('n-1', trace('no such column', top))), group);
});

void test('a job file may say itself what is grouped', () => {
  const ruled = (fingerprint: readonly string[]): Partial<Crash> => {
    const job = jobOf('n-1');
    return { job: { ...job, spec: { ...job.spec, crash: { ...job.spec.crash, fingerprint } } } };
  };
  const own = { ...ruled(['imports']) };
  assert.deepEqual(fingerprintOf(crashIn('n-1', 'bad', own)), ['imports']);
  assert.equal(groupOf(crashIn('n-1', 'bad', own)), groupOf(crashIn('n-1', trace('x', top, inner), own)));
  const finer = ruled(['{{default}}', 'eu']);
  assert.deepEqual(fingerprintOf(crashIn('n-1', trace('x', top, inner), finer)), ['{{ default }}', 'eu']);
  assert.deepEqual(fingerprintOf(crashIn('n-1', 'bad', finer))?.at(-1), 'eu');
  assert.notEqual(groupOf(crashIn('n-1', 'bad', finer)), groupOf(crashIn('n-1', 'bad')));
});
