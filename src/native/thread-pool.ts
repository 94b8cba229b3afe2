import { readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { closePipe, openPipe, unblock } from './libc.ts';

/*
 * The pool of threads that Node.js has for files, and that starts our children. Some rights belong to a thread, and are
 * given up by each for itself. Nobody can choose the thread that does a piece of work; but where all others are held, it is known.
 */

/** As koffi has it: made on a thread of the pool, the callback comes last. */
export interface PoolCall {
  readonly async: (...args: readonly unknown[]) => void;
}

/** What threads work on: koffi does not keep a buffer whose pointer it has passed on. */
const inUse = new Set<readonly unknown[]>();

/** Makes a call on a thread of the pool. */
export function onPool(call: PoolCall, ...args: readonly unknown[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  inUse.add(args);
  call.async(...args, (error: unknown, result: number) => {
    inUse.delete(args);
    if (error) reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
    else resolve(Number(result));
  });
  return promise;
}

/** How many it has (docs.libuv.org, Thread pool work scheduling). */
const sizeOfPool = (): number => Math.min(1024, Math.max(1, Number(process.env.UV_THREADPOOL_SIZE ?? 4) || 1));

/** More than a pipe takes. */
const holdingBytes = 256 * 1024;
const lookAgainMs = 1;

/** A thread of the pool that is held: it writes into a pipe, whose first byte tells that it does, and which is full then. */
class Hold {
  readonly #pipe = openPipe();
  /** Kept until the thread has done with it. */
  readonly #bytes = Buffer.alloc(holdingBytes);
  #isOver = false;
  readonly #written: Promise<void>;

  constructor(write: PoolCall) {
    unblock(this.#pipe.read);
    this.#written = onPool(write, this.#pipe.write, this.#bytes, this.#bytes.length).then(() => {
      this.#isOver = true;
    });
  }

  /** Resolves once a thread is held by it. */
  async taken(): Promise<void> {
    while (this.#read(1) === 0) await sleep(lookAgainMs);
  }

  async release(): Promise<void> {
    while (!this.#isOver) if (this.#read(holdingBytes) === 0) await sleep(lookAgainMs);
    await this.#written;
    closePipe(this.#pipe);
  }

  #read(most: number): number {
    try {
      return readSync(this.#pipe.read, Buffer.alloc(most));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
      throw error;
    }
  }
}

/**
 * Has each thread of the pool do a work once. All but one are held, so that it is that one which does it; then it is held
 * too, and another is let go. False as soon as one of them says so.
 */
export async function onEachThread(work: () => Promise<boolean>): Promise<boolean> {
  const write = koffi.load(null).func('long write(int fd, void *buffer, size_t count)') as unknown as PoolCall;
  const held: Hold[] = [];
  const hold = async (): Promise<void> => {
    const one = new Hold(write);
    held.push(one);
    await one.taken();
  };
  try {
    for (let count = 1; count < sizeOfPool(); count += 1) await hold();
    for (let left = sizeOfPool(); ; left -= 1) {
      if (!(await work())) return false;
      if (left === 1) return true;
      await hold();
      // The one that has been held the longest has not done it.
      await held.shift()?.release();
    }
  } finally {
    for (const one of held) await one.release();
  }
}
