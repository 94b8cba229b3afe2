import { existsSync, lstatSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { copyDurablySync, errorCode, syncDirectorySync, writeDurablySync } from '../disk/durable.ts';
import type { Refusal } from '../job/refusal.ts';

/** What `rejected/NAME.reason.json` holds. */
export interface Reason extends Refusal {
  readonly version: 1;
  /** As its producer named the file. */
  readonly file: string;
  readonly refusedAt: string;
  /** The other problems of the same file. */
  readonly also?: readonly Refusal[];
}

/**
 * Puts a file that cannot be accepted into `rejected`, as it is, with the reason beside it. The reason comes first: where
 * we die in between, the file is still ours, and is refused again.
 * @param named as its producer named it, where the reason must not say that
 * @returns the name that it has there
 * @throws the system's error where the directory refuses; the file is then where it was
 */
export function refuseFile(path: string, rejected: string, reason: Reason, named: string = reason.file): string {
  const name = freeName(rejected, named, reason.file);
  writeDurablySync(join(rejected, `${name}.reason.json`), `${JSON.stringify(reason, null, 2)}\n`, { mode: 0o644 });
  move(path, join(rejected, name));
  syncDirectorySync(rejected);
  return name;
}

/**
 * A name that nobody has there: as it is wanted, else with a number. Doubles the number until one is free and halves the
 * way back: of ten thousand files of one name, each is put aside after thirty looks. Asked again, it answers the same.
 */
function freeName(directory: string, wanted: string, file: string): string {
  // Room for `.reason.json` and a number within the 255 bytes of a name.
  const stem = cutToBytes(wanted, 230);
  const named = (number: number): string => (number === 0 ? stem : `${stem}.${number}`);
  const isFree = (number: number): boolean => {
    const path = join(directory, named(number));
    const isTaken = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    return !isTaken && mayWriteReason(`${path}.reason.json`, file);
  };
  if (isFree(0)) return stem;
  let [taken, free] = [0, 1];
  while (!isFree(free)) [taken, free] = [free, 2 * free];
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (isFree(middle)) free = middle;
    else taken = middle;
  }
  return named(free);
}

/** A reason without its file is ours where it is about that file: from a refusal that was cut off. */
function mayWriteReason(path: string, file: string): boolean {
  if (!existsSync(path)) return true;
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as Partial<Reason> | null)?.file === file;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) !== null) return false;
    throw error;
  }
}

function cutToBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  // A character that the cut goes through decodes to U+FFFD, and is left out.
  return bytes.length <= limit ? text : bytes.toString('utf8', 0, limit).replace(/\uFFFD+$/, '');
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // `incoming` may be a mount of its own.
    if (errorCode(error) !== 'EXDEV') throw error;
    moveAcross(from, to);
  }
}

/** Neither opens nor follows what is no regular file: a link is made again, and what holds nothing is not kept. */
function moveAcross(from: string, to: string): void {
  const status = lstatSync(from);
  if (status.isDirectory()) return;
  if (status.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else if (status.isFile()) copyDurablySync(from, to);
  rmSync(from);
}
