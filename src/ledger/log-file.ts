import { closeSync, fdatasync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, syncDirectorySync } from '../disk/durable.ts';

/** What a committed transaction is in, and how it is made durable. */
export interface TransactionLog extends Disposable {
  /** Resolves once all that was committed before is durable. Rejects with the system's error. */
  sync(): Promise<void>;
  /** The same without giving way. @throws the system's error */
  syncNow(): void;
}

const copyBytes = 256 * 1024;

/**
 * SQLite's write-ahead log, made durable beside the loop: SQLite itself would stand still for each fsync. Its own
 * locks are on other files, so that closing this one takes none of them away (fcntl(2), sqlite.org/walformat.html).
 */
export class LogFile implements TransactionLog {
  readonly #path: string;
  #file: number | null = null;
  /** The last sync failed: the kernel then has the pages as clean, and says of the next one that all is well (fsync(2)). */
  inDoubt = false;

  /** @param path of the database */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  async sync(): Promise<void> {
    const file = this.#prepare();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    fdatasync(file, (error) => {
      this.inDoubt = error !== null;
      if (error) reject(error);
      else resolve();
    });
    await promise;
  }

  syncNow(): void {
    const file = this.#prepare();
    this.inDoubt = true;
    fdatasyncSync(file);
    this.inDoubt = false;
  }

  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #prepare(): number {
    if (this.#file === null) {
      const file = openSync(this.#path, 'r+');
      syncDirectorySync(dirname(this.#path));
      this.#file = file;
    }
    if (this.inDoubt) writeAgain(this.#file);
    return this.#file;
  }
}

/** Makes durable what a reader has found, before he tells anybody: its writer may yet be about to. A disk that refuses is the writer's trouble. */
export function secureLog(path: string): void {
  try {
    const file = openSync(`${path}-wal`, 'r');
    try {
      fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}

/** Makes the kernel take every page of a file for one that must still go to the disk. */
function writeAgain(file: number): void {
  const buffer = Buffer.allocUnsafe(copyBytes);
  for (let at = 0; ; ) {
    const count = readSync(file, buffer, 0, copyBytes, at);
    if (count === 0) return;
    for (let done = 0; done < count; ) done += writeSync(file, buffer, done, count - done, at + done);
    at += count;
  }
}
