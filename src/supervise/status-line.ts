import { formatDuration } from '../job/units.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Troubles } from './troubles.ts';

/** Events are on their way for a moment always. */
const worthTellingMs = 60_000;
/** With many waiting it takes a while to find the oldest; the line is told after each thing that happens. */
const lookEveryMs = 1000;

/** The one line that `systemctl status booty` shows, told anew where it has changed. */
export class StatusLine {
  readonly #notify: (state: string) => void;
  readonly #troubles: Pick<Troubles, 'status'>;
  readonly #outbox: Pick<Outbox, 'count' | 'oldestAtMs'>;
  #told = '';
  #seen: { readonly count: number; readonly atMs: number; readonly text: string | null } | null = null;

  constructor(parts: {
    readonly notify: (state: string) => void;
    readonly troubles: Pick<Troubles, 'status'>;
    readonly outbox: Pick<Outbox, 'count' | 'oldestAtMs'>;
  }) {
    this.#notify = parts.notify;
    this.#troubles = parts.troubles;
    this.#outbox = parts.outbox;
  }

  tell(running: number): void {
    const trouble = this.#troubles.status;
    const waiting = this.#describeWaiting();
    const status = [
      `${running} running`,
      ...(waiting === null ? [] : [waiting]),
      ...(trouble === null ? [] : [`trouble with ${trouble}`]),
    ].join('; ');
    if (status === this.#told) return;
    this.#told = status;
    this.#notify(`STATUS=${status}`);
  }

  #describeWaiting(): string | null {
    const { count } = this.#outbox;
    const atMs = performance.now();
    if (this.#seen?.count !== count || atMs - this.#seen.atMs > lookEveryMs)
      this.#seen = { count, atMs, text: describeWaiting(this.#outbox, Date.now()) };
    return this.#seen.text;
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
