import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, makeDirectory, temporaryPattern, writeDurably } from '../disk/durable.ts';
import { decideReply } from './reply.ts';
import { sendEnvelope } from './send.ts';

/** A report to a monitor, as it waits. */
export interface WaitingCheckIn {
  /** 32 hex digits. */
  readonly id: string;
  readonly slug: string;
  readonly status: 'in_progress' | 'ok' | 'error';
  /** Both in milliseconds since 1970. */
  readonly at: number;
  readonly freshUntil: number;
}

export type CheckInEvent =
  | { readonly kind: 'delivered'; readonly checkIn: WaitingCheckIn }
  /** It will not be sent any more. */
  | { readonly kind: 'dropped'; readonly checkIn: WaitingCheckIn; readonly why: string };

/** More than that are no reports of runs any more. */
const maxWaiting = 1000;
/** A monitor waits for minutes: so does no pause. */
const maxPauseMs = 30_000;

const namePattern = /^(\d{13})-[01]-(\d{13})-([0-9a-f]{32})-(in_progress|ok|error)-([a-z0-9_-]{1,50})\.check-in$/;

/**
 * Reports to monitors on their way to Sentry: beside the outbox's events, so that neither waits for the other. In order,
 * durable, and dropped when they are stale: a monitor would take an old report for a run of now.
 */
export class CheckIns implements AsyncDisposable {
  readonly #directory: string;
  readonly #endpoint: URL;
  readonly #tell: (event: CheckInEvent) => void;
  readonly #waiting = new Map<string, WaitingCheckIn>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #failures = 0;

  /** @throws the system's error */
  constructor(directory: string, endpoint: URL, tell: (event: CheckInEvent) => void) {
    this.#directory = directory;
    this.#endpoint = endpoint;
    this.#tell = tell;
    makeDirectory(directory, 0o700);
    for (const name of readdirSync(directory).sort()) {
      if (temporaryPattern.test(name)) rmSync(join(directory, name), { force: true });
      const waiting = waitingOf(name);
      if (waiting) this.#waiting.set(name, waiting);
    }
    this.#running = this.#run();
  }

  /** Resolves once it survives a power cut. The same one again changes nothing. @throws the system's error */
  async store(checkIn: WaitingCheckIn & { readonly envelope: Uint8Array }): Promise<void> {
    const { envelope, ...waiting } = checkIn;
    if (Date.now() > waiting.freshUntil) {
      this.#tell({ kind: 'dropped', checkIn: waiting, why: 'stale' });
      return;
    }
    const name = nameOf(waiting);
    if (this.#waiting.has(name)) return;
    const oldest = this.#waiting.size >= maxWaiting ? this.#first() : null;
    if (oldest) this.#drop(oldest, 'too many wait');
    await writeDurably(join(this.#directory, name), envelope, { mode: 0o600 });
    this.#waiting.set(name, waiting);
    this.#wake.resolve();
  }

  get count(): number {
    return this.#waiting.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#wake.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const first = this.#first();
      if (!first) {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
        continue;
      }
      const pauseMs = await this.#deliver(first);
      if (pauseMs > 0) await this.#pause(pauseMs);
    }
  }

  #first(): string | null {
    return this.#waiting.keys().next().value ?? null;
  }

  async #deliver(name: string): Promise<number> {
    const checkIn = this.#waiting.get(name);
    if (!checkIn) return 0;
    if (Date.now() > checkIn.freshUntil) {
      this.#drop(name, 'stale');
      return 0;
    }
    const envelope = this.#read(name);
    if (!envelope) {
      this.#drop(name, 'its file is gone');
      return 0;
    }
    const reply = await sendEnvelope(this.#endpoint, envelope, this.#stopping.signal);
    const next = decideReply(reply, this.#failures, true, Math.random(), Date.now(), 'monitor');
    switch (next.kind) {
      case 'delivered':
        this.#failures = 0;
        this.#remove(name);
        this.#tell({ kind: 'delivered', checkIn });
        return Math.min(next.pauseMs, maxPauseMs);
      case 'keep':
        this.#failures += 1;
        return Math.min(next.pauseMs, maxPauseMs);
      case 'refused':
        this.#failures += 1;
        return maxPauseMs;
      case 'dead':
      case 'strip':
        this.#drop(name, next.kind === 'dead' ? next.why : 'too large (413)');
        return 0;
    }
  }

  #read(name: string): Buffer<ArrayBuffer> | null {
    try {
      return readFileSync(join(this.#directory, name));
    } catch (error) {
      if (errorCode(error) === null) throw error;
      return null;
    }
  }

  #drop(name: string, why: string): void {
    const checkIn = this.#waiting.get(name);
    this.#remove(name);
    if (checkIn) this.#tell({ kind: 'dropped', checkIn, why });
  }

  /** A file that the disk does not let go is stale when it is found again. */
  #remove(name: string): void {
    this.#waiting.delete(name);
    try {
      rmSync(join(this.#directory, name), { force: true });
    } catch (error) {
      if (errorCode(error) === null) throw error;
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

const digits = (at: number): string => String(Math.max(0, Math.trunc(at))).padStart(13, '0');

/** Names sort by time, and a start before the end of the same millisecond. */
const nameOf = ({ id, slug, status, at, freshUntil }: WaitingCheckIn): string =>
  `${digits(at)}-${status === 'in_progress' ? 0 : 1}-${digits(freshUntil)}-${id}-${status}-${slug}.check-in`;

function waitingOf(name: string): WaitingCheckIn | null {
  const [, at, freshUntil, id, status, slug] = namePattern.exec(name) ?? [];
  if (id === undefined || slug === undefined) return null;
  return { id, slug, status: status as WaitingCheckIn['status'], at: Number(at), freshUntil: Number(freshUntil) };
}
