import { writeSync } from 'node:fs';
import { errorCode } from '../disk/durable.ts';

const maxLines = 10_000;
const linesAtOnce = 500;
const retryMs = 20;

/**
 * Lines for whoever reads our standard output: those of one turn of the loop in one write. A reader that is slow gets
 * every line in the end, up to a bound; one that is gone costs the lines, and not the jobs.
 */
export class LineWriter {
  readonly #file: number;
  readonly #onLost: (lines: number) => void;
  /** Oldest first. */
  #lines: string[] = [];
  /** What the reader did not take of a write. */
  #rest: Buffer | null = null;
  #isDue = false;
  #lost = 0;

  /** @param onLost told of lines that there was no room for, once there is */
  constructor(file: number, onLost: (lines: number) => void) {
    this.#file = file;
    this.#onLost = onLost;
  }

  write(line: string): void {
    if (this.#lines.length >= maxLines) {
      this.#lost += 1;
      return;
    }
    this.#lines.push(line);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#writeDue());
  }

  /** Waits, and lets nothing else run, until the reader has taken everything; no longer than this. */
  flush(limitMs: number): void {
    const until = performance.now() + limitMs;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (!this.#writeAll() && performance.now() < until) Atomics.wait(sleeper, 0, 0, 1);
  }

  #writeDue(): void {
    this.#isDue = false;
    if (!this.#writeAll()) {
      this.#isDue = true;
      setTimeout(() => this.#writeDue(), retryMs);
      return;
    }
    if (this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#onLost(lost);
  }

  /** Whether nothing waits any more. */
  #writeAll(): boolean {
    for (;;) {
      if (this.#rest === null) {
        if (this.#lines.length === 0) return true;
        this.#rest = Buffer.from(this.#lines.splice(0, linesAtOnce).join(''));
      }
      this.#rest = this.#writeOnce(this.#rest);
      if (this.#rest !== null) return false;
    }
  }

  /** Null where it is written, or can never be; else what is left of it. */
  #writeOnce(bytes: Buffer): Buffer | null {
    try {
      const written = writeSync(this.#file, bytes);
      return written < bytes.length ? bytes.subarray(written) : null;
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      return code === 'EAGAIN' ? bytes : null;
    }
  }
}
