import type { Paths } from '../config/paths.ts';
import { errorCode } from '../disk/durable.ts';
import type { JobId } from '../job/id.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import type { Emit } from '../journal/event.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';
import type { Redactor } from '../redact/redactor.ts';
import { writeOutcomeFile } from '../report/outcome-file.ts';
import type { Monitors } from './monitors.ts';
import type { Troubles } from './troubles.ts';

const batch = 100;

interface ReporterParts {
  readonly paths: Pick<Paths, 'outcomes'>;
  readonly ledger: Pick<Ledger, 'reported' | 'reportsDue'>;
  readonly emit: Emit;
  readonly troubles: Troubles;
  readonly settings: { readonly redactor: Redactor };
  /** Null where Sentry is off. */
  readonly monitors: Monitors | null;
}

/**
 * Tells of ended jobs: the journal's line, the outcome file. The ledger owes each report until it is made, so that one
 * that was due when the supervisor died, or that the disk refused, is made later.
 */
export class Reporter {
  readonly #outcomes: string;
  readonly #ledger: ReporterParts['ledger'];
  readonly #emit: Emit;
  readonly #troubles: Troubles;
  readonly #tidy: (record: Pick<OutcomeRecord, 'id' | 'pipelineId'>) => void;
  readonly #redactor: Redactor;
  readonly #monitors: Monitors | null;
  readonly #told = new Set<string>();

  /** @param tidy removes what an ended job does not need any more */
  constructor(
    { paths, ledger, emit, troubles, settings, monitors }: ReporterParts,
    tidy: (record: Pick<OutcomeRecord, 'id' | 'pipelineId'>) => void,
  ) {
    this.#outcomes = paths.outcomes;
    this.#ledger = ledger;
    this.#emit = emit;
    this.#troubles = troubles;
    this.#redactor = settings.redactor;
    this.#monitors = monitors;
    this.#tidy = tidy;
  }

  /** Whether a report waits for a disk that takes it. */
  get isDelayed(): boolean {
    return this.#troubles.has('outcomes');
  }

  /** Makes one report. Answers whether it is made: one that the disk or the ledger refuses now is made by {@link makeDue}. */
  async report(record: OutcomeRecord): Promise<boolean> {
    this.#tell(record);
    try {
      await writeOutcomeFile(this.#outcomes, record, this.#redactor);
      if (typeof record.monitor === 'string') await this.#monitors?.tellEnd(record);
      await this.#ledger.reported(record.id as JobId);
      this.#told.delete(record.id);
      return true;
    } catch (error) {
      if (error instanceof LedgerRefusal) return false; // It is still owed.
      if (errorCode(error) === null) throw error;
      this.#troubles.began('outcomes', error);
      return false;
    }
  }

  /** Makes the reports that are still owed, and gives up for now where the disk takes none of them. */
  async makeDue(): Promise<void> {
    let after = '';
    let allMade = true;
    for (;;) {
      const due = this.#ledger.reportsDue(after, batch);
      // Who died before the report may have died before the attempt's files were removed.
      for (const record of due) this.#tidy(record);
      const made = await Promise.all(due.map((record) => this.report(record)));
      allMade &&= !made.includes(false);
      const last = due.at(-1);
      if (!last || due.length < batch || !made.includes(true)) break;
      after = last.id;
    }
    if (allMade) this.#troubles.ended('outcomes');
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
