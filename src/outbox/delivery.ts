import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryState } from './delivery-state.ts';
import { withoutAttachments } from './envelope.ts';
import type { Outbox, Waiting } from './outbox.ts';
import { decideReply, type NextStep, type Reply } from './reply.ts';
import { sendEnvelope } from './send.ts';

export type DeliveryEvent =
  | { readonly kind: 'delivered'; readonly eventId: string }
  /** Told once when deliveries begin to fail. */
  | { readonly kind: 'delayed'; readonly why: string; readonly waiting: number }
  | { readonly kind: 'buried'; readonly eventId: string; readonly why: string }
  /** Sentry refuses whatever comes from here: told once, and once more when it takes something again. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'accepted' };

/** How often it is looked whether people have put something back, or taken it away. */
const rescanMs = 5000;
/** A key or a project that is refused is mended by people. */
const refusedPauseMs = 15 * 60_000;
const nextOneMs = 1000;

/** Sends what is in the outbox, oldest first, one at a time, for as long as it runs. Nothing waits for it. */
export class Delivery implements AsyncDisposable {
  readonly #outbox: Outbox;
  readonly #endpoint: URL;
  readonly #tell: (event: DeliveryEvent) => void;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #state: DeliveryState;
  readonly #rescan: NodeJS.Timeout;
  #failures = 0;
  #refusals = 0;
  #isRefused = false;

  constructor(outbox: Outbox, endpoint: URL, tell: (event: DeliveryEvent) => void) {
    this.#outbox = outbox;
    this.#endpoint = endpoint;
    this.#tell = tell;
    this.#state = new DeliveryState(outbox.directory);
    this.#state.clear();
    outbox.onStored(() => this.#wake.resolve());
    this.#rescan = setInterval(() => outbox.rescan(), rescanMs);
    this.#running = this.#run();
  }

  /** Gives up the request under way; its envelope stays in the outbox. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#rescan);
    this.#stopping.abort();
    this.#wake.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const oldest = this.#outbox.oldest();
      if (!oldest) {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
        continue;
      }
      this.#outbox.takeInHand(oldest);
      const pauseMs = await this.#deliver(oldest);
      this.#outbox.takeInHand(null);
      if (pauseMs > 0) await this.#pause(pauseMs);
    }
  }

  async #deliver(waiting: Waiting): Promise<number> {
    const envelope = this.#read(waiting);
    if (envelope === null) return 0;
    if (!Buffer.isBuffer(envelope))
      return this.#act(waiting, decideReply(envelope, this.#failures, false, Math.random(), Date.now()));
    const first = decideReply(
      await sendEnvelope(this.#endpoint, envelope, this.#stopping.signal),
      this.#failures,
      false,
      Math.random(),
      Date.now(),
    );
    if (first.kind !== 'strip') return this.#act(waiting, first);
    const smaller = withoutAttachments(envelope);
    this.#outbox.replace(waiting, smaller);
    return this.#act(
      waiting,
      decideReply(
        await sendEnvelope(this.#endpoint, smaller, this.#stopping.signal),
        this.#failures,
        true,
        Math.random(),
        Date.now(),
      ),
    );
  }

  async #act(waiting: Waiting, next: NextStep): Promise<number> {
    if (this.#stopping.signal.aborted && next.kind === 'keep') return 0;
    switch (next.kind) {
      case 'delivered':
        this.#onAccepted();
        // First: a crash whose end was not recorded is captured again after a death, and must not count twice.
        await this.#outbox.counts.noteSent(waiting.eventId);
        this.#outbox.remove(waiting);
        this.#tell({ kind: 'delivered', eventId: waiting.eventId });
        return next.pauseMs;
      case 'keep':
        // Asked only of one that could not be delivered: a clock that has jumped must not bury what Sentry would take.
        if (this.#outbox.isTooOld(waiting, Date.now()))
          return this.#act(waiting, { kind: 'dead', why: `older than outbox.maxAge (${next.why})` });
        this.#failures += 1;
        // One that the server cannot digest must not hold up the others.
        if (this.#failures % 3 === 0) this.#outbox.postpone(waiting);
        if (this.#failures === 1) this.#tell({ kind: 'delayed', why: next.why, waiting: this.#outbox.count });
        this.#state.note({ state: 'delayed', why: next.why, failures: this.#failures });
        return next.pauseMs;
      case 'refused':
        return this.#onRefused(waiting, next.why);
      case 'dead':
        this.#outbox.bury(waiting, next.why);
        this.#tell({ kind: 'buried', eventId: waiting.eventId, why: next.why });
        return 0;
      case 'strip':
        throw new Error('an envelope without attachments cannot be stripped again');
    }
  }

  #onAccepted(): void {
    if (this.#failures + this.#refusals > 0) this.#state.clear();
    if (this.#isRefused) this.#tell({ kind: 'accepted' });
    this.#failures = 0;
    this.#refusals = 0;
    this.#isRefused = false;
  }

  /** Kept, all of them: a key that was revoked by mistake must not cost what waits. Should it be this event after all, another one goes first. */
  async #onRefused(waiting: Waiting, why: string): Promise<number> {
    if (this.#outbox.isTooOld(waiting, Date.now()))
      return this.#act(waiting, { kind: 'dead', why: `older than outbox.maxAge (${why})` });
    this.#outbox.postpone(waiting);
    this.#refusals += 1;
    if (this.#refusals === 1 && this.#outbox.count > 1) return nextOneMs;
    if (!this.#isRefused) this.#tell({ kind: 'refused', why });
    this.#isRefused = true;
    this.#state.note({ state: 'refused', why, failures: this.#refusals });
    return refusedPauseMs;
  }

  /** Null where the envelope has gone; a disk that cannot be read is like a server that cannot be reached. */
  #read(waiting: Waiting): Buffer<ArrayBuffer> | Extract<Reply, { kind: 'unreachable' }> | null {
    try {
      const envelope = this.#outbox.read(waiting);
      if (!envelope) this.#outbox.remove(waiting);
      return envelope;
    } catch (error) {
      return { kind: 'unreachable', message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#stopping.signal });
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }
}
