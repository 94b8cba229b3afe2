import { closeSync } from 'node:fs';
import koffi, { type LibraryHandle } from 'koffi';

/*
 * The few calls that Node.js does not have. Loaded when the first is made: commands that need none don't pay for it.
 */

const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const PR_SET_DUMPABLE = 4;
const PR_SET_CHILD_SUBREAPER = 36;
const F_SETFL = 4;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const PR_GET_NO_NEW_PRIVS = 39;
const F_SETSIG = 10;
const F_SETLEASE = 1024;
const SIGURG = 23;
const F_RDLCK = 0;
const F_UNLCK = 2;
const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_TOPDIR_FL = 0x20000;

let loaded: ReturnType<typeof bind> | null = null;
const libc = (): ReturnType<typeof bind> => (loaded ??= bind());

function loadLibc(): LibraryHandle {
  try {
    return koffi.load('libc.so.6');
  } catch (cause) {
    throw new Error('Booty needs the GNU C library: libc.so.6 cannot be loaded (musl is not enough)', { cause });
  }
}

function bind() {
  const library = loadLibc();
  return {
    pipe2: library.func('int pipe2(_Out_ int *fds, int flags)') as (fds: Int32Array, flags: number) => number,
    llistxattr: library.func('long llistxattr(const char *path, void *list, size_t size)') as (
      path: string,
      list: Buffer,
      size: number,
    ) => number,
    ioctl: library.func('int ioctl(int fd, unsigned long request, _Inout_ int *value)') as (
      file: number,
      request: number,
      value: Int32Array,
    ) => number,
    kill: library.func('int kill(int pid, int signal)') as (pid: number, signal: number) => number,
    syncfs: library.func('int syncfs(int fd)'),
    fcntl: library.func('int fcntl(int fd, int cmd, int arg)') as (
      file: number,
      command: number,
      argument: number,
    ) => number,
    getxattr: library.func('long getxattr(const char *path, const char *name, void *value, size_t size)') as (
      path: string,
      name: string,
      value: Buffer,
      size: number,
    ) => number,
    prctl: library.func(
      'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
    ) as (option: number, a: number, b: number, c: number, d: number) => number,
  };
}

export interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

/**
 * A pipe (pipe2(2)), closed on exec. A child needs a real one: what Node.js calls `pipe` is a socket pair, and
 * `echo > /dev/stderr` fails on a socket with ENXIO.
 * @throws where no descriptor is left (EMFILE, ENFILE)
 */
export function openPipe(): PipeEnds {
  const ends = new Int32Array(2);
  if (libc().pipe2(ends, O_CLOEXEC) !== 0)
    throw Object.assign(new Error('no file descriptor left for a pipe'), { code: 'EMFILE' });
  return { read: ends[0] ?? -1, write: ends[1] ?? -1 };
}

/** Reading from it tells EAGAIN where there is nothing, and does not wait (fcntl(2), F_SETFL). */
export function unblock(file: number): void {
  if (libc().fcntl(file, F_SETFL, O_NONBLOCK) !== 0) throw new Error('fcntl(F_SETFL) failed');
}

export function closePipe(ends: PipeEnds): void {
  closeSync(ends.read);
  closeSync(ends.write);
}

/**
 * Closes this process's memory, environment and descriptors to other processes of the same user, jobs above all:
 * /proc/PID/{environ,mem,maps,fd} then belong to root (prctl(2), PR_SET_DUMPABLE; proc(5)).
 */
export function forbidInspection(): void {
  if (libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0) throw new Error('prctl(PR_SET_DUMPABLE) failed');
}

/** Whether neither we nor anything that we start can get more rights than we have (prctl(2), PR_SET_NO_NEW_PRIVS). */
export const cannotGainPrivileges = (): boolean => libc().prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) === 1;

/** Makes us the parent of our descendants' orphans (prctl(2), PR_SET_CHILD_SUBREAPER). */
export const becomeSubreaper = (): void => setSubreaper(true);

/** From now on orphans of our descendants go on to the next one above us that takes them. {@link becomeSubreaper} takes it back. */
export const refuseOrphans = (): void => setSubreaper(false);

function setSubreaper(takes: boolean): void {
  if (libc().prctl(PR_SET_CHILD_SUBREAPER, Number(takes), 0, 0, 0) !== 0)
    throw new Error('prctl(PR_SET_CHILD_SUBREAPER) failed');
}

/** Has a file closed in every program that we start (fcntl(2), FD_CLOEXEC). */
export function closeOnExec(file: number): void {
  if (libc().fcntl(file, F_SETFD, FD_CLOEXEC) !== 0) throw new Error(`fcntl(${file}, F_SETFD) failed`);
}

/** Signals a process, or a group by its negative (kill(2)). `none`: there is nobody; `denied`: there is, and of other users alone. */
export function sendSignal(pid: number, signal: number): 'sent' | 'none' | 'denied' {
  if (libc().kill(pid, signal) === 0) return 'sent';
  switch (koffi.errno()) {
    case koffi.os.errno.ESRCH:
      return 'none';
    case koffi.os.errno.EPERM:
      return 'denied';
    default:
      throw new Error(`kill(${pid}, ${signal}) failed: ${koffi.errno()}`);
  }
}

/** Makes durable what anybody wrote on the file system that the file is on (syncfs(2)), without holding up the loop. False where the disk refuses. */
export function syncFileSystem(file: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  libc().syncfs.async(file, (error: unknown, status: number) => resolve(!error && status === 0));
  return promise;
}

/**
 * Whether somebody has this file open for writing: the kernel then grants no read lease on it (fcntl(2), F_SETLEASE).
 * False also where we may not ask, because the file is another user's.
 */
export function isOpenForWriting(file: number): boolean {
  // Who opens it meanwhile breaks the lease, which is told by SIGIO: that would end us. SIGURG is ignored unless asked for.
  libc().fcntl(file, F_SETSIG, SIGURG);
  if (libc().fcntl(file, F_SETLEASE, F_RDLCK) === 0) {
    libc().fcntl(file, F_SETLEASE, F_UNLCK);
    return false;
  }
  return koffi.errno() === koffi.os.errno.EAGAIN;
}

/** A directory of ours has a label of the security module, perhaps. */
const attributeNames = Buffer.alloc(4096);

/** The names of a file's extended attributes, its access lists among them (llistxattr(2), xattr(7)). */
export function extendedAttributesOf(path: string): string {
  const size = libc().llistxattr(path, attributeNames, attributeNames.length);
  if (size >= 0) return attributeNames.toString('latin1', 0, size);
  return koffi.errno() === koffi.os.errno.EOPNOTSUPP ? '' : `error ${koffi.errno()}`;
}

/** An extended attribute of a file, as text (getxattr(2)); null where it has none, or one that is longer than a word. */
export function extendedAttribute(path: string, name: string): string | null {
  const value = Buffer.alloc(64);
  const length = libc().getxattr(path, name, value, value.length);
  return length < 0 ? null : value.toString('latin1', 0, length);
}

/**
 * Has ext2, ext3 and ext4 put the directories that are made in this one far from each other (ioctl_iflags(2), FS_TOPDIR_FL). False
 * where the file system knows nothing of that.
 */
export function spreadDirectoriesOf(directory: number): boolean {
  const flags = new Int32Array(1);
  if (libc().ioctl(directory, FS_IOC_GETFLAGS, flags) !== 0) return false;
  flags[0] = (flags[0] ?? 0) | FS_TOPDIR_FL;
  return libc().ioctl(directory, FS_IOC_SETFLAGS, flags) === 0;
}
