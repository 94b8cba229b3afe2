import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, probeDirectory, temporaryPattern, writeDurably, writeDurablySync } from '../disk/durable.ts';
import type { ByteCount, Milliseconds } from '../job/units.ts';
import { firstPlausible, formatBytes, instant, timestamp } from '../job/units.ts';
import { victimsOf } from './budget.ts';
import { Counts } from './counts.ts';
import { DeadLetters } from './dead-letters.ts';
import { type Dropped, DropRecord } from './drop-record.ts';
import { eventIn } from './envelope.ts';
import { type EnvelopeName, envelopeName, parseEnvelopeName } from './file-name.ts';
import { jobIdIn, standsFor } from './summary.ts';

/** One envelope that is safe and not yet delivered. */
export interface Waiting extends EnvelopeName {
  readonly bytes: number;
}

export interface OutboxLimits {
  readonly maxBytes: ByteCount;
  readonly maxAgeMs: Milliseconds;
}

/** For envelopes that the disk refuses: about a thousand. */
const maxHeldBytes = 16 * 1024 ** 2;

/**
 * Envelopes on disk, one file each, oldest first, and those that Sentry will never take in `outbox/dead/`. One budget holds
 * for both: the dead make room first, then the oldest duplicates of what waits already, which are counted instead. What the
 * disk refuses is held in memory, to be delivered from there or written as soon as there is room.
 */
export class Outbox {
  readonly directory: string;
  readonly #onState: (failure: unknown) => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #storing = new Map<string, Promise<void>>();
  readonly #held = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Removals that the disk has refused, by file name. */
  readonly #undone = new Map<string, () => void>();
  /** Files that are to be removed once what they held is counted. */
  readonly #leaving = new Set<string>();
  readonly #dead: DeadLetters;
  readonly #record: DropRecord;
  readonly counts: Counts;
  #limits: OutboxLimits;
  #bytes = 0;
  #heldBytes = 0;
  #onStored: () => void = () => undefined;
  #onDropped: (dropped: Dropped & { readonly group: string }) => void = () => undefined;
  #inHand: string | null = null;
  #seenAtMs = Number.NaN;

  /** @param onState told after each write: null where it is durable, else why the disk refused it */
  constructor(directory: string, limits: OutboxLimits, onState: (failure: unknown) => void = () => undefined) {
    this.directory = directory;
    this.#limits = limits;
    this.#onState = (failure) => {
      // One write that succeeds is not the end of it while others are still to be made good.
      if (failure !== null || !this.#isBehind) onState(failure);
    };
    this.#record = new DropRecord(directory);
    this.counts = new Counts(directory, this.#onState);
    this.#dead = new DeadLetters(join(directory, 'dead'), ({ eventId }) =>
      this.#note('removed', eventId, 'given up before, and others needed its room'),
    );
    for (const name of readdirSync(directory)) {
      // What a power cut left half written was never told to be safe.
      if (temporaryPattern.test(name)) rmSync(join(directory, name), { force: true });
      const fate = this.counts.fateOf(parseEnvelopeName(name)?.eventId ?? '');
      // Whoever counted it, or saw it arrive, died before its file was removed.
      if (fate !== null) rmSync(join(directory, name), { force: true });
    }
    this.counts.tidy();
    this.#compareWith(directory);
  }

  /** Finds what people have put there or taken away. */
  rescan(): void {
    try {
      const { mtimeMs } = statSync(this.directory);
      if (mtimeMs === this.#seenAtMs) return;
      const before = this.#waiting.size;
      this.#compareWith(this.directory);
      // Within one tick of the clock there may be another change to come.
      this.#seenAtMs = Date.now() - mtimeMs > 1000 ? mtimeMs : Number.NaN;
      if (this.#waiting.size > before) this.#onStored();
    } catch (error) {
      if (errorCode(error) === null) throw error; // What the disk refuses is told by those who write.
    }
  }

  #compareWith(directory: string): void {
    const found = readdirSync(directory).flatMap((name) => parseEnvelopeName(name) ?? []);
    const names = new Set(found.map(({ name }) => name));
    for (const waiting of this.#waiting.values())
      if (!names.has(waiting.name) && !this.#held.has(waiting.eventId)) this.#forget(waiting);
    for (const one of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (this.#waiting.has(one.eventId) || this.#storing.has(one.eventId)) continue;
      if (this.#leaving.has(one.name) || this.#undone.has(one.name)) continue;
      const status = statSync(join(directory, one.name), { throwIfNoEntry: false });
      if (status) this.#add({ ...one, bytes: status.size });
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

  /** Told of each event that was counted for want of room. */
  onDropped(listener: (dropped: Dropped & { readonly group: string }) => void): void {
    this.#onDropped = listener;
  }

  /** This one is being sent: whether it has arrived is not known. */
  takeInHand(waiting: Waiting | null): void {
    this.#inHand = waiting?.eventId ?? null;
  }

  /**
   * Resolves once the envelope survives a power cut. The same event again changes nothing. Rejects where the budget has no
   * room, even without duplicates, and where the disk refuses; it is then held in memory.
   * @param group of the same bug; null where nothing else is
   */
  async store(eventId: string, envelope: Uint8Array<ArrayBuffer>, group: string | null = null): Promise<void> {
    const under = this.#storing.get(eventId);
    if (under) return under;
    if (this.has(eventId)) return this.#held.has(eventId) ? this.#keep(eventId) : undefined;
    const missing = this.#bytes + envelope.byteLength - this.#limits.maxBytes;
    const victims = missing > 0 ? victimsOf(this.#waiting.values(), missing, this.#inHand) : [];
    if (!victims) throw new Error(`the outbox is full (outbox.maxBytes is ${formatBytes(this.#limits.maxBytes)})`);
    const dropping = victims.map((victim) => this.#drop(victim));
    // Counted before it is written: those who come meanwhile find the room taken.
    this.#bytes += envelope.byteLength;
    const storing = Promise.all(dropping)
      .then(() => this.#write(eventId, envelope, group))
      .finally(() => this.#storing.delete(eventId));
    this.#storing.set(eventId, storing);
    return storing;
  }

  /** Has it counted in place of being sent. Where the disk refuses that, its file goes as soon as it is done. */
  async #drop(victim: Waiting): Promise<void> {
    const { name, eventId, group } = victim;
    const remove = (): void => rmSync(join(this.directory, name), { force: true });
    this.#leaving.add(name);
    const envelope = this.#readOrNull(victim);
    this.#forget(victim);
    const event = envelope && eventIn(envelope);
    try {
      const jobId = jobIdIn(event) ?? '-';
      const counted = { group, eventId, jobId, atMs: victim.storedAtMs, count: standsFor(event) };
      await this.counts.count(counted, () => Promise.resolve(envelope));
      this.#discard(name, remove);
    } catch (error) {
      if (errorCode(error) === null) throw error;
      this.#undone.set(name, remove);
    }
    this.#leaving.delete(name);
    this.#onDropped({ ...this.#note('counted', eventId, 'the outbox was full'), group });
  }

  #note(what: Dropped['what'], eventId: string, why: string): Dropped {
    const dropped = { at: timestamp(instant(Date.now())), what, eventId, why };
    this.#record.note(dropped);
    return dropped;
  }

  async #write(eventId: string, envelope: Uint8Array<ArrayBuffer>, group: string | null): Promise<void> {
    const waiting = { ...envelopeName(Date.now(), eventId, group), bytes: envelope.byteLength };
    try {
      this.#dead.makeRoom(this.#limits.maxBytes - this.#bytes);
      await writeDurably(join(this.directory, waiting.name), envelope, { mode: 0o600 });
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
      await this.counts.keep();
      for (const eventId of this.#held.keys()) await this.#keep(eventId);
      for (const [name, remove] of this.#undone) {
        remove();
        this.#undone.delete(name);
      }
      // Those that were held may have been delivered meanwhile: that says nothing of the disk.
      probeDirectory(this.directory);
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
      await writeDurably(join(this.directory, waiting.name), envelope, { mode: 0o600 });
      // Meanwhile it may have been delivered, or kept by somebody else, or have got a smaller form.
      if (!this.#waiting.has(eventId)) rmSync(join(this.directory, waiting.name), { force: true });
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

  /** The one that is to be delivered next: mostly that which has waited longest. */
  oldest(): Waiting | null {
    return this.#waiting.values().next().value ?? null;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** When the oldest came; null where nothing waits. */
  get oldestAtMs(): number | null {
    let oldest: number | null = null;
    for (const { storedAtMs } of this.#waiting.values()) oldest = Math.min(oldest ?? storedAtMs, storedAtMs);
    return oldest;
  }

  /** Null where somebody has taken it away. */
  read(waiting: Waiting): Buffer<ArrayBuffer> | null {
    const held = this.#held.get(waiting.eventId);
    if (held) return Buffer.from(held.buffer, held.byteOffset, held.byteLength);
    try {
      return readFileSync(join(this.directory, waiting.name));
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
    this.#discard(waiting.name, () => rmSync(join(this.directory, waiting.name), { force: true }));
    this.#forget(waiting);
  }

  /** Puts a smaller form of it in its place; where the disk refuses that, the larger stays. */
  replace(waiting: Waiting, envelope: Uint8Array<ArrayBuffer>): void {
    const smaller = { ...waiting, bytes: envelope.byteLength };
    try {
      if (this.#held.has(waiting.eventId)) {
        this.#letGo(waiting.eventId);
        this.#hold(smaller, envelope);
      } else writeDurablySync(join(this.directory, waiting.name), envelope, { mode: 0o600 });
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
  bury(waiting: Waiting, why = 'refused'): void {
    this.#note('buried', waiting.eventId, why);
    if (!this.#held.has(waiting.eventId))
      this.#discard(waiting.name, () => {
        this.#dead.makeRoom(this.#limits.maxBytes - this.#bytes);
        this.#dead.take(join(this.directory, waiting.name), this.#waiting.get(waiting.eventId) ?? waiting);
      });
    this.#forget(waiting);
  }

  get #isBehind(): boolean {
    return this.#held.size > 0 || this.#undone.size > 0 || this.counts.isBehind;
  }

  #readOrNull(waiting: Waiting): Buffer<ArrayBuffer> | null {
    try {
      return this.read(waiting);
    } catch (error) {
      if (errorCode(error) === null) throw error;
      return null;
    }
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
