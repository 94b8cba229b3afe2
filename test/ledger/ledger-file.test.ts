import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { BootyError, type ErrorCode } from '../../src/job/error.ts';
import { History } from '../../src/ledger/history.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { acceptAll, claimOne, finishOf } from '../schedule/jobs.ts';
import { openLedger } from './opened.ts';

const open = {
  'a supervisor': (path: string) => new Ledger(path),
  'a command': (path: string) => new History(path),
} as const;

/** Every byte of every file in its directory. */
const stateOf = (path: string): string[] =>
  readdirSync(dirname(path))
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(dirname(path), name)))
          .digest('hex')}`,
    );

/** Fails the test unless the file is refused with the code by both, and is then as it was. */
function assertRefused(path: string, code: ErrorCode, message: RegExp): void {
  const before = stateOf(path);
  for (const [who, opens] of Object.entries(open)) {
    assert.throws(
      () => opens(path),
      (error) => error instanceof BootyError && error.code === code && message.test(error.message) && error.hint !== '',
      who,
    );
    assert.deepEqual(stateOf(path), before, `${who} left everything as it was`);
  }
}

/** The path of a file that a test makes, alone in a directory. */
async function withPlace(body: (path: string) => Promise<void> | void): Promise<void> {
  await using opened = openLedger();
  const path = join(opened.beside('place'), 'ledger.db');
  mkdirSync(dirname(path));
  await body(path);
}

void test('a ledger of a newer Booty is refused, and not touched', () =>
  withPlace(async (path) => {
    {
      using ledger = new Ledger(path);
      await acceptAll(ledger, ['a']);
    }
    {
      using database = new DatabaseSync(path);
      database.exec('PRAGMA user_version = 99');
    }
    assertRefused(path, 'LEDGER_NEWER', /ledger version 99, this program knows 5/);
  }));

void test('another program’s database is refused, and not touched', () =>
  withPlace((path) => {
    {
      using database = new DatabaseSync(path);
      database.exec('CREATE TABLE job (id TEXT); INSERT INTO job VALUES (1)');
    }
    assertRefused(path, 'LEDGER_UNUSABLE', /is not a ledger of Booty/);
    {
      using database = new DatabaseSync(path);
      database.exec('PRAGMA application_id = 7; PRAGMA user_version = 1');
    }
    assertRefused(path, 'LEDGER_UNUSABLE', /is not a ledger of Booty/);
  }));

void test('a file that is no database is refused, and not touched', () =>
  withPlace((path) => {
    writeFileSync(
      path,
      'a text of somebody, long enough to be looked at as a database header, which it is not\n'.repeat(20),
    );
    assertRefused(path, 'LEDGER_DAMAGED', /is damaged: file is not a database/);
  }));

void test('a directory in its place is refused', () =>
  withPlace((path) => {
    mkdirSync(path);
    for (const opens of Object.values(open))
      assert.throws(
        () => opens(path),
        (error) => error instanceof BootyError && error.code === 'LEDGER_UNUSABLE',
      );
  }));

void test('where there is no ledger, a supervisor makes one and a command says so', () =>
  withPlace((path) => {
    assert.throws(
      () => new History(path),
      (error) => error instanceof BootyError && error.code === 'LEDGER_MISSING',
    );
    assert.equal(existsSync(path), false);
    writeFileSync(path, '');
    using ledger = new Ledger(path);
    assert.deepEqual(ledger.counts(), { waiting: 0, running: 0, verifying: 0 });
    assert.throws(
      () => new Ledger(join(path, 'x', 'ledger.db')),
      (error) => error instanceof BootyError && error.code === 'LEDGER_UNUSABLE',
    );
  }));

void test('a command reads a ledger that nobody uses, and leaves nothing beside it', () =>
  withPlace(async (path) => {
    {
      using ledger = new Ledger(path);
      await acceptAll(ledger, ['a']);
    }
    const before = stateOf(path);
    assert.deepEqual(readdirSync(dirname(path)), ['ledger.db'], 'a supervisor that ends leaves no log');
    {
      using history = new History(path);
      assert.equal(history.list({ limit: 9 }).jobs.length, 1);
      assert.equal(history.flaw(), null);
    }
    assert.deepEqual(stateOf(path), before);
  }));

void test('a command sees at once what the supervisor has committed, and also after its kill -9', async () => {
  await using opened = openLedger();
  await acceptAll(opened.queue, ['a']);
  using history = new History(opened.path);
  assert.deepEqual(history.counts(), { waiting: 1 });
  await opened.queue.finish(await claimOne(opened.queue), finishOf('succeeded'));
  assert.deepEqual(history.counts(), { succeeded: 1 });
  await acceptAll(opened.queue, ['b']);
  await opened.restart();
  using copy = new History(join(opened.beside('copy-1'), 'ledger.db'));
  assert.deepEqual(copy.counts(), { succeeded: 1, waiting: 1 });
});

void test('a damaged ledger is told', () =>
  withPlace(async (path) => {
    {
      using ledger = new Ledger(path);
      await acceptAll(ledger, ...Array.from({ length: 200 }, (_, index) => [`job-${index}`] as const));
    }
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 3 * 4096, 9 * 4096);
    writeFileSync(path, bytes);
    using history = new History(path);
    assert.notEqual(history.flaw(), null);
  }));
