import { closeSync, fstatSync, readdirSync, readSync, renameSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errorCode, openUntrusted } from '../disk/durable.ts';
import { maxDocumentBytes } from '../job/document.ts';
import { type DropToken, dropTokenPattern, makeDropToken } from '../job/id.ts';
import type { Refusal } from '../job/refusal.ts';
import { type Instant, instant } from '../job/units.ts';
import { isOpenForWriting } from '../native/libc.ts';

/*
 * incoming/NAME ──rename──▶ incoming/.claimed/TOKEN.NAME ──read──▶ accepted: removed once the ledger has it
 *                                                               └▶ refused: rejected/NAME and its reason
 *
 * The rename makes one file ours: a producer who then puts another under the same name has put another file, which
 * the removal of the first cannot take along.
 */

/** A file that was taken out of `incoming`. */
export interface Claimed {
  readonly path: string;
  /** As its producer named it. */
  readonly fileName: string;
  readonly token: DropToken;
}

export interface Content {
  readonly bytes: Uint8Array;
  readonly executable: boolean;
  /** Of the opened file itself: neither its name nor its content has a say in it. */
  readonly uid: number;
  /** Why somebody else than its owner may have dropped or written it; null: nobody else could have. */
  readonly doubt: 'links' | 'writable' | null;
  readonly droppedAt: Instant;
}

/** Longer names would not fit into the directory of claimed files with their token. */
export const maxFileNameBytes = 200;

/** Null where the file has gone meanwhile. @throws the system's error where the directory refuses */
export function claimFile(incoming: string, claimedDirectory: string, name: string, now: Instant): Claimed | null {
  const token = makeDropToken(now);
  const path = join(claimedDirectory, `${token}.${name}`);
  try {
    renameSync(join(incoming, name), path);
    return { path, fileName: name, token };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Whether its producer still has a file open for writing, as a shell's redirection does until its end. False where that cannot be known. */
export function isBeingWritten(incoming: string, name: string): boolean {
  let file: number;
  try {
    file = openUntrusted(join(incoming, name));
  } catch (error) {
    if (errorCode(error) !== null) return false; // Whether it can be read is asked when it is ours.
    throw error;
  }
  try {
    return isOpenForWriting(file);
  } finally {
    closeSync(file);
  }
}

/** What a supervisor that died had taken and not decided about, oldest first. */
export function claimedBefore(claimedDirectory: string): Claimed[] {
  return readdirSync(claimedDirectory)
    .filter((entry) => dropTokenPattern.test(entry.slice(0, 14)) && entry[14] === '.')
    .sort()
    .map((entry) => ({
      path: join(claimedDirectory, entry),
      fileName: entry.slice(15),
      token: entry.slice(0, 14) as DropToken,
    }));
}

/** Reads a claimed file, without following a link and without waiting for anybody. */
export function readClaimed(claimed: Claimed): { readonly content: Content } | { readonly refusal: Refusal } {
  let file: number;
  try {
    file = openUntrusted(claimed.path);
  } catch (error) {
    return { refusal: unreadable(error) };
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return { refusal: wrongType('this is not a regular file') };
    const content = {
      bytes: readAtMost(file, maxDocumentBytes + 1),
      executable: (status.mode & 0o111) !== 0,
      uid: status.uid,
      doubt: doubtOf(status),
      // A file may bear any time; a drop is not later than now.
      droppedAt: instant(Math.max(0, Math.min(Math.floor(status.mtimeMs), Date.now()))),
    };
    return { content };
  } finally {
    closeSync(file);
  }
}

/**
 * A hard link can be made by whoever may read and write the file, and where the system is lax (fs.protected_hardlinks) by
 * anybody; what its group or others may write to can have been written by them. ACLs show in the bits of the group (acl(5)).
 */
const doubtOf = ({ nlink, mode }: Stats): Content['doubt'] =>
  nlink > 1 ? 'links' : (mode & 0o022) !== 0 ? 'writable' : null;

const wrongType = (what: string): Refusal => ({
  code: 'FILE_TYPE',
  message: what,
  hint: 'drop a regular file; nothing else is opened or followed',
});

function unreadable(error: unknown): Refusal {
  const code = errorCode(error);
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'UNREADABLE',
        message: `the supervisor may not read it (${code})`,
        hint: 'let its group read it (chmod g+r), and give it the group booty (chgrp booty)',
      };
    case 'ELOOP':
      return wrongType('this is a symbolic link');
    case 'ENXIO':
      return wrongType('this is a socket or a device');
    default:
      throw error;
  }
}

function readAtMost(file: number, limit: number): Uint8Array {
  const { size } = fstatSync(file);
  const buffer = Buffer.allocUnsafe(Math.min(limit, size + 1));
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(file, buffer, length, buffer.length - length, length);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}
