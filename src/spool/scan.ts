import { type Dirent, lstatSync, opendirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import type { Milliseconds } from '../job/units.ts';

/** A file in `incoming` as one look found it. */
export interface Seen {
  readonly name: string;
  /** `undecodable`: its name is not valid UTF-8. */
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device' | 'undecodable';
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** What to do about a file in `incoming`. */
export type Decision = 'take' | 'wait' | 'leave' | 'refuse-type';

/** The most that one scan hands on; what is left is found by the next, which then follows at once. */
export const maxScanned = 500;

/** Names that producers use for what they have not finished, and that Booty's own temporary files have. */
export const isIgnoredName = (name: string): boolean => name.startsWith('.') || /(?:\.tmp|\.part|~)$/.test(name);

/**
 * Decides about one file. Whoever renames a finished file into the spool makes its status change (ctime) later than its
 * last write (mtime): it is whole, and taken at once. Any other may still be being written, and is taken once it has stood
 * still for a while.
 * @param earlier how the scan before saw it, if it did, and when
 */
export function decide(
  seen: Seen,
  earlier: { readonly seen: Seen; readonly atMs: number } | undefined,
  nowMs: number,
  settleMs: Milliseconds,
): Decision {
  switch (seen.type) {
    case 'directory':
    case 'undecodable':
      return 'leave';
    case 'symlink':
    case 'fifo':
    case 'socket':
    case 'device':
      return 'refuse-type';
    case 'file':
      if (seen.ctimeMs > seen.mtimeMs && seen.size > 0) return 'take';
      if (!earlier || earlier.seen.size !== seen.size || earlier.seen.mtimeMs !== seen.mtimeMs) return 'wait';
      return nowMs - earlier.atMs >= settleMs ? 'take' : 'wait';
  }
}

export interface Scan<Known> {
  readonly seen: readonly Seen[];
  /** There were more than {@link maxScanned}. */
  readonly more: boolean;
  /** Unfinished ones that are there and had no place in it: what is known of them must not be forgotten, or they never become whole. */
  readonly passedOver: ReadonlyMap<string, Known>;
}

/** How far one scan reads on: a hundred thousand files must not be listed anew for each five hundred that are taken. */
const maxListed = 10 * maxScanned;

/**
 * Looks at what lies in `incoming`, of a moderate number the oldest first. Directories, which stay there, take no file's
 * place in the bound.
 * @param unfinished files that were not whole when they were last seen, those first that were not looked at for the longest
 *   time: others go before them
 * @throws the system's error where the directory cannot be read
 */
export function scan<Known>(incoming: string, unfinished: ReadonlyMap<string, Known> = new Map()): Scan<Known> {
  const { staying, candidates } = list(incoming);
  const ready = candidates.filter((name) => !unfinished.has(name));
  const there = new Set(candidates);
  const waiting = [...unfinished].filter(([name]) => there.has(name));
  const room = Math.max(0, maxScanned - ready.length);
  const chosen = [...ready.slice(0, maxScanned), ...waiting.slice(0, room).map(([name]) => name)];
  const seen = [...staying, ...chosen].flatMap((name) => look(incoming, name) ?? []);
  return {
    seen: seen.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.name < b.name ? -1 : 1)),
    more: ready.length > maxScanned,
    passedOver: new Map(waiting.slice(room)),
  };
}

function list(incoming: string): { readonly staying: readonly string[]; readonly candidates: readonly string[] } {
  using directory = opendirSync(incoming, { bufferSize: 512 });
  const staying: string[] = [];
  const candidates: string[] = [];
  for (let entry = directory.readSync(); entry && candidates.length < maxListed; entry = directory.readSync()) {
    if (isIgnoredName(entry.name)) continue;
    if (!staysThere(entry)) candidates.push(entry.name);
    else if (staying.length < maxScanned) staying.push(entry.name);
  }
  return { staying, candidates };
}

const staysThere = (entry: Dirent): boolean => entry.isDirectory() || isUndecodable(entry.name);
const isUndecodable = (name: string): boolean => name.includes('\uFFFD');

function look(directory: string, name: string): Seen | null {
  if (isUndecodable(name)) return { name, type: 'undecodable', size: 0, mtimeMs: 0, ctimeMs: 0 };
  try {
    const status = lstatSync(join(directory, name));
    return { name, type: typeOf(status), size: status.size, mtimeMs: status.mtimeMs, ctimeMs: status.ctimeMs };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null; // Its producer took it back.
    throw error;
  }
}

function typeOf(status: Stats): Seen['type'] {
  if (status.isFile()) return 'file';
  if (status.isDirectory()) return 'directory';
  if (status.isSymbolicLink()) return 'symlink';
  if (status.isFIFO()) return 'fifo';
  return status.isSocket() ? 'socket' : 'device';
}
