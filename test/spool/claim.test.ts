import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempDisposableSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { maxDocumentBytes } from '../../src/job/document.ts';
import { makeDropToken } from '../../src/job/id.ts';
import type { Refusal } from '../../src/job/refusal.ts';
import { instant, timestamp } from '../../src/job/units.ts';
import {
  type Claimed,
  type Content,
  claimedBefore,
  claimFile,
  maxFileNameBytes,
  readClaimed,
} from '../../src/spool/claim.ts';
import { makeSpool, type Oddity, oddities, type Spool } from './places.ts';

const at = instant(Date.UTC(2026, 10, 24));

function claim(spool: Spool, name: string): Claimed {
  return claimFile(spool.incoming, spool.claimed, name, at) ?? assert.fail(`${name} was not there`);
}

function contentOf(claimed: Claimed): Content {
  const read = readClaimed(claimed);
  return 'content' in read ? read.content : assert.fail(JSON.stringify(read.refusal));
}

function refusalOf(claimed: Claimed): Refusal {
  const read = readClaimed(claimed);
  return 'refusal' in read ? read.refusal : assert.fail('it was read');
}

void test('a claimed file is out of the way of its producer, and is read whole', () => {
  using spool = makeSpool();
  const path = join(spool.incoming, 'a.yaml');
  writeFileSync(path, 'run: x', { mode: 0o640 });
  const claimed = claim(spool, 'a.yaml');
  assert.equal(existsSync(path), false);
  writeFileSync(path, 'run: another');
  const { uid, mtimeMs } = statSync(claimed.path);
  const { bytes, ...content } = contentOf(claimed);
  assert.equal(Buffer.from(bytes).toString(), 'run: x');
  assert.deepEqual(content, { executable: false, uid, doubt: null, droppedAt: Math.floor(mtimeMs) });
  assert.equal(readFileSync(path, 'utf8'), 'run: another');
});

void test('a file that is gone meanwhile is no failure', () => {
  using spool = makeSpool();
  assert.equal(claimFile(spool.incoming, spool.claimed, 'gone', at), null);
});

void test('claimed files are found again after a crash, oldest first, under the names that they had', () => {
  using spool = makeSpool();
  const names = ['b.yaml', 'a\nb', '-rf', 'x.y.z', '💥', 'n'.repeat(maxFileNameBytes)];
  const claims = names.map((name, index) => {
    writeFileSync(join(spool.incoming, name), name);
    return claimFile(spool.incoming, spool.claimed, name, instant(at + index));
  });
  writeFileSync(join(spool.claimed, 'not-a-token.yaml'), '');
  writeFileSync(join(spool.claimed, '.reason.tmp'), '');
  assert.deepEqual(claimedBefore(spool.claimed), claims);
  assert.deepEqual(
    claims.map((claimed) => claimed && Buffer.from(contentOf(claimed).bytes).toString()),
    names,
  );
});

void test('the same name dropped twice makes two claims', () => {
  using spool = makeSpool();
  const claims = [1, 2].map((version) => {
    writeFileSync(join(spool.incoming, 'a'), `${version}`);
    return claim(spool, 'a');
  });
  assert.deepEqual(
    claims.map((claimed) => Buffer.from(contentOf(claimed).bytes).toString()),
    ['1', '2'],
  );
  assert.equal(new Set(claimedBefore(spool.claimed).map(({ token }) => token)).size, 2);
});

void test('a file that its owner or group may execute is told apart', () => {
  using spool = makeSpool();
  for (const [mode, executable] of [
    [0o644, false],
    [0o744, true],
    [0o650, true],
    [0o645, true],
  ] as const) {
    writeFileSync(join(spool.incoming, 'a'), '#!');
    chmodSync(join(spool.incoming, 'a'), mode);
    assert.equal(contentOf(claim(spool, 'a')).executable, executable, mode.toString(8));
  }
});

const refused: Readonly<Record<Oddity, string>> = {
  symlink: 'this is a symbolic link',
  'dangling symlink': 'this is a symbolic link',
  fifo: 'this is not a regular file',
  socket: 'this is a socket or a device',
  directory: 'this is not a regular file',
};

for (const [name, message] of Object.entries(refused) as [Oddity, string][]) {
  void test(`a ${name} is neither followed nor waited for`, { timeout: 5000 }, async () => {
    using spool = makeSpool();
    await oddities[name](join(spool.incoming, 'a'));
    assert.deepEqual(refusalOf(claim(spool, 'a')), {
      code: 'FILE_TYPE',
      message,
      hint: 'drop a regular file; nothing else is opened or followed',
    });
  });
}

void test('a FIFO that somebody writes to is not read', () => {
  using spool = makeSpool();
  const path = join(spool.incoming, 'a');
  execFileSync('mkfifo', [path]);
  const end = openSync(path, 'r+');
  try {
    writeFileSync(end, 'run: x');
    assert.equal(refusalOf(claim(spool, 'a')).code, 'FILE_TYPE');
  } finally {
    closeSync(end);
  }
});

void test('a file that the supervisor may not read is refused with a remedy', {
  skip: process.getuid?.() === 0 && 'root may read everything',
}, () => {
  using spool = makeSpool();
  writeFileSync(join(spool.incoming, 'a'), 'run: x', { mode: 0 });
  const { code, message, hint } = refusalOf(claim(spool, 'a'));
  assert.deepEqual([code, message], ['UNREADABLE', 'the supervisor may not read it (EACCES)']);
  assert.match(hint, /chmod g\+r/);
});

void test('of a file of any size, no more is read than tells that it is too large', () => {
  using spool = makeSpool();
  for (const [size, read] of [
    [0, 0],
    [maxDocumentBytes, maxDocumentBytes],
    [maxDocumentBytes + 1, maxDocumentBytes + 1],
    [2 ** 40, maxDocumentBytes + 1],
  ] as const) {
    writeFileSync(join(spool.incoming, 'a'), '');
    truncateSync(join(spool.incoming, 'a'), size);
    assert.equal(contentOf(claim(spool, 'a')).bytes.byteLength, read);
  }
  assert.equal(readdirSync(spool.incoming).length, 1);
});

const wideTimes = '/dev/shm';

void test('a file of a year that no calendar has is dropped at a time that can be told', {
  skip: !existsSync(wideTimes) && `SYSTEM: there is no ${wideTimes}`,
}, () => {
  using directory = mkdtempDisposableSync(join(wideTimes, 'booty-claim-'));
  const path = join(directory.path, 'a');
  writeFileSync(path, 'run: x');
  for (const seconds of [9_000_000_000_000, -9_000_000_000_000]) {
    execFileSync('touch', ['-d', `@${seconds}`, path]);
    const { droppedAt } = contentOf({ path, fileName: 'a', token: makeDropToken(at) });
    assert.doesNotThrow(() => timestamp(droppedAt), `${droppedAt}`);
  }
});
