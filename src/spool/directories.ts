import { accessSync, closeSync, constants, openSync } from 'node:fs';
import type { Paths } from '../config/paths.ts';
import { errorCode, isDirectory, makeDirectory } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { spreadDirectoriesOf } from '../native/libc.ts';

interface Place {
  readonly path: string;
  readonly mode: number;
  readonly code: 'SPOOL_MISSING' | 'STATE_NOT_WRITABLE';
}

/**
 * Makes what is missing below the spool and the state directory, and proves that both can be written to.
 * @throws BootyError SPOOL_MISSING, SPOOL_NOT_WRITABLE, STATE_NOT_WRITABLE
 */
export function prepareDirectories(paths: Paths): void {
  const places: readonly Place[] = [
    { path: paths.spool, mode: 0o755, code: 'SPOOL_MISSING' },
    { path: paths.incoming, mode: 0o770, code: 'SPOOL_MISSING' },
    { path: paths.claimed, mode: 0o700, code: 'SPOOL_MISSING' },
    { path: paths.rejected, mode: 0o750, code: 'SPOOL_MISSING' },
    { path: paths.outcomes, mode: 0o755, code: 'SPOOL_MISSING' },
    { path: paths.state, mode: 0o750, code: 'STATE_NOT_WRITABLE' },
    { path: paths.jobs, mode: 0o750, code: 'STATE_NOT_WRITABLE' },
    { path: paths.outbox, mode: 0o700, code: 'STATE_NOT_WRITABLE' },
  ];
  for (const place of places) {
    const isNew = !isDirectory(place.path);
    prepare(place);
    if (isNew && (place.path === paths.spool || place.path === paths.state)) spread(place.path);
  }
}

/**
 * An inode that was removed is not given out again for five seconds where ext4 has no journal, and whoever makes a file beside it
 * looks past all of them: outcome files shall not lie where job files are removed.
 */
function spread(path: string): void {
  const directory = openSync(path, 'r');
  try {
    spreadDirectoriesOf(directory);
  } finally {
    closeSync(directory);
  }
}

function prepare({ path, mode, code }: Place): void {
  try {
    makeDirectory(path, mode);
    if (!isDirectory(path)) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const flaw = errorCode(error);
    if (flaw === null) throw error;
    const denied = flaw === 'EACCES' || flaw === 'EROFS' || flaw === 'EPERM';
    const spool = code === 'SPOOL_MISSING';
    throw new BootyError(denied && spool ? 'SPOOL_NOT_WRITABLE' : code, `${path} ${describe(flaw)}`, {
      hint: denied
        ? `as root: install -d -o ${userName()} ${path}; or choose a place of your own with --root`
        : 'make it, or choose a place of your own with --root',
      cause: error,
    });
  }
}

/** Makes again what is ours in a spool whose `incoming` is there: somebody may have put a new one in its place. */
export function restoreSpool(paths: Paths): void {
  if (!isDirectory(paths.incoming)) return;
  makeDirectory(paths.claimed, 0o700);
  makeDirectory(paths.rejected, 0o750);
  makeDirectory(paths.outcomes, 0o755);
}

const userName = (): string => process.env.USER || String(process.getuid?.() ?? 'booty');

function describe(code: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'cannot be written to by this user';
    case 'EROFS':
      return 'is on a read-only file system';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'is not a directory';
    case 'ENOSPC':
      return 'cannot be made: no space left on the device';
    default:
      return `cannot be used (${code})`;
  }
}
