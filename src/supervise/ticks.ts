/** Calls back again and again. */
export class Ticks implements Disposable {
  readonly #onTick: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(onTick: () => void) {
    this.#onTick = onTick;
  }

  /** From now on with this interval. */
  every(intervalMs: number): void {
    this[Symbol.dispose]();
    this.#timer = setInterval(this.#onTick, intervalMs);
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearInterval(this.#timer);
  }
}
