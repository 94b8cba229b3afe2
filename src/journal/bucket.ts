/** So many at once, and so many more in each second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Allows what stays within a rate. It knows no clock. */
export class Bucket {
  readonly rate: Rate;
  #left: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.rate = rate;
    this.#left = rate.burst;
    this.#atMs = nowMs;
  }

  /** How much may be taken now. */
  left(nowMs: number): number {
    const gained = (Math.max(0, nowMs - this.#atMs) / 1000) * this.rate.perSecond;
    this.#left = Math.min(this.rate.burst, this.#left + gained);
    this.#atMs = nowMs;
    return this.#left;
  }

  take(amount: number): void {
    this.#left -= amount;
  }
}
