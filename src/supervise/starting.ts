import type { JournalEvent } from '../journal/event.ts';
import type { SupervisorParts } from './parts.ts';

const tellEveryMs = 10_000;
/** So long systemd waits without another word from us. */
const patienceUsec = 60_000_000;
/** A start that takes longer is ended by systemd, at TimeoutStartSec= after the last word. */
const longestMs = 60 * 60_000;

/**
 * While it starts, systemd is told again and again to wait: recovering what many jobs left takes as long as it takes. Nothing
 * is told where the process hangs.
 */
export class Starting implements Disposable {
  readonly #timer: NodeJS.Timeout;

  constructor(notify: (state: string) => void) {
    const beganMs = performance.now();
    notify('STATUS=Starting: settling what the last supervisor left');
    this.#timer = setInterval(() => {
      if (performance.now() - beganMs < longestMs) notify(`EXTEND_TIMEOUT_USEC=${patienceUsec}`);
    }, tellEveryMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** All is settled, and the spool has been looked at. */
export const readyEvent = (
  { paths, ledger, startedMs }: Pick<SupervisorParts, 'paths' | 'ledger' | 'startedMs'>,
  recovered: number,
): JournalEvent => ({
  kind: 'supervisor.ready',
  pid: process.pid,
  spool: paths.spool,
  waiting: ledger.counts().waiting,
  recovered,
  startMs: Math.round(performance.now() - startedMs),
});
