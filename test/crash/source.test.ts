import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashEvent } from '../../src/crash/event.ts';
import type { CrashReading } from '../../src/crash/exception.ts';
import { readSources } from '../../src/crash/source.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { Root } from '../harness/root.ts';
import { crashOf } from './crashes.ts';

const readingOf = (...files: readonly string[]): CrashReading => ({
  platform: 'python',
  exceptions: [
    {
      type: 'E',
      value: '',
      frames: files.map((file) => ({ function: 'f', file, line: 3, column: null, source: 'c', inApp: true })),
    },
  ],
});
const text = 'a\nb\nc\nd\ne\n';

async function place(): Promise<{ root: Root; workdir: string }> {
  const root = await Root.make();
  const workdir = root.in('jobs/n-1/work');
  mkdirSync(workdir, { recursive: true });
  writeFileSync(join(workdir, 'a.py'), text);
  return { root, workdir };
}

void test('lines of the job’s own source go along where it asks for them', async () => {
  const { root, workdir } = await place();
  await using _root = root;
  const files = [join(workdir, 'a.py'), 'a.py'];
  const frames = (lines: number) => {
    const reading = readingOf(...files);
    const crash = crashOf({
      reading,
      workdir,
      sources: readSources(reading, { workdir, cwd: workdir }, [], lines, new Redactor()),
    });
    return crashEvent(crash, 'db1').event.exception?.values?.[0]?.stacktrace?.frames ?? [];
  };
  for (const frame of frames(1)) {
    assert.deepEqual([frame.pre_context, frame.context_line, frame.post_context], [['b'], 'c', ['d']]);
    assert.equal(frame.filename, 'a.py');
  }
  for (const frame of frames(20)) assert.deepEqual(frame.pre_context, ['a', 'b']);
  for (const frame of frames(0)) assert.equal('pre_context' in frame, false);
});

void test('nothing else of the machine goes along, whatever a job prints', async () => {
  const { root, workdir } = await place();
  await using _root = root;
  await root.write('secret.txt', text);
  mkdirSync(root.in('jobs/n-2/work'), { recursive: true });
  await root.write('jobs/n-2/work/b.py', text);
  symlinkSync(root.in('secret.txt'), join(workdir, 'link.py'));
  execFileSync('mkfifo', [join(workdir, 'fifo.py')]);
  writeFileSync(join(workdir, 'large.py'), Buffer.alloc(2 * 1024 ** 2, 'x\n'));
  const files = [
    root.in('secret.txt'),
    `${workdir}/../../../secret.txt`,
    join(workdir, 'link.py'),
    join(workdir, 'fifo.py'),
    join(workdir, 'large.py'),
    root.in('jobs/n-2/work/b.py'),
    workdir,
    'none.py',
    '/proc/self/environ',
    'a\0b',
    '',
  ];
  assert.deepEqual(
    [...readSources(readingOf(...files), { workdir, cwd: workdir }, [], 5, new Redactor()).files.keys()],
    [],
  );
});

void test('a secret in the source, also one that the limit of a line or of the lines cuts, does not go along', async () => {
  const { root, workdir } = await place();
  await using _root = root;
  const secret = 'correct horse battery staple';
  const key = ['-----BEGIN PRIVATE KEY-----', 'MIIEvgIBADANBgkqhkiG9w0BAQEFAASC', '-----END PRIVATE KEY-----'].join(
    '\n',
  );
  const rows = [`${'x'.repeat(190)}${secret}`, `${secret}, `.repeat(200), `password = "${secret}"`, 'd', key];
  writeFileSync(join(workdir, 'a.py'), rows.join('\n'));
  const redactor = new Redactor([{ name: 'KEY', value: secret }]);
  for (const lines of [1, 2, 5]) {
    const reading = readingOf('a.py');
    const crash = crashOf({
      reading,
      workdir,
      sources: readSources(reading, { workdir, cwd: workdir }, [], lines, redactor),
    });
    const frames = crashEvent(crash, 'db1').event.exception?.values?.[0]?.stacktrace?.frames ?? [];
    assert.doesNotMatch(JSON.stringify(frames), /corr|horse|MIIE/);
  }
});
