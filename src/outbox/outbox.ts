import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, makeDirectory, temporaryPattern, writeDurably, writeDurablySync } from '../disk/durable.ts';
import type { ByteCount, Milliseconds } from '../job/units.ts';
import { formatBytes } from '../job/units.ts';

/** One envelope that is safe and not yet delivered. */
export interface Waiting {
  readonly name: string;
  readonly eventId: string;
  readonly bytes: number;
  readonly storedAtMs: number;
}

export interface OutboxLimits {
  readonly maxBytes: ByteCount;
  readonly maxAgeMs: Milliseconds;
}

const namePattern = /^(\d{13})-([0-9a-f]{32})\.envelope$/;

/**
 * Envelopes on disk, one file each, oldest first: `outbox/MILLISECONDS-EVENTID.envelope`, and those that Sentry will
 * never take in `outbox/dead/`.
 */
export class Outbox {
  readonly #directory: string;
  readonly #limits: OutboxLimits;
  readonly #waiting = new Map<string, Waiting>();
  readonly #storing = new Map<string, Promise<void>>();
  #bytes = 0;
  #onStored: () => void = () => undefined;

  constructor(directory: string, limits: OutboxLimits) {
    this.#directory = directory;
    this.#limits = limits;
    makeDirectory(join(directory, 'dead'), 0o700);
    for (const name of readdirSync(directory).sort()) {
      // What a power cut left half written was never told to be safe.
      if (temporaryPattern.test(name)) rmSync(join(directory, name), { force: true });
      const match = namePattern.exec(name);
      if (match)
        this.#add({
          name,
          eventId: match[2] ?? '',
          bytes: statSync(join(directory, name)).size,
          storedAtMs: Number(match[1]),
        });
    }
  }

  /** Told each time an envelope came. */
  onStored(listener: () => void): void {
    this.#onStored = listener;
  }

  /** Resolves once the envelope survives a power cut. The same event again changes nothing. Rejects where the disk, or the budget, has no room. */
  async store(eventId: string, envelope: Uint8Array): Promise<void> {
    const under = this.#storing.get(eventId);
    if (under) return under;
    if (this.has(eventId)) return;
    if (this.#bytes + envelope.byteLength > this.#limits.maxBytes) {
      throw new Error(`the outbox is full (outbox.maxBytes is ${formatBytes(this.#limits.maxBytes)})`);
    }
    // Counted before it is written: those who come meanwhile find the room taken.
    this.#bytes += envelope.byteLength;
    const storing = this.#write(eventId, envelope).finally(() => this.#storing.delete(eventId));
    this.#storing.set(eventId, storing);
    return storing;
  }

  async #write(eventId: string, envelope: Uint8Array): Promise<void> {
    const now = Date.now();
    const waiting = { name: `${now}-${eventId}.envelope`, eventId, bytes: envelope.byteLength, storedAtMs: now };
    try {
      await writeDurably(join(this.#directory, waiting.name), envelope, { mode: 0o600 });
    } catch (error) {
      this.#bytes -= envelope.byteLength;
      throw error;
    }
    this.#waiting.set(eventId, waiting);
    this.#onStored();
  }

  has(eventId: string): boolean {
    return this.#waiting.has(eventId);
  }

  /** The one that has waited longest. */
  oldest(): Waiting | null {
    return this.#waiting.values().next().value ?? null;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** Null where somebody has taken it away. */
  read(waiting: Waiting): Buffer<ArrayBuffer> | null {
    try {
      return readFileSync(join(this.#directory, waiting.name));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  isTooOld(waiting: Waiting, nowMs: number): boolean {
    return nowMs - waiting.storedAtMs > this.#limits.maxAgeMs;
  }

  /** It was delivered. */
  remove(waiting: Waiting): void {
    rmSync(join(this.#directory, waiting.name), { force: true });
    this.#forget(waiting);
  }

  /** Puts a smaller form of it in its place. */
  replace(waiting: Waiting, envelope: Uint8Array): void {
    writeDurablySync(join(this.#directory, waiting.name), envelope, { mode: 0o600 });
    this.#bytes += envelope.byteLength - waiting.bytes;
    this.#waiting.set(waiting.eventId, { ...waiting, bytes: envelope.byteLength });
  }

  /** Lets the others go first. */
  postpone(waiting: Waiting): void {
    if (this.#waiting.delete(waiting.eventId)) this.#waiting.set(waiting.eventId, waiting);
  }

  /** It will never be delivered: kept in `dead/`, out of the way. */
  bury(waiting: Waiting): void {
    try {
      renameSync(join(this.#directory, waiting.name), join(this.#directory, 'dead', waiting.name));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    this.#forget(waiting);
  }

  #add(waiting: Waiting): void {
    this.#waiting.set(waiting.eventId, waiting);
    this.#bytes += waiting.bytes;
  }

  #forget(waiting: Waiting): void {
    const known = this.#waiting.get(waiting.eventId);
    if (known && this.#waiting.delete(waiting.eventId)) this.#bytes -= known.bytes;
  }
}
