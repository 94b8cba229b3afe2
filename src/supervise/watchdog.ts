/** How often in each time of the watchdog's we answer: twice missed is still alive (sd_watchdog_enabled(3) advises half). */
const answersEach = 3;

/** How often systemd is to hear of us; null where it does not watch this process (sd_watchdog_enabled(3)). */
export function watchdogIntervalMs(env: NodeJS.ProcessEnv, pid: number): number | null {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: watched } = env;
  if (usec === undefined || !/^[1-9]\d*$/.test(usec)) return null;
  if (watched !== undefined && watched !== String(pid)) return null;
  return Math.max(1, Math.floor(Number(usec) / 1000 / answersEach));
}

/**
 * Tells systemd that we are alive, each time that somebody has shown it. One question at a time: who does not answer is not
 * asked again, and systemd ends us, and starts us anew.
 *
 *   timer ──▶ ask: a message for the one loop ──▶ the loop has turned, the ledger was read ──▶ WATCHDOG=1
 */
export class Watchdog implements Disposable {
  readonly #timer: NodeJS.Timeout | null;
  #isAsked = false;

  /** @param ask to call back once it is shown; never, where it cannot be */
  constructor(intervalMs: number | null, ask: (onAlive: () => void) => void, notify: (state: string) => void) {
    const onAlive = (): void => {
      this.#isAsked = false;
      notify('WATCHDOG=1');
    };
    const tick = (): void => {
      if (this.#isAsked) return;
      this.#isAsked = true;
      ask(onAlive);
    };
    this.#timer = intervalMs === null ? null : setInterval(tick, intervalMs);
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearInterval(this.#timer);
  }
}
