import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, makeDirectory } from '../disk/durable.ts';

/** Envelopes that Sentry will never take, kept for people to look at while there is room; the oldest go first. */
export class DeadLetters {
  readonly #directory: string;
  readonly #files = new Map<string, number>();
  #bytes = 0;

  constructor(directory: string) {
    this.#directory = directory;
    makeDirectory(directory, 0o700);
    const names = readdirSync(directory).filter((name) => name.endsWith('.envelope'));
    for (const name of names.sort()) this.#add(name, statSync(join(directory, name)).size);
  }

  /** Removes the oldest until those that are left take no more than so many bytes. */
  makeRoom(maxBytes: number): void {
    for (const [name, bytes] of this.#files) {
      if (this.#bytes <= maxBytes) return;
      rmSync(join(this.#directory, name), { force: true });
      this.#files.delete(name);
      this.#bytes -= bytes;
    }
  }

  /** Takes over an envelope's file, where it is still there. */
  take(path: string, { name, bytes }: { readonly name: string; readonly bytes: number }): void {
    try {
      renameSync(path, join(this.#directory, name));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      return;
    }
    this.#add(name, bytes);
  }

  #add(name: string, bytes: number): void {
    this.#files.set(name, bytes);
    this.#bytes += bytes;
  }
}
