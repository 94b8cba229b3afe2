import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { damaged, isDamage, isReadOnly } from './refusal.ts';
import { applicationId, migrations, schemaVersion } from './schema.ts';

/** Up to which size a ledger is read through at the start: 1.6 GB are read in a second where they are in memory. */
const maxCheckedBytes = { afterStop: 64 * 1024 ** 2, afterDeath: 512 * 1024 ** 2 } as const;

/**
 * How many pages of its log SQLite lets come together before it writes them into the file and syncs that, all in one go within
 * the transaction that comes to it. What jobs need are mostly the same few pages; what a sweep removes lies all over the file,
 * where two thousand pages hold the loop up for twenty milliseconds, and more on a slow disk.
 */
export const checkpointPages = { usual: 2000, sweep: 250 } as const;

export function checkpointEvery(database: DatabaseSync, pages: number): void {
  database.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
}

/**
 * Opens or makes the ledger at the path, brought to this program's version in one transaction, which is durable. After that WAL
 * with synchronous=NORMAL: what is committed survives a power cut once the log has been synced, which the committer sees
 * to (sqlite.org/pragma.html#pragma_synchronous).
 * @throws BootyError LEDGER_UNUSABLE, LEDGER_NEWER, LEDGER_DAMAGED; the file is then as it was
 */
export function openLedgerFile(path: string): DatabaseSync {
  inspect(path);
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: 5000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    checkpointEvery(database, checkpointPages.usual);
    migrate(database);
    refuseReadOnly(database, path);
    database.exec('PRAGMA synchronous = NORMAL');
    return database;
  } catch (error) {
    database?.close();
    throw unusable(error, path);
  }
}

/**
 * Where a disk refuses to open a file for writing, SQLite opens it for reading and says nothing; it would stay so.
 * @throws the system's error where the file may not be written to; else one that may pass
 */
function refuseReadOnly(database: DatabaseSync, path: string): void {
  try {
    // BEGIN IMMEDIATE alone is content with reading there.
    database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${schemaVersion}; ROLLBACK`);
  } catch (error) {
    if (!isReadOnly(error)) throw error;
    accessSync(path, constants.W_OK);
    throw Object.assign(new Error(`${path} could only be opened for reading`, { cause: error }), { code: 'EIO' });
  }
}

/**
 * Opens the ledger for reading beside a supervisor, or without one.
 * @throws BootyError LEDGER_MISSING, LEDGER_UNUSABLE, LEDGER_NEWER
 */
export function openLedgerForReading(path: string): DatabaseSync {
  demandFile(path);
  let database: DatabaseSync | null = null;
  try {
    // Without a log beside it the file is complete and nobody writes it: reading it then needs no right to write there.
    const location = existsSync(`${path}-wal`) ? path : new URL(`${pathToFileURL(path).href}?immutable=1`);
    database = new DatabaseSync(location, { readOnly: true, timeout: 5000 });
    refuseStrangers(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw unusable(error, path);
  }
}

/**
 * Looks at a ledger that is there before anything may write to it: closing a file that was open for writing already
 * moves its log into it.
 */
function inspect(path: string): void {
  const file = statSync(path, { throwIfNoEntry: false });
  // To SQLite a directory is a file that cannot be read, as if the disk were broken.
  if (file && !file.isFile())
    throw new BootyError('LEDGER_UNUSABLE', `the ledger ${path} is not a file`, {
      hint: 'move away what is in its place, or choose another place with --state-dir or BOOTY_STATE',
    });
  if (!file || file.size === 0) return;
  // Its log is there only where its last supervisor died.
  const limit = existsSync(`${path}-wal`) ? maxCheckedBytes.afterDeath : maxCheckedBytes.afterStop;
  const database = openLedgerForReading(path);
  try {
    const flaw = file.size <= limit ? integrityFlaw(database, 'quick_check') : null;
    if (flaw !== null) throw damaged(path, flaw);
  } catch (error) {
    throw unusable(error, path);
  } finally {
    database.close();
  }
}

function demandFile(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new BootyError('LEDGER_MISSING', `no ledger at ${path}`, {
        hint: 'no supervisor has run here yet: start one, or name the right place with --root or BOOTY_ROOT',
      });
    }
    throw new BootyError('LEDGER_UNUSABLE', `this user may not read ${path} (${code})`, {
      hint: 'as root: usermod --append --groups booty USER, then log in again',
      cause: error,
    });
  }
}

/**
 * What SQLite finds wrong with the file, or null.
 * @param check `quick_check` reads every page; `integrity_check` also compares the indexes with their tables
 */
export function integrityFlaw(database: DatabaseSync, check: 'quick_check' | 'integrity_check'): string | null {
  const row = database.prepare(`PRAGMA ${check}(1)`).get();
  const finding = String(row?.[check] ?? 'no answer');
  return finding === 'ok' ? null : finding;
}

function refuseStrangers(database: DatabaseSync, path: string): void {
  const version = pragma(database, 'user_version');
  const owner = pragma(database, 'application_id');
  const empty = version === 0 && pragma(database, 'schema_version') === 0;
  if (!empty && owner !== applicationId) {
    throw new BootyError('LEDGER_UNUSABLE', `${path} is not a ledger of Booty`, {
      hint: 'move it away, or choose another place with --state-dir or BOOTY_STATE',
    });
  }
  if (version > schemaVersion) {
    throw new BootyError(
      'LEDGER_NEWER',
      `${path} was written by a newer Booty (ledger version ${version}, this program knows ${schemaVersion})`,
      {
        hint: 'install that version again; nothing was changed',
      },
    );
  }
}

function migrate(database: DatabaseSync): void {
  const from = pragma(database, 'user_version');
  if (from === schemaVersion) return;
  database.exec('BEGIN IMMEDIATE');
  for (let version = from + 1; version <= schemaVersion; version += 1) database.exec(migrations[version] ?? '');
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
}

const pragma = (database: DatabaseSync, name: string): number =>
  Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);

function unusable(error: unknown, path: string): unknown {
  if (error instanceof BootyError || !(error instanceof Error)) return error;
  if (isDamage(error)) return damaged(path, error.message, error);
  return new BootyError('LEDGER_UNUSABLE', `the ledger ${path} cannot be used: ${error.message}`, {
    hint: 'check that its directory exists and belongs to the user of the supervisor, and that the disk has room',
    cause: error,
  });
}
