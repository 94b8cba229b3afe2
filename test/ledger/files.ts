import { createHash } from 'node:crypto';
import { mkdtempDisposableSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { memoryPlace } from '../harness/memory-place.ts';
import { copyLedger } from './opened.ts';

/** Every byte of every file in its directory, but for SQLite's own shared memory. */
export const stateOf = (path: string): string[] =>
  readdirSync(dirname(path))
    .filter((name) => !name.endsWith('-shm'))
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(dirname(path), name)))
          .digest('hex')}`,
    );

type Rows = readonly Readonly<Record<string, unknown>>[];

/** What a ledger holds, table by table. Looks at a copy: who opens the file itself leaves something beside it. */
export function contentOf(path: string): {
  readonly version: unknown;
  readonly tables: Readonly<Record<string, Rows>>;
} {
  using copy = mkdtempDisposableSync(join(memoryPlace(), 'booty-copy-'));
  using database = new DatabaseSync(copyLedger(path, join(copy.path, 'ledger.db')));
  const names = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).all();
  const rowsOf = (name: string): Rows =>
    database
      .prepare(`SELECT * FROM ${name}`)
      .all()
      .map((row) => ({ ...row }));
  return {
    version: database.prepare('PRAGMA user_version').get()?.user_version,
    tables: Object.fromEntries(names.map(({ name }) => [String(name), rowsOf(String(name))])),
  };
}
