import type { StatementSync } from 'node:sqlite';
import { type JobId, verifierIdOf } from '../job/id.ts';
import type { Job } from '../job/job.ts';
import { judgePipeline } from '../job/judge.ts';
import type { AttemptRecord, Outcome, OutcomeRecord } from '../job/outcome.ts';
import type { Instant } from '../job/units.ts';
import { laneOf } from '../schedule/order.ts';
import type { Finish } from '../schedule/queue.ts';
import type { Arrivals } from './arrivals.ts';
import type { LedgerDeliveries } from './deliveries.ts';
import type { Lanes } from './lanes.ts';
import type { Needs } from './needs.ts';
import { expiredReason, type JobEnd, outcomeRecord, unrunEnd } from './records.ts';
import { jobOf, nullableText, type Row, text } from './rows.ts';
import type { statementTexts } from './statements.ts';

type Sql = Readonly<Record<keyof typeof statementTexts, StatementSync>>;

/** How jobs end, pipelines by their verifiers, and what each end means for others. */
export class Ends {
  readonly #sql: Sql;
  readonly #lanes: Lanes;
  readonly #needs: Needs;
  readonly #arrivals: Arrivals;
  readonly #deliveries: Pick<LedgerDeliveries, 'owe'>;
  /** Told when others may run, or are to end, because of an end. */
  readonly #onRoom: () => void;

  constructor(
    sql: Sql,
    lanes: Lanes,
    needs: Needs,
    arrivals: Arrivals,
    deliveries: Pick<LedgerDeliveries, 'owe'>,
    onRoom: () => void,
  ) {
    this.#deliveries = deliveries;
    this.#sql = sql;
    this.#lanes = lanes;
    this.#needs = needs;
    this.#arrivals = arrivals;
    this.#onRoom = onRoom;
  }

  /** Ends a job that waits and is not to run any more; its pipeline with it, where it is a verifier. */
  endUnrun(row: Row, now: Instant, origin: Pick<Finish, 'release' | 'environment'>): OutcomeRecord[] {
    const outcome = row.ending === 'skipped' ? 'skipped' : 'cancelled';
    const reason = nullableText(row.ending_reason) ?? expiredReason(Number(row.expires_at));
    const job = jobOf(row);
    const record = this.end(job, unrunEnd(outcome, reason, now, origin));
    const pipeline = job.pipelineId ? this.endPipeline(job.pipelineId, record, { ...origin, endedAt: now }) : null;
    return pipeline ? [record, pipeline] : [record];
  }

  startVerifying(pipeline: Job, finish: Finish): Job {
    if (!pipeline.spec.verify) throw new Error(`job ${pipeline.id} has no verifier`);
    const verifier: Job = {
      ...pipeline,
      id: verifierIdOf(pipeline.id),
      spec: pipeline.spec.verify,
      pipelineId: pipeline.id,
      acceptedAt: finish.endedAt,
    };
    this.#sql.verifyJob.run(JSON.stringify(finish.outputs), pipeline.id);
    this.#arrivals.add(verifier, '', '', null);
    return verifier;
  }

  endPipeline(
    id: JobId,
    verifier: OutcomeRecord,
    finish: Pick<Finish, 'endedAt' | 'release' | 'environment'>,
  ): OutcomeRecord | null {
    const row = this.#sql.verifyingJob.get(id);
    if (!row) return null;
    const attempts = this.attemptsOf(id);
    const { outcome, reason } = verifier;
    const verdict = judgePipeline(verifier);
    return this.end(jobOf(row), {
      ...verdict,
      reason: verdict.outcome === 'cancelled' ? (nullableText(row.ending_reason) ?? verdict.reason) : verdict.reason,
      step: null,
      exitCode: attempts.at(-1)?.exitCode ?? null,
      signal: null,
      // The failure of a verifier is one event, and both outcomes name it.
      sentry: verifier.sentry,
      outputs: JSON.parse(text(row.outputs)) as Record<string, string>,
      endedAt: finish.endedAt,
      release: finish.release,
      environment: finish.environment,
      verdicts: [{ id: verifier.id, outcome, reason }],
    });
  }

  end(job: Job, end: JobEnd): OutcomeRecord {
    const record = outcomeRecord(job, this.attemptsOf(job.id), end);
    this.#sql.endJob.run(end.endedAt, record.outcome, JSON.stringify(record), job.id);
    this.#sql.oweReport.run(job.id);
    this.#deliveries.owe(job, record);
    this.#settleOthers(job, record.outcome, end.endedAt);
    return record;
  }

  /** An end makes room in its lane, and decides about those that need it. */
  #settleOthers(job: Job, outcome: Outcome, now: Instant): void {
    if (job.spec.needs.length > 0) this.#needs.forget(job.id);
    const lanes = this.#needs.settle(job.id, outcome);
    if (lanes.length > 0) this.#onRoom();
    this.#lanes.settleAll([laneOf(job.spec), ...lanes], now);
  }

  /** Those that have ended. */
  attemptsOf(id: string): AttemptRecord[] {
    return this.#sql.attemptsOf.all(id).map((row) => JSON.parse(text(row.record)) as AttemptRecord);
  }
}
