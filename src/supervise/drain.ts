import type { Config } from '../config/config.ts';

export interface DrainParts {
  readonly config: Pick<Config, 'drainLimitMs' | 'killGraceMs'>;
  /** To systemd. */
  readonly notify: (state: string) => void;
  readonly running: () => number;
  /** The running jobs have had their time: they are to be ended. */
  readonly onLimit: () => void;
  /** Nothing may be waited for any longer. */
  readonly onLeave: () => void;
}

const tellEveryMs = 1000;
/** Beyond the limit and the grace: for the ledger's last words. */
const leaveAfterMs = 5000;
/** So long systemd waits without a word from us. */
const patienceMs = 10_000;

/** The time of a stop: while it lasts systemd is told to wait, and how many jobs still run. */
export class Drain implements Disposable {
  readonly #parts: DrainParts;
  readonly #endsAtMs: number;
  readonly #timers: NodeJS.Timeout[];

  constructor(parts: DrainParts) {
    const { config, onLimit, onLeave } = parts;
    this.#parts = parts;
    this.#endsAtMs = performance.now() + config.drainLimitMs;
    parts.notify('STOPPING=1');
    this.#tell();
    this.#timers = [
      setInterval(() => this.#tell(), tellEveryMs),
      setTimeout(onLimit, config.drainLimitMs),
      setTimeout(onLeave, config.drainLimitMs + config.killGraceMs + leaveAfterMs),
    ];
  }

  /** Whoever asks twice does not want to wait. */
  hurry(): void {
    this.#timers.push(setTimeout(this.#parts.onLeave, leaveAfterMs));
  }

  #tell(): void {
    const leftMs = this.#endsAtMs - performance.now();
    const time = leftMs > 0 ? `${Math.ceil(leftMs / 1000)} s left to finish` : 'being ended';
    this.#parts.notify(
      `EXTEND_TIMEOUT_USEC=${(tellEveryMs + patienceMs) * 1000}\nSTATUS=Draining: ${this.#parts.running()} running, ${time}`,
    );
  }

  [Symbol.dispose](): void {
    this.#timers.forEach(clearTimeout);
  }
}
