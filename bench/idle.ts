import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { limitFor } from './contender.ts';
import { awaitOutcomes, drop, makeReady } from './dropping.ts';
import { runOwn } from './own.ts';
import { Supervisor } from './supervisor.ts';

const settleMs = 1000;
const dropLimitMs = 30_000;
const shells = 50;

export interface Idle {
  /** VmRSS a second after it got ready, nothing run yet. */
  readonly residentKb: number;
  /** From before the rename of each of the drops until its child said that it runs. */
  readonly startsMs: readonly number[];
}

/**
 * One job at a time on a supervisor that has nothing else to do. The child is `/bin/sh` with one built-in that writes a
 * byte to a FIFO of ours, and both times are of one clock, in this process: a time that the child took itself would be
 * of a second program (date(1)), or of a clock that ticks every 4 to 10 ms (/proc/uptime, a file's timestamp). Counted
 * with it are the making of the process, the start of the shell and our waking up: {@link shellMs} tells how much.
 */
export async function measureIdle(program: string, root: string, drops: number, signal: AbortSignal): Promise<Idle> {
  await using supervisor = await Supervisor.start(program, root, signal);
  await sleep(settleMs, undefined, { signal });
  const residentKb = supervisor.residentKb();
  await using bell = await Bell.hang(root, signal);
  const ids = Array.from({ length: drops }, (_, index) => `bell-${index}`);
  const ready = makeReady(join(root, 'ready'), ids, (id) => `id: ${id}\nrun: ${JSON.stringify(bell.line)}\n`);
  const startsMs: number[] = [];
  for (const job of ready) {
    const from = performance.now();
    const rung = bell.rings(signal);
    drop([job], supervisor.incoming);
    startsMs.push((await rung) - from);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitFor(1))]);
    await awaitOutcomes(supervisor.outcomes, startsMs.length, limited);
    // Until it is idle again, and not in step with any timer.
    await sleep(20 + (startsMs.length % 40), undefined, { signal });
  }
  return { residentKb, startsMs };
}

/** The least that it could be: the same child, started by this process with no supervisor between. */
export async function shellMs(directory: string, signal: AbortSignal): Promise<number[]> {
  await using bell = await Bell.hang(directory, signal);
  const times: number[] = [];
  for (let run = 0; run < shells; run += 1) {
    const from = performance.now();
    const rung = bell.rings(signal);
    const ended = runOwn(['/bin/sh', '-e', '-c', bell.line], { cwd: directory, limitMs: dropLimitMs, signal });
    times.push((await rung) - from);
    await ended;
  }
  return times;
}

/** A FIFO that a child rings. */
class Bell implements AsyncDisposable {
  readonly line: string;
  readonly #socket: Socket;
  readonly #writer: number;

  private constructor(path: string) {
    this.line = `echo >'${path}'`;
    // Our own writing end keeps it open between two children (fifo(7)).
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd: reader, readable: true, writable: false });
  }

  static async hang(directory: string, signal: AbortSignal): Promise<Bell> {
    const path = join(directory, 'bell');
    await runOwn(['mkfifo', path], { cwd: directory, limitMs: dropLimitMs, signal });
    return new Bell(path);
  }

  /** When it rings, by `performance.now`. */
  async rings(signal: AbortSignal): Promise<number> {
    await once(this.#socket, 'data', { signal: AbortSignal.any([signal, AbortSignal.timeout(dropLimitMs)]) });
    return performance.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    closeSync(this.#writer);
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }
}
