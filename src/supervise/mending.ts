import { accessSync, constants } from 'node:fs';
import type { Paths } from '../config/paths.ts';
import { errorCode, probeDirectory } from '../disk/durable.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Reporter } from './reporter.ts';
import type { Troubles } from './troubles.ts';

export interface MendingParts {
  readonly paths: Paths;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly reporter: Reporter;
  readonly troubles: Troubles;
  /** It is time to try again. */
  readonly onRetry: () => void;
}

/** How long after something refused it is tried again: doubled each time. */
const retryMs = { first: 1000, most: 8000 } as const;

/** Tries what refused, until it works again. */
export class Mending implements Disposable {
  readonly #parts: MendingParts;
  #timer: NodeJS.Timeout | null = null;
  #pauseMs: number = retryMs.first;
  /** What refused is tried again at its time, and not at each look: a disk without room has a little now and then. */
  #due = false;
  #doubts = 0;

  constructor(parts: MendingParts) {
    this.#parts = parts;
  }

  /** Tries each thing that is in trouble. Answers whether jobs can be taken. */
  async attend(): Promise<boolean> {
    const { ledger, outbox, reporter, troubles, paths } = this.#parts;
    if (ledger.isInPlace()) troubles.ended('state');
    else troubles.began('state', `${paths.ledger} was moved or replaced`);
    if (troubles.has('state')) return false;
    if (troubles.has('ledger')) await unlessRefused(() => ledger.probe());
    if (troubles.has('ledger')) return false;
    const isUntold = ledger.doubts !== this.#doubts;
    this.#doubts = ledger.doubts;
    if (reporter.isDelayed || isUntold) await unlessRefused(() => reporter.makeDue());
    if (troubles.has('outbox') && this.#due) await outbox.keepHeld();
    return true;
  }

  /** Whether a job can be started: none shall fail for a directory that cannot be made. */
  canStart(): boolean {
    const { troubles, paths } = this.#parts;
    if (troubles.has('state') || troubles.has('ledger')) return false;
    try {
      if (troubles.has('jobs') && !this.#due) return false;
      this.#due = false;
      if (troubles.has('jobs')) probeDirectory(paths.jobs);
      else accessSync(paths.jobs, constants.W_OK | constants.X_OK);
      troubles.ended('jobs');
      return true;
    } catch (error) {
      if (errorCode(error) === null) throw error;
      troubles.began('jobs', error);
      this.tryAgain();
      return false;
    }
  }

  /** While there is trouble it is looked after more often than for files. */
  tryAgain(): void {
    if (!this.#parts.troubles.any) {
      this.#pauseMs = retryMs.first;
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#due = true;
      this.#pauseMs = Math.min(2 * this.#pauseMs, retryMs.most);
      this.#parts.onRetry();
    }, this.#pauseMs);
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}

/** A ledger that refuses tells that by itself. */
export async function unlessRefused(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LedgerRefusal)) throw error;
  }
}
