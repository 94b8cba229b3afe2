import { closeSync, writeSync } from 'node:fs';
import { errorCode } from '../disk/durable.ts';

/** A socket of datagrams that never blocks. */
export interface DatagramCalls {
  /** A descriptor. @throws an error with a code */
  readonly connect: () => number;
  /** Whether the other end has read all that was sent. */
  readonly isRead: (file: number) => boolean;
}

/** Events wait for room where lines of jobs are already left out. */
export type RecordSort = 'event' | 'line';

interface Waiting {
  readonly record: Buffer;
  readonly sort: RecordSort;
}

export const channelLimits = { events: 10_000, eventBytes: 16 * 1024 ** 2, lineBytes: 4 * 1024 ** 2 } as const;
const retryMs = { first: 1, most: 50 } as const;
/** How much is sent of a record that the kernel takes for too long (net.core.wmem_default is small somewhere). */
const shorterBytes = [16 * 1024, 1024] as const;

/**
 * Records on their way to journald, in order. While it does not read, up to {@link channelLimits} of them wait here; the
 * loop never does.
 */
export class RecordChannel {
  readonly #calls: DatagramCalls;
  readonly #onLost: (events: number) => void;
  #file: number | null;
  #waiting: Waiting[] = [];
  #first = 0;
  /** How many of them were sent, in all. */
  #sent = 0;
  #isRetrying = false;
  #pauseMs: number = retryMs.first;
  #events = 0;
  #eventBytes = 0;
  #lineBytes = 0;
  #lost = 0;

  /** @param onLost told of events that there was no room for, once there is. @throws where nobody listens */
  constructor(calls: DatagramCalls, onLost: (events: number) => void) {
    this.#calls = calls;
    this.#onLost = onLost;
    this.#file = calls.connect();
  }

  /** Whether lines wait, so that more of them had better be left out. */
  get isBehind(): boolean {
    return this.#lineBytes > channelLimits.lineBytes / 2;
  }

  /** Sends a record, or keeps it for later. False where there is no room for it. */
  send(record: Buffer, sort: RecordSort): boolean {
    if (this.#first === this.#waiting.length && this.#write(record)) return true;
    if (!this.#hasRoom(record.length, sort)) {
      if (sort === 'event') this.#lost += 1;
      return false;
    }
    this.#waiting.push({ record, sort });
    this.#count(record, sort, 1);
    this.#retryLater();
    return true;
  }

  /**
   * Waits, and lets nothing else run, until journald has read everything; no longer than this for one that reads nothing,
   * nor than ten times this in all.
   */
  flush(patienceMs: number): void {
    const started = performance.now();
    let [goneOnAt, sent] = [started, this.#sent];
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (!this.#sendWaiting() || (this.#file !== null && !this.#calls.isRead(this.#file))) {
      const now = performance.now();
      if (this.#sent > sent) [goneOnAt, sent] = [now, this.#sent];
      if (now - goneOnAt >= patienceMs || now - started >= 10 * patienceMs) return;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }

  #retry(): void {
    this.#isRetrying = false;
    const before = this.#sent;
    this.#sendWaiting();
    if (this.#first === this.#waiting.length) {
      this.#pauseMs = retryMs.first;
      return;
    }
    // The kernel's queue holds ten records on some machines: whoever has emptied it is soon ready for the next.
    const goesOn = this.#sent > before;
    this.#pauseMs = goesOn ? retryMs.first : Math.min(2 * this.#pauseMs, retryMs.most);
    this.#retryLater(goesOn);
  }

  #retryLater(soon = false): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    if (soon) setImmediate(() => this.#retry());
    else setTimeout(() => this.#retry(), this.#pauseMs).unref();
  }

  /** Whether nothing waits any more. */
  #sendWaiting(): boolean {
    for (let next = this.#waiting[this.#first]; next; next = this.#waiting[this.#first]) {
      if (!this.#write(next.record)) return false;
      this.#count(next.record, next.sort, -1);
      this.#first += 1;
      this.#sent += 1;
      if (this.#first >= 1024) {
        this.#waiting = this.#waiting.slice(this.#first);
        this.#first = 0;
      }
    }
    this.#waiting = [];
    this.#first = 0;
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#onLost(lost);
    return true;
  }

  #hasRoom(bytes: number, sort: RecordSort): boolean {
    if (sort === 'line') return this.#lineBytes + bytes <= channelLimits.lineBytes;
    return this.#events < channelLimits.events && this.#eventBytes + bytes <= channelLimits.eventBytes;
  }

  #count(record: Buffer, sort: RecordSort, sign: 1 | -1): void {
    if (sort === 'line') {
      this.#lineBytes += sign * record.length;
      return;
    }
    this.#events += sign;
    this.#eventBytes += sign * record.length;
  }

  /** False where it has to wait. */
  #write(record: Buffer): boolean {
    for (let again = true, rest = record, shorter = 0; ; ) {
      const code = this.#tryWrite(rest);
      if (code === null) return true;
      if (code === 'EAGAIN' || code === 'ENOBUFS' || code === 'ENOMEM') return false;
      if (code === 'EMSGSIZE') {
        const length = shorterBytes[shorter];
        shorter += 1;
        if (length === undefined) return true; // It never goes.
        if (rest.length > length) rest = shortened(record, length);
        continue;
      }
      // journald's socket was made anew (a restart of systemd-journald.socket).
      if (!again || !this.#reconnect()) return false;
      again = false;
    }
  }

  /** Null where it was sent. */
  #tryWrite(record: Buffer): string | null {
    if (this.#file === null) return 'ENOTCONN';
    try {
      writeSync(this.#file, record);
      return null;
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      return code;
    }
  }

  #reconnect(): boolean {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    try {
      this.#file = this.#calls.connect();
      return true;
    } catch (error) {
      if (errorCode(error) === null) throw error;
      return false;
    }
  }
}

/** The message stands last, and is what is cut. */
function shortened(record: Buffer, length: number): Buffer {
  let end = length;
  while (end > 0 && ((record[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return Buffer.concat([record.subarray(0, end), Buffer.from('…\n')]);
}
