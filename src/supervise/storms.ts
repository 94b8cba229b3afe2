import type { CrashLimits } from '../config/config.ts';
import type { CrashCapture } from '../crash/capture.ts';
import { type Crash, eventIdOf } from '../crash/crash.ts';
import { groupOf } from '../crash/grouping.ts';
import { Limiter } from '../crash/limiter.ts';
import type { CaptureRecord } from '../job/outcome.ts';
import type { Emit } from '../journal/event.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { othersGroup } from '../outbox/summary.ts';
import type { CaptureCrash } from './crashes.ts';
import { messageOf } from './troubles.ts';

/** How long after the outbox had no room for an event that tells of others it is tried again. */
const retryMs = 60_000;
const maxLastIds = 2000;

/**
 * Lets the first crashes of a bug through, and counts the rest: what was counted is told by one event of the same issue
 * when the window of its group is over, at a stop, and at the next start. The sum of what all events stand for is the
 * number of crashes.
 */
export class Storms implements CaptureCrash, AsyncDisposable {
  readonly #capture: CrashCapture;
  readonly #outbox: Outbox;
  readonly #emit: Emit;
  readonly #limiter: Limiter;
  /** By group: the event that people find when they look for one that was counted. */
  readonly #last = new Map<string, string>();
  readonly #owed: Set<string>;
  #timer: { readonly atMs: number; readonly handle: NodeJS.Timeout } | null = null;
  #telling: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(capture: CrashCapture, outbox: Outbox, limits: CrashLimits, emit: Emit) {
    this.#capture = capture;
    this.#outbox = outbox;
    this.#emit = emit;
    this.#limiter = new Limiter(limits, performance.now());
    // What the last supervisor did not come to tell.
    this.#owed = new Set(outbox.counts.groups);
    outbox.onDropped(({ eventId, why, group }) => {
      emit({ kind: 'outbox.dropped', eventId, why });
      this.#limiter.noteCounted(group, performance.now());
      this.#schedule();
    });
    if (this.#owed.size > 0) this.#wake();
  }

  setLimits(limits: CrashLimits): void {
    this.#limiter.setLimits(limits);
  }

  /** Never rejects: what went wrong is part of the answer. */
  captureCrash(crash: Crash): Promise<CaptureRecord> {
    const eventId = eventIdOf(crash.job, crash.attempt);
    // What sampling leaves out is not counted either: a count stands for events that would have been sent.
    if (!this.#capture.samples(eventId)) return this.#capture.captureCrash(crash);
    const group = groupOf(crash);
    const fate = this.#outbox.counts.fateOf(eventId);
    if (fate === 'sent') return Promise.resolve({ eventId, capture: 'captured' });
    if (fate === 'counted') return this.#count(crash, eventId, group, group);
    if (this.#outbox.has(eventId)) return this.#send(crash, eventId, group);
    switch (this.#limiter.decide(group, performance.now())) {
      case 'send':
        return this.#send(crash, eventId, group);
      case 'count':
        return this.#count(crash, eventId, group, group);
      case 'count-with-others':
        this.#limiter.noteCounted(othersGroup, performance.now());
        return this.#count(crash, eventId, group, othersGroup);
    }
  }

  /** Has everything told that was counted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer.handle);
    await this.#tell(this.#outbox.counts.groups);
  }

  async #send(crash: Crash, eventId: string, group: string): Promise<CaptureRecord> {
    const record = await this.#capture.captureCrash(crash, (envelope) => this.#outbox.store(eventId, envelope, group));
    if (record.capture === 'captured') this.#noteLast(group, eventId);
    return record;
  }

  async #count(crash: Crash, eventId: string, group: string, countedIn: string): Promise<CaptureRecord> {
    const counted = { group: countedIn, eventId, atMs: crash.endedAt, jobId: this.#capture.jobIdOf(crash), count: 1 };
    try {
      await this.#outbox.counts.count(counted, () => this.#envelopeOf(crash));
      return { eventId: this.#last.get(group) ?? null, capture: 'counted' };
    } catch (error) {
      return { eventId: null, capture: 'failed', error: messageOf(error) };
    } finally {
      this.#schedule();
    }
  }

  async #envelopeOf(crash: Crash): Promise<Buffer<ArrayBuffer> | null> {
    let made: Buffer<ArrayBuffer> | null = null;
    await this.#capture.captureCrash(crash, (envelope) => {
      made = envelope;
      return Promise.resolve();
    });
    return made;
  }

  #noteLast(group: string, eventId: string): void {
    this.#last.delete(group);
    this.#last.set(group, eventId);
    const [oldest] = this.#last.keys();
    if (this.#last.size > maxLastIds && oldest !== undefined) this.#last.delete(oldest);
  }

  #schedule(): void {
    const nowMs = performance.now();
    const nextMs = this.#limiter.nextEndMs;
    const atMs = Math.min(
      nextMs ?? Number.POSITIVE_INFINITY,
      this.#owed.size > 0 ? nowMs + retryMs : Number.POSITIVE_INFINITY,
    );
    if (this.#closed || atMs === Number.POSITIVE_INFINITY || (this.#timer && this.#timer.atMs <= atMs)) return;
    if (this.#timer) clearTimeout(this.#timer.handle);
    this.#timer = { atMs, handle: setTimeout(() => this.#wake(), Math.max(0, atMs - nowMs)) };
  }

  #wake(): void {
    this.#timer = null;
    const ended = this.#limiter.endWindows(performance.now());
    // What was counted together for want of groups has no window of its own.
    const windowless = this.#outbox.counts.groups.filter((group) => !this.#limiter.isStorm(group));
    const due = [...this.#owed, ...ended, ...windowless];
    this.#owed.clear();
    void this.#tell([...new Set(due)]).then(() => this.#schedule());
  }

  /** One after the other. */
  #tell(groups: readonly string[]): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tellEach(groups));
    return this.#telling;
  }

  async #tellEach(groups: readonly string[]): Promise<void> {
    for (const group of groups) {
      try {
        const told = await this.#outbox.counts.tell(group, (eventId, envelope) =>
          this.#outbox.store(eventId, envelope, group),
        );
        for (const { eventId, count } of told) {
          this.#noteLast(group, eventId);
          this.#emit({ kind: 'crash.repeated', eventId, count });
        }
      } catch {
        // The outbox is full, or the disk refuses and has said so: the counts stay.
        this.#owed.add(group);
      }
    }
  }
}
