import type { Ledger } from '../ledger/ledger.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';

/** How often in each time of the watchdog's we answer: twice missed is still alive (sd_watchdog_enabled(3) advises half). */
const answersEach = 3;

/** How often systemd is to hear of us; null where it does not watch this process (sd_watchdog_enabled(3)). */
export function watchdogIntervalMs(env: NodeJS.ProcessEnv, pid: number): number | null {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: watched } = env;
  if (usec === undefined || !/^[1-9]\d*$/.test(usec)) return null;
  if (watched !== undefined && watched !== String(pid)) return null;
  return Math.max(1, Math.floor(Number(usec) / 1000 / answersEach));
}

interface Watched {
  /** How often systemd is to hear of us; null: never. */
  readonly watchdogMs: number | null;
  readonly ledger: Pick<Ledger, 'pauses'>;
  /** To systemd. */
  readonly notify: (state: string) => void;
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

  /** @param ask to have the loop call back, once it turns */
  constructor({ watchdogMs, ledger, notify }: Watched, ask: (onAlive: () => void) => void) {
    const onAlive = (): void => {
      this.#isAsked = false;
      readAnything(ledger);
      notify('WATCHDOG=1');
    };
    const tick = (): void => {
      if (this.#isAsked) return;
      this.#isAsked = true;
      ask(onAlive);
    };
    this.#timer = watchdogMs === null ? null : setInterval(tick, watchdogMs);
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearInterval(this.#timer);
  }
}

/** A disk that refuses has answered: that is a trouble, and told as such. One that does not answer holds us here. */
function readAnything(ledger: Watched['ledger']): void {
  try {
    ledger.pauses();
  } catch (error) {
    if (!(error instanceof LedgerRefusal)) throw error;
  }
}
