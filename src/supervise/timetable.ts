import type { OutcomeRecord } from '../job/outcome.ts';
import { instant } from '../job/units.ts';
import type { EndOrigin, JobQueue } from '../schedule/queue.ts';

/** Looked again so often, so that a clock that was put forward is noticed. */
const longestWaitMs = 60_000;

/** Wakes the loop when waiting alone has changed what may run. */
export class Timetable implements Disposable {
  readonly #queue: Pick<JobQueue, 'advance' | 'nextChange'>;
  readonly #origin: Omit<EndOrigin, 'jitter'>;
  readonly #onTime: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(queue: Pick<JobQueue, 'advance' | 'nextChange'>, origin: Omit<EndOrigin, 'jitter'>, onTime: () => void) {
    this.#queue = queue;
    this.#origin = origin;
    this.#onTime = onTime;
  }

  /** Lets those run whose time has come. Answers the outcomes of those whose time is over. @throws LedgerRefusal */
  async attend(): Promise<readonly OutcomeRecord[]> {
    this[Symbol.dispose]();
    const next = this.#queue.nextChange();
    if (next === null) return [];
    const now = Date.now();
    if (next > now) {
      this.#timer = setTimeout(this.#onTime, Math.min(longestWaitMs, next - now));
      return [];
    }
    const records = await this.#queue.advance(instant(now), { ...this.#origin, jitter: Math.random() });
    this.#timer = setTimeout(this.#onTime, 1);
    return records;
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
