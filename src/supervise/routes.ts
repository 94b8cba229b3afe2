import { routePause } from '../report/backoff.ts';
import type { Delayed } from '../report/delivery.ts';

/** How a route does, from the first try on it that failed until one succeeds. */
interface Outage {
  readonly sinceMs: number;
  /** Tries in a row that failed for all. */
  failures: number;
  /** No try before. */
  untilMs: number;
}

/** How many reports may be under way on a route at once, by the word with which it begins. */
const most: Readonly<Record<string, number>> = { webhook: 8, command: 2, github: 1 };
/** Over all routes of a kind. */
const mostOfKind: Readonly<Record<string, number>> = { webhook: 64, command: 4, github: 1 };
/** From so many failures on it was no accident, and what waits is let go when it is over. */
const outageFailures = 3;
const longMs = 3_600_000;

/** Which routes work, by the monotonic clock: while one does not, one report at a time tries it for all. */
export class Routes {
  readonly #outages = new Map<string, Outage>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many more may be begun. @param busy how many are under way on it @param ofKind the same over all routes of its kind */
  room(route: string, busy: number, ofKind: number): number {
    const kind = route.split(' ', 1)[0] ?? '';
    const limit = (this.#outages.get(route)?.failures ?? 0) > 0 ? 1 : (most[kind] ?? 1);
    return Math.min(limit - busy, (mostOfKind[kind] ?? 1) - ofKind);
  }

  /** How long it is left alone. */
  pauseLeft(route: string): number {
    return Math.max(0, (this.#outages.get(route)?.untilMs ?? 0) - this.#now());
  }

  /** Whether it has not worked for long. */
  isLong(route: string): boolean {
    const outage = this.#outages.get(route);
    return outage !== undefined && outage.failures > 0 && this.#now() - outage.sinceMs > longMs;
  }

  /** Whether it is the first failure since it worked. */
  onDelayed(route: string, of: Delayed['of'], retryAfterMs: number | null): boolean {
    const before = this.#outages.get(route);
    const outage = before ?? { sinceMs: this.#now(), failures: 0, untilMs: 0 };
    if (of === 'route') {
      // Those that were begun together fail together.
      if (outage.untilMs <= this.#now()) outage.failures += 1;
      outage.untilMs = Math.max(outage.untilMs, this.#now() + routePause(outage.failures, retryAfterMs));
    }
    this.#outages.set(route, outage);
    return before === undefined;
  }

  /** Whether that ends an outage, so that what waits for it can go on. */
  onMade(route: string): boolean {
    const outage = this.#outages.get(route);
    this.#outages.delete(route);
    return outage !== undefined && outage.failures >= outageFailures;
  }
}
