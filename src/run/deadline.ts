import type { Milliseconds } from '../job/units.ts';

/** Timers of Node.js hold 2^31 milliseconds, 25 days. */
const longestTimerMs = 2 ** 30;

/** Calls back once so much time of the monotonic clock has passed, unless it is disposed of first. Keeps the process alive meanwhile. */
export class Deadline implements Disposable {
  #timer: NodeJS.Timeout | null = null;

  constructor(afterMs: Milliseconds, onPassed: () => void) {
    const wait = (leftMs: number): void => {
      const part = Math.min(leftMs, longestTimerMs);
      this.#timer = setTimeout(() => (leftMs > part ? wait(leftMs - part) : onPassed()), part);
    };
    wait(afterMs);
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}
