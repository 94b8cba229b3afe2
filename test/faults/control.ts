import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';

/** Calls that change something, as the shim names them. `mmap` changes nothing, and can only be made to fail. */
export type Operation =
  | 'open'
  | 'write'
  | 'fsync'
  | 'fdatasync'
  | 'rename'
  | 'link'
  | 'symlink'
  | 'unlink'
  | 'mkdir'
  | 'rmdir'
  | 'truncate'
  | 'chmod'
  | 'fork'
  | 'mmap';

/** Which calls a rule is about. */
export interface Aim {
  /** Any where it is left out. */
  readonly operations?: readonly Operation[];
  /** Of the path below the root, of the new one where there are two: `*` stops at a slash, `**` at the end is everything below. */
  readonly pattern?: string;
  /** Only the match of this number, from 1. */
  readonly only?: number;
  /** Out of a thousand matches. */
  readonly share?: number;
}

/** When the program is killed: `middle` is after half of the bytes of a write. */
export type Moment = 'before' | 'middle' | 'after';
const moments: Readonly<Record<Moment, number>> = { before: 0, middle: 1, after: 2 };

export type Errno = keyof typeof constants.errno;

// The layout of shim/shim.h.
const ruleBytes = 512;
const maxRules = 16;
const firstRule = 64;
const at = { on: 0, action: 4, error: 8, moment: 12, only: 16, share: 24, matched: 32, struck: 40, operations: 48 };
const patternAt = 176;
const [fail, kill] = [1, 2];
const pointsAt = 8;
const diedAt = 16;

/** The file by which a test tells the shim what to do, while the program runs. */
export class FaultControl implements Disposable {
  readonly path: string;
  readonly #file: number;
  readonly #used = new Set<number>();

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'wx+', 0o600);
    ftruncateSync(this.#file, firstRule + maxRules * ruleBytes);
  }

  /** Lets calls fail, from now on. */
  fail(error: Errno, aim: Aim): Rule {
    return this.#add({ action: fail, error: constants.errno[error], moment: 0, aim });
  }

  /** Kills the program at a call. */
  kill(moment: Moment, aim: Aim): Rule {
    return this.#add({ action: kill, error: 0, moment: moments[moment], aim });
  }

  /** How far its clock is ahead of ours. */
  shiftClock(ms: number): void {
    const nanoseconds = Buffer.alloc(8);
    nanoseconds.writeBigInt64LE(BigInt(Math.round(ms)) * 1_000_000n);
    writeSync(this.#file, nanoseconds, 0, 8, 0);
  }

  /** How many changes there were. */
  get points(): number {
    return this.#read(pointsAt);
  }

  /** The number of the one at which it was killed; 0: it was not. */
  get diedAt(): number {
    return this.#read(diedAt);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #add({ action, error, moment, aim }: { action: number; error: number; moment: number; aim: Aim }): Rule {
    const number = Array.from({ length: maxRules }, (_, index) => index).find((index) => !this.#used.has(index));
    if (number === undefined) throw new Error(`there are ${maxRules} rules already`);
    this.#used.add(number);
    const rule = Buffer.alloc(ruleBytes);
    rule.writeUInt32LE(action, at.action);
    rule.writeUInt32LE(error, at.error);
    rule.writeUInt32LE(moment, at.moment);
    rule.writeBigUInt64LE(BigInt(aim.only ?? 0), at.only);
    rule.writeBigUInt64LE(BigInt(aim.share ?? 0), at.share);
    put(rule, aim.operations ? ` ${aim.operations.join(' ')} ` : '', at.operations, patternAt);
    put(rule, aim.pattern ?? '', patternAt, ruleBytes);
    const start = firstRule + number * ruleBytes;
    writeSync(this.#file, rule, 0, ruleBytes, start);
    const turn = (on: boolean): void => {
      const word = Buffer.alloc(4);
      word.writeUInt32LE(on ? 1 : 0);
      writeSync(this.#file, word, 0, 4, start + at.on);
      if (!on) this.#used.delete(number);
    };
    turn(true);
    const count = (offset: number): number => this.#read(start + offset);
    return { off: () => turn(false), matched: () => count(at.matched), struck: () => count(at.struck) };
  }

  #read(offset: number): number {
    const word = Buffer.alloc(8);
    readSync(this.#file, word, 0, 8, offset);
    return Number(word.readBigUInt64LE());
  }
}

/** A rule that holds until it is turned off. */
export interface Rule {
  off(): void;
  /** How many calls it was about. */
  matched(): number;
  /** How many of them it struck: a fault that never came proves nothing. */
  struck(): number;
}

function put(rule: Buffer, text: string, from: number, end: number): void {
  if (Buffer.byteLength(text) >= end - from) throw new Error(`too long for a rule: ${text}`);
  rule.write(text, from);
}
