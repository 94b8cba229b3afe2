import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isBeingWritten } from '../../src/spool/claim.ts';
import { makeSpool, type Oddity, oddities } from './places.ts';

void test('a file that its producer still has open is seen to be so, until it is closed', () => {
  using spool = makeSpool();
  const path = join(spool.incoming, 'a');
  for (const flags of ['w', 'a', 'r+']) {
    writeFileSync(path, 'run: x');
    const file = openSync(path, flags);
    assert.equal(isBeingWritten(spool.incoming, 'a'), true, flags);
    closeSync(file);
    assert.equal(isBeingWritten(spool.incoming, 'a'), false, flags);
  }
  const reader = openSync(path, 'r');
  assert.equal(isBeingWritten(spool.incoming, 'a'), false, 'who only reads it does not hold it up');
  closeSync(reader);
});

void test('another process that writes is seen too', async () => {
  using spool = makeSpool();
  const producer = spawn('sh', ['-c', '{ echo ready >&2; read go; echo "run: x"; } > a'], {
    cwd: spool.incoming,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const exited = once(producer, 'exit');
  await once(producer.stderr, 'data');
  assert.equal(isBeingWritten(spool.incoming, 'a'), true);
  producer.stdin.end('\n');
  await exited;
  assert.equal(isBeingWritten(spool.incoming, 'a'), false);
});

for (const name of [
  'symlink',
  'dangling symlink',
  'fifo',
  'socket',
  'directory',
] as const satisfies readonly Oddity[]) {
  void test(`nobody is waited for where there is a ${name}`, { timeout: 5000 }, async () => {
    using spool = makeSpool();
    await oddities[name](join(spool.incoming, 'a'));
    assert.equal(isBeingWritten(spool.incoming, 'a'), false);
  });
}

void test('a file that is gone is not being written', () => {
  using spool = makeSpool();
  assert.equal(isBeingWritten(spool.incoming, 'gone'), false);
});

const children = join(import.meta.dirname, '../children');

void test('a producer that opens its file while it is looked at does not end the supervisor', async () => {
  using spool = makeSpool();
  const path = join(spool.incoming, 'a');
  writeFileSync(path, 'run: x');
  const producer = spawn(process.execPath, [join(children, 'open-and-close.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(producer.stdout, 'data');
    const { stdout, signal } = spawnSync(
      process.execPath,
      [join(children, 'look-for-writers.ts'), spool.incoming, 'a'],
      { encoding: 'utf8' },
    );
    assert.deepEqual([stdout, signal], ['done\n', null]);
  } finally {
    producer.kill('SIGKILL');
  }
});
