import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, probeDirectory, temporaryPattern, writeDurably, writeDurablySync } from '../disk/durable.ts';
import type { ByteCount, Milliseconds } from '../job/units.ts';
import { firstPlausible, formatBytes } from '../job/units.ts';
import { DeadLetters } from './dead-letters.ts';

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

/** For envelopes that the disk refuses: about a thousand. */
const maxHeldBytes = 16 * 1024 ** 2;

const namePattern = /^(\d{13})-([0-9a-f]{32})\.envelope$/;

/**
 * Envelopes on disk, one file each, oldest first: `outbox/MILLISECONDS-EVENTID.envelope`, and those that Sentry will
 * never take in `outbox/dead/`. One budget holds for both: the dead make room first. What the disk refuses is held in
 * memory, to be delivered from there or written as soon as there is room.
 */
export class Outbox {
  readonly #directory: string;
  readonly #onState: (failure: unknown) => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #storing = new Map<string, Promise<void>>();
  readonly #held = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Removals that the disk has refused, by file name. */
  readonly #undone = new Map<string, () => void>();
  readonly #dead: DeadLetters;
  #limits: OutboxLimits;
  #bytes = 0;
  #heldBytes = 0;
  #onStored: () => void = () => undefined;

  /** @param onState told after each write: null where it is durable, else why the disk refused it */
  constructor(directory: string, limits: OutboxLimits, onState: (failure: unknown) => void = () => undefined) {
    this.#directory = directory;
    this.#limits = limits;
    this.#onState = onState;
    this.#dead = new DeadLetters(join(directory, 'dead'));
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

  /** From now on. What is there already stays. */
  setLimits(limits: OutboxLimits): void {
    this.#limits = limits;
  }

  /**
   * Resolves once the envelope survives a power cut. The same event again changes nothing. Rejects where the budget has no
   * room, and where the disk refuses; it is then held in memory.
   */
  async store(eventId: string, envelope: Uint8Array<ArrayBuffer>): Promise<void> {
    const under = this.#storing.get(eventId);
    if (under) return under;
    if (this.has(eventId)) return this.#held.has(eventId) ? this.#keep(eventId) : undefined;
    if (this.#bytes + envelope.byteLength > this.#limits.maxBytes) {
      throw new Error(`the outbox is full (outbox.maxBytes is ${formatBytes(this.#limits.maxBytes)})`);
    }
    // Counted before it is written: those who come meanwhile find the room taken.
    this.#bytes += envelope.byteLength;
    const storing = this.#write(eventId, envelope).finally(() => this.#storing.delete(eventId));
    this.#storing.set(eventId, storing);
    return storing;
  }

  async #write(eventId: string, envelope: Uint8Array<ArrayBuffer>): Promise<void> {
    const now = Date.now();
    // Thirteen digits in any year: names sort by time.
    const name = `${String(now).padStart(13, '0')}-${eventId}.envelope`;
    const waiting = { name, eventId, bytes: envelope.byteLength, storedAtMs: now };
    try {
      this.#dead.makeRoom(this.#limits.maxBytes - this.#bytes);
      await writeDurably(join(this.#directory, name), envelope, { mode: 0o600 });
      this.#onState(null);
      this.#waiting.set(eventId, waiting);
    } catch (error) {
      this.#onState(error);
      if (!this.#hold(waiting, envelope)) this.#bytes -= envelope.byteLength;
      throw error;
    } finally {
      this.#onStored();
    }
  }

  /** Does what the disk refused before, as far as it takes it now. */
  async keepHeld(): Promise<void> {
    try {
      for (const eventId of this.#held.keys()) await this.#keep(eventId);
      for (const [name, remove] of this.#undone) {
        remove();
        this.#undone.delete(name);
      }
      // Those that were held may have been delivered meanwhile: that says nothing of the disk.
      probeDirectory(this.#directory);
      this.#onState(null);
    } catch (error) {
      if (errorCode(error) === null) throw error;
      this.#onState(error);
    }
  }

  async #keep(eventId: string): Promise<void> {
    for (;;) {
      const [waiting, envelope] = [this.#waiting.get(eventId), this.#held.get(eventId)];
      if (!waiting || !envelope) return;
      this.#dead.makeRoom(this.#limits.maxBytes - this.#bytes);
      await writeDurably(join(this.#directory, waiting.name), envelope, { mode: 0o600 });
      // Meanwhile it may have been delivered, or kept by somebody else, or have got a smaller form.
      if (!this.#waiting.has(eventId)) rmSync(join(this.#directory, waiting.name), { force: true });
      else if (this.#held.get(eventId) === envelope) this.#letGo(eventId);
    }
  }

  /** Removes a file. What the disk refuses is done by {@link keepHeld}. */
  #discard(name: string, remove: () => void): void {
    try {
      remove();
    } catch (error) {
      if (errorCode(error) === null) throw error;
      this.#undone.set(name, remove);
      this.#onState(error);
    }
  }

  #hold(waiting: Waiting, envelope: Uint8Array<ArrayBuffer>): boolean {
    if (this.#heldBytes + envelope.byteLength > maxHeldBytes) return false;
    this.#held.set(waiting.eventId, envelope);
    this.#heldBytes += envelope.byteLength;
    this.#waiting.set(waiting.eventId, waiting);
    return true;
  }

  #letGo(eventId: string): void {
    this.#heldBytes -= this.#held.get(eventId)?.byteLength ?? 0;
    this.#held.delete(eventId);
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
    const held = this.#held.get(waiting.eventId);
    if (held) return Buffer.from(held.buffer, held.byteOffset, held.byteLength);
    try {
      return readFileSync(join(this.#directory, waiting.name));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  isTooOld(waiting: Waiting, nowMs: number): boolean {
    return waiting.storedAtMs >= firstPlausible && nowMs - waiting.storedAtMs > this.#limits.maxAgeMs;
  }

  /** It was delivered. */
  remove(waiting: Waiting): void {
    this.#discard(waiting.name, () => rmSync(join(this.#directory, waiting.name), { force: true }));
    this.#forget(waiting);
  }

  /** Puts a smaller form of it in its place; where the disk refuses that, the larger stays. */
  replace(waiting: Waiting, envelope: Uint8Array<ArrayBuffer>): void {
    const smaller = { ...waiting, bytes: envelope.byteLength };
    try {
      if (this.#held.has(waiting.eventId)) {
        this.#letGo(waiting.eventId);
        this.#hold(smaller, envelope);
      } else writeDurablySync(join(this.#directory, waiting.name), envelope, { mode: 0o600 });
      this.#bytes += smaller.bytes - waiting.bytes;
      this.#waiting.set(waiting.eventId, smaller);
    } catch (error) {
      if (errorCode(error) === null) throw error;
      this.#onState(error);
    }
  }

  /** Lets the others go first. */
  postpone(waiting: Waiting): void {
    // It may have got a smaller form since its caller took it.
    const known = this.#waiting.get(waiting.eventId);
    if (known && this.#waiting.delete(known.eventId)) this.#waiting.set(known.eventId, known);
  }

  /** It will never be delivered: kept in `dead/`, out of the way, for as long as the budget has room. */
  bury(waiting: Waiting): void {
    if (!this.#held.has(waiting.eventId))
      this.#discard(waiting.name, () => {
        this.#dead.makeRoom(this.#limits.maxBytes - this.#bytes);
        this.#dead.take(join(this.#directory, waiting.name), this.#waiting.get(waiting.eventId) ?? waiting);
      });
    this.#forget(waiting);
  }

  #add(waiting: Waiting): void {
    this.#waiting.set(waiting.eventId, waiting);
    this.#bytes += waiting.bytes;
  }

  #forget(waiting: Waiting): void {
    this.#letGo(waiting.eventId);
    const known = this.#waiting.get(waiting.eventId);
    if (known && this.#waiting.delete(waiting.eventId)) this.#bytes -= known.bytes;
  }
}
