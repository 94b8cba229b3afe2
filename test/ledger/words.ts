import { DatabaseSync } from 'node:sqlite';
import { mock } from 'node:test';
import { Committer } from '../../src/ledger/committer.ts';
import type { TransactionLog } from '../../src/ledger/log-file.ts';

/** A log that is synced at once. */
const quickLog: TransactionLog = {
  sync: () => Promise.resolve(),
  syncNow: () => undefined,
  [Symbol.dispose]: () => undefined,
};

/** The words of a table, and a committer that writes them. */
export function openWords(log: TransactionLog = quickLog) {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE word (text TEXT UNIQUE NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO word VALUES (?)');
  const told = mock.fn<(failure: unknown) => void>();
  return {
    committer: new Committer(database, 'memory', log, told),
    add: (text: string | null) => () => insert.run(text).changes,
    words: () =>
      database
        .prepare('SELECT text FROM word')
        .all()
        .map(({ text }) => text),
    /** Whether it takes nothing, as a ledger on a disk that was mounted read-only. */
    refuse: (refuses: boolean) => database.exec(`PRAGMA query_only = ${refuses}`),
    told: () => told.mock.calls.map((call) => call.arguments[0]),
    close: () => database.close(),
  };
}
