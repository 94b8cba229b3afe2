import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { errorCode } from '../disk/durable.ts';
import { plainLine } from '../job/plain-line.ts';
import { type ByteCount, formatBytes } from '../job/units.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { StreamRedactor } from '../redact/stream.ts';

export type StreamName = 'stdout' | 'stderr';

/** Told of what a child prints. @param chunk valid until it returns */
export type OnOutput = (stream: StreamName, chunk: Buffer) => void;

/** How much of the end of each stream is kept for reading a crash. */
export const tailBytes = 64 * 1024;

/** A job may have put a link or a FIFO where its next log goes: neither is followed or waited for. */
const appendOnly =
  constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The last bytes of a stream: a ring that grows up to its limit, and makes no garbage however much passes through. */
export class Tail {
  readonly #limit: number;
  #ring: Buffer = Buffer.alloc(0);
  /** All that ever came. */
  total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    const kept = chunk.subarray(Math.max(0, chunk.length - this.#limit));
    this.#grow(Math.min(this.#limit, this.total + chunk.length));
    const end = this.total + chunk.length;
    if (this.#ring.length > 0) {
      // The byte that came as number n is at n modulo the ring's length, once the ring has its full size.
      const at = (end - kept.length) % this.#ring.length;
      const first = Math.min(kept.length, this.#ring.length - at);
      kept.copy(this.#ring, at, 0, first);
      kept.copy(this.#ring, 0, first);
    }
    this.total = end;
  }

  /** A copy. */
  bytes(): Buffer {
    if (this.total <= this.#ring.length) return Buffer.from(this.#ring.subarray(0, this.total));
    const start = this.total % this.#ring.length;
    return Buffer.concat([this.#ring.subarray(start), this.#ring.subarray(0, start)]);
  }

  /** As text; a character that the cut went through is left out. */
  text(): string {
    const all = this.bytes();
    return textOf(all, this.total > all.length);
  }

  /** Until the ring has its full size nothing has been overwritten, so that its bytes stand in order. */
  #grow(needed: number): void {
    if (needed <= this.#ring.length) return;
    const grown = Buffer.alloc(Math.min(this.#limit, Math.max(needed, 2 * this.#ring.length, 256)));
    this.#ring.copy(grown, 0, 0, this.total);
    this.#ring = grown;
  }
}

function textOf(bytes: Buffer, isCut: boolean): string {
  let start = 0;
  if (isCut) while (start < 4 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.toString('utf8', start);
}

/** What had been printed when a step ended. */
export class Printed {
  /** The end of what all steps up to this one have printed. */
  readonly tails: Readonly<Record<StreamName, Buffer>>;
  /** How much of that is not of this step, but of those before it: negative where it has more than the tail. */
  readonly earlier: Readonly<Record<StreamName, number>>;
  readonly #redactor: Redactor | null;

  constructor(
    tails: Readonly<Record<StreamName, Buffer>>,
    earlier: Readonly<Record<StreamName, number>>,
    redactor: Redactor | null,
  ) {
    this.tails = tails;
    this.earlier = earlier;
    this.#redactor = redactor;
  }

  /** @param from how much each stream had seen when the step began */
  static of(
    streams: Readonly<Record<StreamName, Tail>>,
    from: Readonly<Record<StreamName, number>>,
    redactor: Redactor | null,
  ): Printed {
    const tails = { stdout: streams.stdout.bytes(), stderr: streams.stderr.bytes() };
    const earlierIn = (name: StreamName): number => from[name] - (streams[name].total - tails[name].length);
    return new Printed(tails, { stdout: earlierIn('stdout'), stderr: earlierIn('stderr') }, redactor);
  }

  /** The end of what the step itself has printed. */
  text(stream: StreamName): string {
    const earlier = this.earlier[stream];
    return textOf(this.tails[stream].subarray(Math.max(0, earlier)), earlier < 0);
  }

  /** The last line of the step that is not blank, of the first of these streams that has one. */
  lastLine(...streams: readonly StreamName[]): string | null {
    return this.#lastLineOf(streams.map((stream) => this.text(stream)));
  }

  /** The same of all the steps up to this one. */
  lastLineOfAll(...streams: readonly StreamName[]): string | null {
    return this.#lastLineOf(streams.map((stream) => textOf(this.tails[stream], true)));
  }

  #lastLineOf(texts: readonly string[]): string | null {
    for (const text of texts) {
      const line = text.split('\n').findLast((row) => row.trim() !== '');
      // A value may have had colours in it, which are gone only now.
      if (line !== undefined) return redacted(plainLine(line), this.#redactor).slice(0, 1000);
    }
    return null;
  }
}

/** Who else is told of what an attempt prints. The values of secrets.env are not in it any more. */
export interface OutputListener {
  beginStep(step: string): void;
  /** @param chunk valid until this returns */
  write(stream: StreamName, chunk: Buffer): void;
  /** No more comes. */
  end(): void;
}

/**
 * What one attempt prints: one log file of both streams as they came, and the tail of each. The file keeps at most
 * `limit` bytes: what comes first, and, where more follows, the last {@link tailBytes} of it after a line that says how
 * much is left out. A disk that refuses costs the log, with a note in it, and not the job. The values of secrets.env are
 * taken out first of all: whatever is cut later cuts none of them.
 */
export class AttemptOutput implements Disposable {
  readonly stdout = new Tail(tailBytes);
  readonly stderr = new Tail(tailBytes);
  readonly #path: string;
  readonly #headLimit: number;
  readonly #limit: ByteCount;
  readonly #overflow: Tail;
  readonly #redactor: Redactor | null;
  readonly #listener: OutputListener | null;
  readonly #redacting: Readonly<Record<StreamName, StreamRedactor>> | null;
  #file: number | null = null;
  #written = 0;
  #stepFrom: Readonly<Record<StreamName, number>> = { stdout: 0, stderr: 0 };
  /** The length of the log. */
  get bytes(): number {
    return this.#written;
  }

  #closed = false;
  /** Why the log is incomplete; null where it is whole or cut at its limit. */
  failure: string | null = null;

  constructor(
    path: string,
    limit: ByteCount,
    redactor: Redactor | null = null,
    listener: OutputListener | null = null,
  ) {
    this.#path = path;
    this.#listener = listener;
    this.#redactor = redactor;
    const [stdout, stderr] = [redactor?.stream(), redactor?.stream()];
    this.#redacting = stdout && stderr ? { stdout, stderr } : null;
    this.#limit = limit;
    this.#headLimit = Math.max(0, limit - tailBytes);
    this.#overflow = new Tail(Math.min(limit, tailBytes));
  }

  write(stream: StreamName, chunk: Buffer): void {
    if (this.#closed) return;
    this.#keep(stream, this.#redacting?.[stream].push(chunk) ?? chunk);
  }

  #keep(stream: StreamName, chunk: Buffer): void {
    this[stream].push(chunk);
    this.#listener?.write(stream, chunk);
    const room = this.#headLimit - this.#written;
    if (room > 0) this.#append(chunk.subarray(0, room));
    if (chunk.length > room) this.#overflow.push(chunk.subarray(Math.max(0, room)));
  }

  /** What comes from here on is the next step's. */
  beginStep(step: string): void {
    this.#listener?.beginStep(step);
    this.#stepFrom = { stdout: this.stdout.total, stderr: this.stderr.total };
  }

  /** What has been printed up to now. @param whole whether nobody writes any more, so that nothing has to be held back */
  printed(whole: boolean): Printed {
    if (whole) this.#letGo();
    return Printed.of(this, this.#stepFrom, this.#redactor);
  }

  /** What may be the beginning of a secret, and is known by now to be none. */
  #letGo(): void {
    for (const stream of ['stdout', 'stderr'] as const)
      if (this.#redacting) this.#keep(stream, this.#redacting[stream].end());
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#letGo();
    this.#listener?.end();
    const left = this.#overflow.total - this.#overflow.bytes().length;
    if (left > 0)
      this.#append(
        Buffer.from(`\n… ${left} bytes left out here: the output's limit is ${formatBytes(this.#limit)} …\n`),
      );
    if (this.#overflow.total > 0) this.#append(this.#overflow.bytes());
    if (this.#file === null) return;
    try {
      if (this.failure !== null) writeSync(this.#file, `\n… output was lost here: ${this.failure} …\n`);
    } catch (error) {
      this.failure = errorCode(error) ?? String(error);
    }
    try {
      closeSync(this.#file); // Some file systems tell only here that there was no room (close(2)).
    } catch (error) {
      this.failure = errorCode(error) ?? String(error);
    }
  }

  #append(chunk: Buffer): void {
    if (chunk.length === 0) return;
    try {
      this.#file ??= openSync(this.#path, appendOnly, 0o640);
      for (let done = 0; done < chunk.length; ) done += writeSync(this.#file, chunk, done);
      this.#written += chunk.length;
    } catch (error) {
      this.failure = errorCode(error) ?? String(error);
    }
  }
}

const redacted = (text: string, redactor: Redactor | null): string => redactor?.text(text) ?? text;
