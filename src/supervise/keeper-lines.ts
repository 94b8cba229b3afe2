import { Socket } from 'node:net';
import type { ToldResult } from '../run/told-result.ts';

/*
 * What a supervisor and the keeper of attempts that an earlier one began say to each other: a line of JSON each.
 *
 *   supervisor ── hello ──▶ keeper
 *   supervisor ◀── kept, then an `ended` for each that has ended, now and later ── keeper
 *   supervisor ── end, kill, forget ──▶ keeper
 *
 * A supervisor may have died within a line, or before it read one: each hello begins a line anew, what comes before its answer is
 * left out, and ends are told to each supervisor again until one of them has recorded them (`forget`).
 */

/** Of what is said here. A keeper that speaks another is not understood: it is ended, and what it kept is lost. */
export const protocolVersion = 1;

/** Which attempt it is: its job has no other that runs. */
export interface KeptName {
  readonly id: string;
  readonly attempt: number;
  /** Of the claim. */
  readonly token: number;
}

export type ToKeeper =
  | { readonly kind: 'hello'; readonly nonce: string }
  /** Now and then: who does not answer hangs. */
  | { readonly kind: 'ping' }
  /** TERM, and KILL after the grace. */
  | { readonly kind: 'end'; readonly id: string }
  | { readonly kind: 'kill'; readonly id: string }
  /** Its end is recorded, or nobody knows it: it is killed where it still runs. */
  | { readonly kind: 'forget'; readonly id: string };

export type FromKeeper =
  | { readonly kind: 'kept'; readonly nonce: string; readonly version: number; readonly attempts: readonly KeptName[] }
  | { readonly kind: 'pong' }
  | { readonly kind: 'ended'; readonly id: string; readonly endedAtMs: number; readonly result: ToldResult };

/** Two tails in base64, and whatever else a step leaves. Longer lines are nobody's here. */
const maxLineBytes = 16 * 1024 * 1024;

/** One end of the connection. */
export class KeeperLine<In, Out> {
  readonly #socket: Socket;
  #rest = '';
  #isClosed = false;
  /** Resolves once the other end is closed everywhere, or this one was. */
  readonly closed: Promise<void>;

  /** @param file the socket's, which is this line's from now on */
  constructor(file: number, onMessage: (message: In) => void) {
    this.#socket = new Socket({ fd: file, readable: true, writable: true });
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (text: string) => this.#read(text, onMessage));
    this.#socket.on('error', () => this.close()); // It was closed while something was written.
    this.#socket.on('end', () => this.close());
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once('close', () => resolve());
    this.closed = promise;
  }

  say(message: Out): void {
    if (!this.#isClosed) this.#socket.write(`\n${JSON.stringify(message)}\n`);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #read(text: string, onMessage: (message: In) => void): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > maxLineBytes) return this.close();
    for (const line of lines) {
      const message = parsed(line);
      if (message !== null) onMessage(message as In);
    }
  }
}

/** Null for what the death of a supervisor left of a line. */
function parsed(line: string): unknown {
  try {
    return line === '' ? null : JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
