import { lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, makeDirectory } from '../disk/durable.ts';
import { extendedAttributesOf } from '../native/libc.ts';
import { removeTree } from './remove-tree.ts';

/** Permission bits of a job's directories. */
const mode = 0o750;

/** Below the place of the jobs; no job's id begins with a dot. */
const placeName = '.empty';

/** What tells a directory that was touched from one that was only made. */
interface Look {
  /** Another one's: something is mounted there. */
  readonly dev: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly attributes: string;
}

/**
 * Directories that a job got and left empty, kept for the next one: to rename one costs a fiftieth of what some file systems
 * take to remove one and to make another. One whose owner, permissions, access list or other attributes a job has
 * changed is not kept.
 */
export class EmptyDirectories {
  readonly #place: string;
  readonly #most: number;
  readonly #kept: string[] = [];
  /** Each with another in it. */
  readonly #nests: string[] = [];
  #made = 0;
  #fresh: Look | null = null;
  #isReady = false;

  /** @param jobs where the jobs' directories are @param most how many of a kind are kept */
  constructor(jobs: string, most = 64) {
    this.#place = join(jobs, placeName);
    this.#most = most;
  }

  /** Makes a directory where there is none. @throws the system's error */
  make(path: string): void {
    if (lstatSync(path, { throwIfNoEntry: false }) || this.#take(path, this.#kept)) return;
    makeDirectory(path, mode);
    this.#fresh ??= lookAt(path);
  }

  /** Makes a directory and one in it. @throws the system's error */
  makeNest(outer: string, name: string): void {
    if (!lstatSync(outer, { throwIfNoEntry: false }) && this.#take(outer, this.#nests)) return;
    this.make(outer);
    this.make(join(outer, name));
  }

  /** Takes away a directory that nobody needs any more. False where it is not empty, or not as it was made: it is left there. */
  keep(path: string): boolean {
    return this.#keep(path, this.#kept, () => this.#isEmptyAndFresh(path));
  }

  /** The same for a directory and the one in it: false where it holds anything else. */
  keepNest(outer: string, name: string): boolean {
    return this.#keep(outer, this.#nests, () => {
      if (!this.#isFresh(outer)) return false;
      const [only, ...others] = readdirSync(outer);
      return only === name && others.length === 0 && this.#isEmptyAndFresh(join(outer, name));
    });
  }

  #isEmptyAndFresh(path: string): boolean {
    return this.#isFresh(path) && readdirSync(path).length === 0;
  }

  #isFresh(path: string): boolean {
    if (!this.#fresh) return false;
    const { attributes, ...status } = this.#fresh;
    return isSame(lstatSync(path), status) && extendedAttributesOf(path) === attributes;
  }

  #keep(path: string, kept: string[], mayBeKept: () => boolean): boolean {
    if (kept.length >= this.#most || !this.#fresh || !this.#prepare()) return false;
    try {
      if (!mayBeKept()) return false;
      this.#made += 1;
      const spare = join(this.#place, String(this.#made));
      renameSync(path, spare);
      kept.push(spare);
      return true;
    } catch (error) {
      if (errorCode(error) === null) throw error;
      return false;
    }
  }

  #take(path: string, kept: string[]): boolean {
    const spare = kept.pop();
    if (spare === undefined) return false;
    try {
      renameSync(spare, path);
      return true;
    } catch (error) {
      if (errorCode(error) === null) throw error;
      return false;
    }
  }

  /** What a supervisor before us kept is not looked at. */
  #prepare(): boolean {
    if (this.#isReady) return true;
    try {
      removeTree(this.#place);
      mkdirSync(this.#place, { mode: 0o700 });
      this.#isReady = true;
    } catch (error) {
      if (errorCode(error) === null) throw error;
    }
    return this.#isReady;
  }
}

const isSame = (one: Omit<Look, 'attributes'>, other: Omit<Look, 'attributes'>): boolean =>
  one.dev === other.dev && one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;

function lookAt(path: string): Look {
  const { dev, mode: bits, uid, gid } = lstatSync(path);
  return { dev, mode: bits, uid, gid, attributes: extendedAttributesOf(path) };
}
