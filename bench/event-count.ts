import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const chunkBytes = 1024 * 1024;

/** Counts an event in a journal that grows, reading each byte once. */
export class EventCount {
  readonly #path: string;
  readonly #event: string;
  #position = 0;
  #rest = '';
  #count = 0;

  constructor(path: string, event: string) {
    this.#path = path;
    this.#event = ` ${event} `;
  }

  /** Up to now. */
  now(): number {
    const file = openSync(this.#path, 'r');
    try {
      const buffer = Buffer.alloc(chunkBytes);
      const { size } = fstatSync(file);
      while (this.#position < size) {
        const length = readSync(file, buffer, 0, buffer.length, this.#position);
        if (length === 0) break;
        this.#position += length;
        const lines = (this.#rest + buffer.toString('utf8', 0, length)).split('\n');
        this.#rest = lines.pop() ?? '';
        this.#count += lines.filter((line) => line.includes(this.#event)).length;
      }
      return this.#count;
    } finally {
      closeSync(file);
    }
  }
}
