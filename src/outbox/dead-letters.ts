import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, makeDirectory } from '../disk/durable.ts';
import { type EnvelopeName, parseEnvelopeName } from './file-name.ts';

/** Envelopes that Sentry will never take, kept for people to look at while there is room; the oldest go first. */
export class DeadLetters {
  readonly #directory: string;
  readonly #onRemoved: (name: EnvelopeName) => void;
  readonly #files = new Map<string, number>();
  #bytes = 0;

  constructor(directory: string, onRemoved: (name: EnvelopeName) => void) {
    this.#directory = directory;
    this.#onRemoved = onRemoved;
    makeDirectory(directory, 0o700);
    this.#look();
  }

  /** Removes the oldest until those that are left take no more than so many bytes. */
  makeRoom(maxBytes: number): void {
    // People may have taken some away.
    if (this.#bytes > maxBytes) this.#look();
    for (const [name, bytes] of this.#files) {
      if (this.#bytes <= maxBytes) return;
      rmSync(join(this.#directory, name), { force: true });
      this.#files.delete(name);
      this.#bytes -= bytes;
      const parsed = parseEnvelopeName(name);
      if (parsed) this.#onRemoved(parsed);
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

  #look(): void {
    const names = readdirSync(this.#directory).filter((name) => name.endsWith('.envelope'));
    this.#files.clear();
    this.#bytes = 0;
    for (const name of names.sort()) {
      const status = statSync(join(this.#directory, name), { throwIfNoEntry: false });
      if (status) this.#add(name, status.size);
    }
  }

  #add(name: string, bytes: number): void {
    this.#files.set(name, bytes);
    this.#bytes += bytes;
  }
}
