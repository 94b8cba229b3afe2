import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { readLogLines } from '../../src/crash/handed-over.ts';
import { maxLogFileBytes } from '../../src/job/module-call.ts';
import { hostedContext } from '../../src/module/context.ts';

/** The context that a host would make, with what it prints held back. */
function contextIn(directory: string) {
  const printed: string[] = [];
  mock.method(process.stderr, 'write', (text: string) => printed.push(text) > 0);
  const path = join(directory, 'log.jsonl');
  const call = { module: '/m.ts', modules: '/', export: null, with: null, errorPath: '/nowhere', logPath: path };
  const env = { BOOTY_JOB_KIND: 'pipeline', BOOTY_OUTPUT: join(directory, 'output') };
  return { job: hostedContext(call, env).job, path, printed };
}

void test('a module that logs without end leaves a file that has one, with its last hundred lines', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-log-'));
  try {
    const { job, path, printed } = contextIn(directory.path);
    let before = 0;
    let begun = 0;
    for (let row = 0; row < 5000; row += 1) {
      job.log.info(`row ${row}`, 'x'.repeat(row % 1000));
      const { size } = statSync(path);
      assert.ok(size <= maxLogFileBytes, `${size} bytes`);
      if (size < before) {
        begun += 1;
        assert.equal(readLogLines(readFileSync(path, 'utf8')).length, 100, 'begun anew with what matters');
      }
      before = size;
    }
    assert.ok(begun > 2, `begun anew ${begun} times`);
    const lines = readLogLines(readFileSync(path, 'utf8'));
    assert.equal(lines.length, 100);
    assert.deepEqual(
      [lines[0]?.message.split(' x')[0], lines.at(-1)?.message.split(' x')[0]],
      ['row 4900', 'row 4999'],
    );
    assert.equal(printed.length, 5000);
  } finally {
    mock.restoreAll();
  }
});

void test('a disk that refuses log lines is told of once, and ends nothing', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-log-'));
  try {
    const { job, printed } = contextIn(join(directory.path, 'nowhere'));
    job.log.warn('one');
    job.log.warn('two');
    assert.deepEqual(
      printed.map((line) => line.split(':', 1)[0]),
      ['warning', 'booty', 'warning'],
    );
  } finally {
    mock.restoreAll();
  }
});

void test('outputs for which there is no more room are refused, and none of them halved', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-log-'));
  const { job } = contextIn(directory.path);
  mock.restoreAll();
  job.output('first', 'x'.repeat(60_000));
  assert.throws(() => job.output('second', 'y'.repeat(6000)), RangeError);
  job.output('third', true);
  assert.deepEqual(Object.keys(job.outputs), ['first', 'third']);
  assert.throws(() => job.output('two', 'a\nb'), TypeError);
  assert.throws(() => job.output('object', {} as unknown as string), TypeError);
  assert.throws(() => job.reject('no'), /only a verifier rejects/);
});
