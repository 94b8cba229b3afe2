import { readFileSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { BootyError } from '../job/error.ts';

/**
 * The lock of the one supervisor of a ledger: a write lock of SQLite on a small file beside it. The kernel holds it
 * for the process (fcntl(2)), so it goes when the process does, however that ends, and its children don't inherit it.
 */
export interface SupervisorLock extends Disposable {
  readonly path: string;
}

/** @throws BootyError LEDGER_HELD where another supervisor runs, STATE_NOT_WRITABLE where the file cannot be made */
export function takeSupervisorLock(path: string): SupervisorLock {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // Without a journal on disk there is none to be found "hot" after a kill.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    const held = database;
    return { path, [Symbol.dispose]: () => held.close() };
  } catch (error) {
    database?.close();
    if (error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5) {
      const pid = supervisorHolding(path);
      throw new BootyError('LEDGER_HELD', `another supervisor${pid ? ` (pid ${pid})` : ''} holds ${path}`, {
        hint: 'stop it first, or give this one a place of its own with --root',
      });
    }
    throw new BootyError(
      'STATE_NOT_WRITABLE',
      `cannot lock ${path}: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'check that its directory exists and belongs to the user of the supervisor, and that the disk has room',
        cause: error,
      },
    );
  }
}

/** The pid of the supervisor that holds the lock, as /proc/locks tells it; null where none does. Takes no lock itself. */
export function supervisorHolding(path: string): number | null {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!file) return null;
  for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
    // "1: POSIX  ADVISORY  WRITE 1234 fe:00:131077 1073741826 1073742335": proc_locks(5). The device is not compared:
    // on btrfs and overlayfs stat(2) tells another one. The range is the one that SQLite locks for writing.
    const match = /^\d+: POSIX +ADVISORY +WRITE +(-?\d+) [0-9a-f]+:[0-9a-f]+:(\d+) (\d+) /.exec(line);
    if (match && match[2] === String(file.ino) && Number(match[3]) >= sqlitePendingByte) return Number(match[1]);
  }
  return null;
}

const sqlitePendingByte = 0x40000000;
