import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorCode } from '../disk/durable.ts';
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
  const file = identify(path);
  if (!file) return null;
  for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
    // "1: POSIX  ADVISORY  WRITE 1234 fe:00:131077 1073741826 1073742335": proc_locks(5). The range is the one that
    // SQLite locks for writing.
    const match = /^\d+: POSIX +ADVISORY +WRITE +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) (\d+) /.exec(line);
    if (!match || match[4] !== file.inode || Number(match[5]) < sqlitePendingByte) continue;
    const device = `${Number.parseInt(match[2] ?? '', 16)}:${Number.parseInt(match[3] ?? '', 16)}`;
    if (file.device === null || file.device === device) return Number(match[1]);
  }
  return null;
}

const sqlitePendingByte = 0x40000000;
/** Opens nothing of the file itself (open(2), O_PATH): to close it again lets go of no lock that we hold on it. */
const O_PATH = 0o10000000;

interface FileIdentity {
  readonly inode: string;
  /** As the kernel itself has it, `254:1`; null where it does not say. Files of two file systems may have one inode. */
  readonly device: string | null;
}

/** Null where there is no such file. @throws the system's error */
function identify(path: string): FileIdentity | null {
  let file: number;
  try {
    file = openSync(path, O_PATH);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
    throw error;
  }
  try {
    return { inode: String(fstatSync(file, { bigint: true }).ino), device: deviceOf(file) };
  } finally {
    closeSync(file);
  }
}

/** stat(2) tells another one on btrfs and overlayfs: what /proc/locks compares with is that of the mount (proc_pid_mountinfo(5)). */
function deviceOf(file: number): string | null {
  try {
    const mount = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'latin1'))?.[1];
    const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
    return new RegExp(`^${mount} \\d+ (\\d+:\\d+) `, 'm').exec(mounts)?.[1] ?? null;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null; // Older kernels keep it from a process that forbids inspection.
  }
}
