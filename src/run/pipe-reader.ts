import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { errorCode } from '../disk/durable.ts';

/** What has been read is handled before the next read: one buffer serves all. */
const buffer = Buffer.alloc(64 * 1024);

/** The most reads of a pipe in one go, so that whoever fills it faster than we read does not hold up the loop. */
const maxReads = 16;

/**
 * Reads what comes through a pipe, to its end. Most children are over before anybody had to listen: what they printed
 * fits into the pipe, and is read at once when they have ended.
 *
 *   unheard ──listen──▶ heard ──its end, abandon──▶ closed
 *      └──readNow, and nobody else has it open──────▶ closed
 */
export class PipeReader {
  readonly #onChunk: (chunk: Buffer) => void;
  readonly #closed = Promise.withResolvers<void>();
  #file: number | null;
  #socket: Socket | null = null;

  /** @param file whose reading end does not block; closed in the end */
  constructor(file: number, onChunk: (chunk: Buffer) => void) {
    this.#file = file;
    this.#onChunk = onChunk;
  }

  /** It has been read to its end, or was given up. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Is woken from now on when something comes. */
  listen(): void {
    if (this.#file === null) return;
    const callback = (count: number): boolean => {
      this.#onChunk(buffer.subarray(0, count));
      return true;
    };
    const socket = new Socket({ fd: this.#file, readable: true, writable: false, onread: { buffer, callback } });
    this.#file = null;
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed.resolve());
    socket.resume();
  }

  /** Reads what is there; listens where that is not all. */
  readNow(): void {
    if (this.#file === null) return;
    if (this.#readToEnd(this.#file)) this.#close();
    else this.listen();
  }

  /** Reads nothing more. */
  abandon(): void {
    if (this.#socket) this.#socket.destroy();
    else this.#close();
  }

  #readToEnd(file: number): boolean {
    try {
      for (let reads = 0; reads < maxReads; reads += 1) {
        const count = readSync(file, buffer);
        if (count === 0) return true;
        this.#onChunk(buffer.subarray(0, count));
      }
      return false;
    } catch (error) {
      if (errorCode(error) === null) throw error;
      return false; // Nothing more is there now (EAGAIN): somebody else has it open.
    }
  }

  #close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#closed.resolve();
  }
}
