import { formatDuration } from '../job/units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Troubles } from './troubles.ts';

/** Events are on their way for a moment always. */
const worthTellingMs = 60_000;
/** With many waiting it takes a while to count them and to find the oldest; the line is told after each thing that happens. */
const lookEveryMs = 1000;

/** The one line that `systemctl status booty` shows, told anew where it has changed. */
export class StatusLine {
  readonly #notify: (state: string) => void;
  readonly #troubles: Pick<Troubles, 'status'>;
  readonly #outbox: Pick<Outbox, 'count' | 'oldestAtMs'>;
  readonly #ledger: Pick<Ledger, 'counts'>;
  #told = '';
  #counted: { readonly atMs: number; readonly waiting: number | null } | null = null;
  #seen: { readonly count: number; readonly atMs: number; readonly text: string | null } | null = null;

  constructor(parts: {
    readonly notify: (state: string) => void;
    readonly troubles: Pick<Troubles, 'status'>;
    readonly outbox: Pick<Outbox, 'count' | 'oldestAtMs'>;
    readonly ledger: Pick<Ledger, 'counts'>;
  }) {
    this.#notify = parts.notify;
    this.#troubles = parts.troubles;
    this.#outbox = parts.outbox;
    this.#ledger = parts.ledger;
  }

  tell(running: number): void {
    const trouble = this.#troubles.status;
    const waiting = this.#countWaiting();
    const unsent = this.#describeWaiting();
    const status = [
      `${running} running${waiting === null ? '' : `, ${waiting} waiting`}`,
      ...(unsent === null ? [] : [unsent]),
      ...(trouble === null ? [] : [`trouble with ${trouble}`]),
    ].join('; ');
    if (status === this.#told) return;
    this.#told = status;
    this.#notify(`STATUS=${status}`);
  }

  /** Null where the ledger refuses: that is told as a trouble. */
  #countWaiting(): number | null {
    const atMs = performance.now();
    if (this.#counted && atMs - this.#counted.atMs <= lookEveryMs) return this.#counted.waiting;
    const waiting = countsOf(this.#ledger)?.waiting ?? null;
    this.#counted = { atMs, waiting };
    return waiting;
  }

  #describeWaiting(): string | null {
    const { count } = this.#outbox;
    const atMs = performance.now();
    if (this.#seen?.count !== count || atMs - this.#seen.atMs > lookEveryMs)
      this.#seen = { count, atMs, text: describeWaiting(this.#outbox, Date.now()) };
    return this.#seen.text;
  }
}

function countsOf(ledger: Pick<Ledger, 'counts'>): ReturnType<Ledger['counts']> | null {
  try {
    return ledger.counts();
  } catch (error) {
    if (error instanceof LedgerRefusal) return null;
    throw error;
  }
}

/** `outbox: 12 waiting, oldest 3h`; null where nothing waits for longer than a minute. */
export function describeWaiting(
  { count, oldestAtMs }: { readonly count: number; readonly oldestAtMs: number | null },
  nowMs: number,
): string | null {
  const ageMs = oldestAtMs === null ? 0 : nowMs - oldestAtMs;
  if (count === 0 || ageMs < worthTellingMs) return null;
  // The minute is enough here: each change of the line is told.
  return `outbox: ${count} waiting, oldest ${formatDuration(Math.floor(ageMs / worthTellingMs) * worthTellingMs)}`;
}
