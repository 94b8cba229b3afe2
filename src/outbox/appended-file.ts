import { constants, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { writeDurably } from '../disk/durable.ts';

/** A file may grow so far beyond what it must say before it is made short again. */
const maxSurplusBytes = 1024 ** 2;

/**
 * Lines that are appended to a file, durably. Those that come while one fsync runs share the next. What a line means is in
 * its owner's memory before it is appended: from there the whole file is made anew where it has grown, or where the disk
 * has refused something and nobody knows how much of it was written.
 */
export class AppendedFile {
  readonly #path: string;
  readonly #shortest: () => string;
  #bytes: number;
  #shortBytes = 0;
  #behind: boolean;
  #batch: { text: string; readonly done: PromiseWithResolvers<void> } | null = null;
  #isWriting = false;

  /**
   * @param shortest all that the file must say now
   * @param isTorn whether what is there does not end with a whole line
   */
  constructor(path: string, shortest: () => string, isTorn: boolean) {
    this.#path = path;
    this.#shortest = shortest;
    const status = statSync(path, { throwIfNoEntry: false });
    this.#bytes = status?.size ?? 0;
    this.#behind = isTorn || !status;
  }

  /** Resolves once this line, and all before it, are durable. Rejects where the disk refuses: it is then written with the next. */
  append(line: string): Promise<void> {
    this.#batch ??= { text: '', done: Promise.withResolvers() };
    this.#batch.text += line;
    const { promise } = this.#batch.done;
    if (!this.#isWriting) {
      this.#isWriting = true;
      // Those who come in the same turn go with the same fsync.
      setImmediate(() => void this.#run());
    }
    return promise;
  }

  async #run(): Promise<void> {
    for (let batch = this.#take(); batch; batch = this.#take()) {
      try {
        if (this.#behind || this.#bytes > this.#shortBytes + maxSurplusBytes) await this.#rewrite();
        else await this.#write(batch.text);
        batch.done.resolve();
      } catch (error) {
        this.#behind = true;
        batch.done.reject(error);
      }
    }
    this.#isWriting = false;
  }

  #take(): { readonly text: string; readonly done: PromiseWithResolvers<void> } | null {
    const batch = this.#batch;
    this.#batch = null;
    return batch;
  }

  async #write(text: string): Promise<void> {
    await using file = await open(this.#path, constants.O_WRONLY | constants.O_APPEND);
    await file.appendFile(text);
    await file.datasync();
    this.#bytes += Buffer.byteLength(text);
  }

  async #rewrite(): Promise<void> {
    const text = this.#shortest();
    await writeDurably(this.#path, text, { mode: 0o600 });
    this.#behind = false;
    this.#bytes = Buffer.byteLength(text);
    this.#shortBytes = this.#bytes;
  }
}
