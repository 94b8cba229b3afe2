import type { JobId } from '../job/id.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import type { Emit } from '../journal/event.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { writeOutcomeFile } from '../report/outcome-file.ts';

/**
 * Tells of ended jobs: the journal's line, the outcome file. The ledger owes each report until it is made, so that one
 * that was due when the supervisor died, or that the disk refused, is made later.
 */
export class Reporter {
  readonly #outcomes: string;
  readonly #ledger: Pick<Ledger, 'reported' | 'reportsDue'>;
  readonly #emit: Emit;
  readonly #told = new Set<string>();
  #delayed = false;

  constructor(outcomes: string, ledger: Pick<Ledger, 'reported' | 'reportsDue'>, emit: Emit) {
    this.#outcomes = outcomes;
    this.#ledger = ledger;
    this.#emit = emit;
  }

  /** Whether a report waits for a disk that takes it. */
  get isDelayed(): boolean {
    return this.#delayed;
  }

  /** Makes one report. Does not reject: what fails now is made by {@link makeDue}. */
  async report(record: OutcomeRecord): Promise<void> {
    this.#tell(record);
    try {
      await writeOutcomeFile(this.#outcomes, record);
      await this.#ledger.reported(record.id as JobId);
      this.#told.delete(record.id);
    } catch (error) {
      if (!this.#delayed)
        this.#emit({
          kind: 'report.delayed',
          id: record.id as JobId,
          error: error instanceof Error ? error.message : String(error),
        });
      this.#delayed = true;
    }
  }

  /** Makes the reports that are still owed. */
  async makeDue(): Promise<void> {
    this.#delayed = false;
    const batch = 100;
    for (;;) {
      const due = this.#ledger.reportsDue(batch);
      await Promise.all(due.map((record) => this.report(record)));
      if (due.length < batch || this.#delayed) return;
    }
  }

  #tell(record: OutcomeRecord): void {
    if (this.#told.has(record.id)) return;
    this.#told.add(record.id);
    this.#emit({
      kind: 'job.ended',
      id: record.id as JobId,
      name: record.name,
      jobKind: record.kind,
      outcome: record.outcome,
      cause: record.cause,
      reason: record.reason,
      step: record.step,
      exitCode: record.exitCode,
      signal: record.signal,
      attempt: record.attempt,
      durationMs: record.durationMs,
      eventId: record.sentry?.eventId ?? null,
      capture: record.sentry?.capture ?? null,
    });
  }
}
