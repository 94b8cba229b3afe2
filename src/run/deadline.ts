import type { Milliseconds } from '../job/units.ts';

/** Timers of Node.js hold 2^31 milliseconds, 25 days. */
const longestTimerMs = 2 ** 30;

/**
 * Calls back once so much time of the monotonic clock has passed, unless it is disposed of first. Keeps the process alive
 * meanwhile. Where our own process stood still (SIGSTOP, a stalled disk), what happened before the time was up is
 * handled first: a child that ended in time has ended in time.
 */
export class Deadline implements Disposable {
  #timer: NodeJS.Timeout | null = null;
  #passed: NodeJS.Immediate | null = null;

  constructor(afterMs: Milliseconds, onPassed: () => void) {
    const wait = (leftMs: number): void => {
      const part = Math.min(leftMs, longestTimerMs);
      const pass = (): void => {
        // Timers come before, immediates after the events of a turn of the loop.
        this.#passed = setImmediate(onPassed);
      };
      this.#timer = setTimeout(() => (leftMs > part ? wait(leftMs - part) : pass()), part);
    };
    wait(afterMs);
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#passed) clearImmediate(this.#passed);
  }
}
