import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  openSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { verifierIdOf } from '../../src/job/id.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { EmptyDirectories } from '../../src/run/empty-directories.ts';
import { logPath, makeWorkdir, placeOf, readOutputs, readVerdict, tidy } from '../../src/run/workdir.ts';
import { idOf } from '../schedule/jobs.ts';

const temporary = () => mkdtempDisposableSync(join(tmpdir(), 'booty-workdir-'));
const id = idOf('nightly');
const none = new EmptyDirectories('/nowhere', 0);

/** What readOutputs makes of the content that a job wrote. */
function outputsOf(content: string | Uint8Array): Readonly<Record<string, string>> {
  using directory = temporary();
  const place = placeOf(directory.path, id, null);
  makeWorkdir(place, none);
  writeFileSync(place.outputPath, content);
  return readOutputs(place, new Redactor());
}

void test('the outputs of a job are its lines of key=value, and of equal keys the last', () => {
  assert.deepEqual(outputsOf('rows=7\nurl=https://x/?a=b\nempty=\n_a.b-c=1\nrows=8\n'), {
    rows: '8',
    url: 'https://x/?a=b',
    empty: '',
    '_a.b-c': '1',
  });
  assert.deepEqual(outputsOf('a=1\r\nb=2'), { a: '1', b: '2' });
  assert.deepEqual(outputsOf('1a=x\n=x\nno line\n a=x\n\na b=x\n'), {});
  assert.deepEqual(outputsOf(''), {});
});

void test('whatever a job writes as its outputs, they stay few and small', () => {
  const many = outputsOf(Array.from({ length: 1000 }, (_, index) => `k${index}=v\n`).join(''));
  assert.equal(Object.keys(many).length, 100);
  assert.ok(JSON.stringify(outputsOf(`a=${'x'.repeat(1_000_000)}\n`)).length <= 66_000);
  assert.deepEqual(Object.keys(outputsOf('__proto__=x\nconstructor=y\n')), ['__proto__', 'constructor']);
  const odd = outputsOf(Buffer.from([...Buffer.from('a='), 0xff, 0, 0x1b, 0x0a]));
  assert.deepEqual(odd, { a: '\uFFFD\0\u001b' });
});

void test('an output that the limit cuts is left out, not halved', () => {
  assert.deepEqual(outputsOf(`a=1\nb=${'x'.repeat(70_000)}\n`), { a: '1' });
});

const obstacles: Readonly<Record<string, (path: string) => void>> = {
  nothing: () => undefined,
  'a link': (path) => {
    writeFileSync(`${path}.secret`, 'a=secret\n');
    symlinkSync(`${path}.secret`, path);
  },
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdirSync(path),
};

for (const [what, make] of Object.entries(obstacles)) {
  void test(`${what} where outputs and verdict should be is neither followed nor waited for`, { timeout: 5000 }, () => {
    using directory = temporary();
    const place = placeOf(directory.path, id, null);
    makeWorkdir(place, none);
    make(place.outputPath);
    assert.deepEqual(readOutputs(place, new Redactor()), {});
    const verdict = join(place.directory, 'verdict');
    make(verdict);
    assert.equal(readVerdict(verdict, new Redactor()), null);
  });
}

void test('a FIFO that is held open is not waited for', { timeout: 5000 }, () => {
  using directory = temporary();
  const path = join(directory.path, 'verdict');
  execFileSync('mkfifo', [path]);
  const end = openSync(path, 'r+');
  assert.equal(readVerdict(path, new Redactor()), null);
  closeSync(end);
});

void test('a verdict is one line', () => {
  using directory = temporary();
  const path = join(directory.path, 'verdict');
  for (const [content, verdict] of [
    ['row 7 is bad\n', 'row 7 is bad'],
    ['  row 7 \r\nmore\n', 'row 7'],
    ['\nlater', null],
    ['', null],
    [' \n', null],
    ['x'.repeat(100_000), 'x'.repeat(1000)],
  ] as const) {
    writeFileSync(path, content);
    assert.equal(readVerdict(path, new Redactor()), verdict, JSON.stringify(content.slice(0, 20)));
  }
});

void test('a job’s directory lies in the place for jobs, and a verifier works in its pipeline’s', () => {
  const pipeline = placeOf('/jobs', id, null);
  const verifier = placeOf('/jobs', verifierIdOf(id), id);
  assert.equal(dirname(pipeline.directory), '/jobs');
  assert.deepEqual(verifier, {
    directory: '/jobs/nightly+verify',
    workdir: pipeline.workdir,
    outputPath: '/jobs/nightly+verify/output',
  });
  assert.notEqual(logPath(pipeline, 1), logPath(pipeline, 2));
});

/** The files below a directory of jobs. */
const filesIn = (jobs: string): string[] => readdirSync(jobs, { recursive: true }).map(String).sort();

/** A job that has worked, printed and written all that it may. */
function worked(jobs: string, verifies = false): void {
  const place = verifies ? placeOf(jobs, verifierIdOf(id), id) : placeOf(jobs, id, null);
  makeWorkdir(place, none);
  writeFileSync(join(place.workdir, 'data'), '');
  writeFileSync(logPath(place, 1), 'log');
  for (const name of ['output', 'script', 'verdict', 'pipeline-outcome.json'])
    writeFileSync(join(place.directory, name), '');
}

void test('an attempt leaves its log and nothing else', () => {
  using directory = temporary();
  const jobs = directory.path;
  for (const ended of [true, false]) {
    worked(jobs);
    tidy(jobs, id, null, ended, none);
    assert.deepEqual(filesIn(jobs), ['nightly', 'nightly/1.log']);
    tidy(jobs, id, null, ended, none);
  }
});

void test('a job that printed nothing leaves nothing once it has ended', () => {
  using directory = temporary();
  makeWorkdir(placeOf(directory.path, id, null), none);
  tidy(directory.path, id, null, true, none);
  assert.deepEqual(filesIn(directory.path), []);
});

void test('what a pipeline made is there for its verifiers, until it has ended', () => {
  using directory = temporary();
  const jobs = directory.path;
  const verifierId = verifierIdOf(id);
  worked(jobs, true);
  tidy(jobs, verifierId, id, false, none);
  assert.equal(existsSync(join(jobs, 'nightly/work/data')), true);
  assert.deepEqual(readdirSync(join(jobs, verifierId)), ['1.log']);
  tidy(jobs, verifierId, id, true, none);
  assert.equal(existsSync(join(jobs, 'nightly/work/data')), true);
  tidy(jobs, id, null, true, none);
  assert.deepEqual(filesIn(jobs), ['nightly+verify', 'nightly+verify/1.log']);
});

void test('what a job has locked away is removed all the same', () => {
  using directory = temporary();
  const place = placeOf(directory.path, id, null);
  makeWorkdir(place, none);
  const locked = join(place.workdir, 'cache');
  mkdirSync(locked);
  writeFileSync(join(locked, 'module'), '');
  chmodSync(locked, 0o555);
  try {
    tidy(directory.path, id, null, true, none);
    assert.equal(existsSync(place.workdir), false);
  } finally {
    if (existsSync(locked)) chmodSync(locked, 0o755);
  }
});
