import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fsync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { constants as systemConstants } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { randomText } from '../job/id.ts';

/*
 * The one way in which Booty makes a file that must survive a power cut: write it under a dot name, fsync it, rename
 * it, fsync the directory. Whoever looks sees the whole file or none. (open(2), fsync(2), rename(2); the directory's
 * fsync is what makes the name durable.)
 */

export interface DurableOptions {
  /** Permission bits of the new file, whatever the umask is: who reads it is part of the contract. */
  readonly mode: number;
}

const umask = process.umask();

/** The names under which {@link writeDurably} writes: what a power cut leaves under one was never told to be safe. */
export const temporaryPattern = /^\.[0-9a-z]{12}\.tmp$/;

/** Of this process alone, so that no two names meet, and none costs a look at the source of randomness. */
const series = randomText(6);
let written = 0;

function temporaryName(path: string): string {
  written += 1;
  return `${dirname(path)}/.${series}${(written % 36 ** 6).toString(36).padStart(6, '0')}.tmp`;
}

const syncFile = promisify(fsync);

/** Makes or replaces the file, durably. Rejects with the system's error, and then leaves nothing behind. */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  { mode }: DurableOptions,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    // What the page cache takes costs less than to wake a thread for it.
    const file = openSync(temporary, 'wx', mode);
    try {
      if ((umask & mode) !== 0) fchmodSync(file, mode);
      writeWhole(file, content);
      await syncFile(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeTemporary(temporary);
    throw error;
  }
  await syncDirectory(dirname(path));
}

function writeWhole(file: number, content: string | Uint8Array): void {
  const data = Buffer.from(content as string);
  for (let done = 0; done < data.length; ) done += writeSync(file, data, done);
}

/**
 * The same without giving way to anything else: for a program that is about to die, and for commands.
 * @param options `gid`: the group that it belongs to before it has its name
 */
export function writeDurablySync(
  path: string,
  content: string | Uint8Array,
  { mode, gid }: DurableOptions & { readonly gid?: number },
): void {
  const temporary = temporaryName(path);
  try {
    const file = openSync(temporary, 'wx', mode);
    try {
      if (gid !== undefined) fchownSync(file, -1, gid);
      if ((umask & mode) !== 0) fchmodSync(file, mode);
      writeWhole(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeTemporary(temporary);
    throw error;
  }
  syncDirectorySync(dirname(path));
}

/** What counts is why it could not be written. */
function removeTemporary(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}

/** Copies a file to another file system, durably, and leaves the original. @throws the system's error */
export function copyDurablySync(source: string, target: string): void {
  const temporary = temporaryName(target);
  try {
    copyFileSync(source, temporary);
    syncNowSync(temporary);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectorySync(dirname(target));
}

/** The most that anybody waits for others who may share a sync. */
export const syncPaceMs = 4;
/** A sync has at most one part in so many of the time, until that would be {@link syncPaceMs}. */
const paceFactor = 8;

/**
 * From the begin of one sync of a place to that of the next: whatever comes meanwhile shares that one. It would else be made for
 * each of a thousand jobs a second. What comes alone does not wait, nor anybody where a sync takes next to no time.
 * @param tookMs the one before
 */
export function paceAfter(tookMs: number): number {
  const pace = Math.min(syncPaceMs, paceFactor * tookMs);
  // No timer is shorter.
  return pace - tookMs < 1 ? 0 : pace;
}

/** A sync of a place, one at a time: whoever asks while it runs, or right after it, shares the next one. */
export class SharedSync {
  readonly #sync: () => Promise<void>;
  readonly #onRest: () => void;
  /** When the next one may begin, however the last one ends. */
  #pace: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  /** @param onRest called back where nobody has asked for another in time */
  constructor(sync: () => Promise<void>, onRest: () => void = () => undefined) {
    this.#sync = sync;
    this.#onRest = onRest;
  }

  /** Resolves once what was there when it was asked is durable. Rejects with the system's error. */
  ask(): Promise<void> {
    if (!this.#pace) return this.#start();
    this.#next ??= this.#pace.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = null;
    const from = performance.now();
    const synced = this.#sync();
    const pace = synced.catch(() => undefined).then(() => restOfPace(performance.now() - from));
    this.#pace = pace;
    void pace.then(() => {
      if (this.#pace !== pace || this.#next) return;
      this.#pace = null;
      this.#onRest();
    });
    return synced;
  }
}

function restOfPace(tookMs: number): Promise<void> | undefined {
  const pace = paceAfter(tookMs);
  return pace === 0 ? undefined : sleep(pace - tookMs);
}

const directories = new Map<string, SharedSync>();

/** Makes the names in a directory durable. Callers that come while one fsync runs, or right after it, share the next one. */
export function syncDirectory(path: string): Promise<void> {
  let shared = directories.get(path);
  if (!shared) {
    shared = new SharedSync(
      () => syncNow(path),
      () => directories.delete(path),
    );
    directories.set(path, shared);
  }
  return shared.ask();
}

async function syncNow(path: string): Promise<void> {
  const directory = openSync(path, 'r');
  try {
    await syncFile(directory);
  } finally {
    closeSync(directory);
  }
}

export const syncDirectorySync = (path: string): void => syncNowSync(path);

function syncNowSync(path: string): void {
  const opened = openSync(path, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** Removes a file where there is one. (rmSync takes five times as long.) @throws the system's error */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Makes a directory and those above it. (mkdirSync's own `recursive` never returns below /proc.) @throws the system's error */
export function makeDirectory(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path || isDirectory(dirname(path))) throw error;
    makeDirectory(dirname(path), 0o755);
    mkdirSync(path, { mode });
  }
}

/** Proves that a directory takes a file with some content, and leaves nothing there. @throws the system's error */
export function probeDirectory(path: string): void {
  const probe = temporaryName(join(path, 'probe'));
  try {
    writeFileSync(probe, Buffer.alloc(4096), { flag: 'wx' });
  } finally {
    rmSync(probe, { force: true });
  }
}

export const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Opens for reading what a job or a stranger may have put there: no link is followed, no FIFO waited for. @throws the system's error */
export const openUntrusted = (path: string): number =>
  openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);

/** The system's code of an error (`ENOENT`), or null. libuv has no name for some, EDQUOT and ESTALE among them. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return null;
  const number = error.code.startsWith('Unknown system error') && 'errno' in error ? -Number(error.errno) : 0;
  return codeOf.get(number) ?? error.code;
}

const codeOf: ReadonlyMap<number, string> = new Map(
  Object.entries(systemConstants.errno).map(([code, number]) => [number, code]),
);
