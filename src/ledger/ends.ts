import type { StatementSync } from 'node:sqlite';
import { type JobId, verifierIdOf } from '../job/id.ts';
import type { Job } from '../job/job.ts';
import { judgePipeline, type PipelineVerdict } from '../job/judge.ts';
import type { AttemptRecord, Outcome, OutcomeRecord, VerdictRecord } from '../job/outcome.ts';
import { cutToBytes } from '../job/plain-line.ts';
import { type Instant, instant } from '../job/units.ts';
import { laneOf } from '../schedule/order.ts';
import type { EndOrigin, Finish, Rerun } from '../schedule/queue.ts';
import { rerunDelay, rerunsLeft } from '../schedule/retry.ts';
import type { Arrivals } from './arrivals.ts';
import type { LedgerDeliveries } from './deliveries.ts';
import type { Lanes } from './lanes.ts';
import type { Needs } from './needs.ts';
import { expiredReason, type JobEnd, outcomeRecord, unrunEnd } from './records.ts';
import { jobOf, nullableText, type Row, recordOf, text } from './rows.ts';
import type { statementTexts } from './statements.ts';

type Sql = Readonly<Record<keyof typeof statementTexts, StatementSync>>;

/** How much of a rejection's reason the next attempt is told: an environment has room for more, a person needs less. */
const maxRejectionBytes = 4096;

/** What the end of a verifier makes of its pipeline. */
type PipelineEnd = { readonly record: OutcomeRecord | null; readonly rerun: Rerun | null };

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

  /** Ends a job that waits and is not to run any more; its pipeline with it, where it is the last of its verifiers. */
  endUnrun(row: Row, now: Instant, origin: EndOrigin): OutcomeRecord[] {
    const outcome = row.ending === 'skipped' ? 'skipped' : 'cancelled';
    const reason = nullableText(row.ending_reason) ?? expiredReason(Number(row.expires_at));
    const job = jobOf(row);
    const own = this.end(job, unrunEnd(outcome, reason, now, origin));
    const { record } = this.settlePipeline(job.pipelineId, { ...origin, endedAt: now });
    return record ? [own, record] : [own];
  }

  startVerifying(pipeline: Job, finish: Finish): readonly Job[] {
    const round = Number(this.#sql.verifyJob.get(JSON.stringify(finish.outputs), pipeline.id)?.round);
    const verifiers = pipeline.spec.verify.map((spec, index) => ({
      ...pipeline,
      id: verifierIdOf(pipeline.id, index + 1, round),
      spec,
      pipelineId: pipeline.id,
      acceptedAt: finish.endedAt,
    }));
    if (verifiers.length === 0) throw new Error(`job ${pipeline.id} has no verifier`);
    for (const verifier of verifiers) {
      this.#arrivals.add(verifier, '', '', null);
      this.#sql.setRound.run(round, verifier.id);
    }
    return verifiers;
  }

  /** Once the last of its verifiers has ended, a pipeline ends, or waits for another attempt. */
  settlePipeline(id: JobId | null, finish: EndOrigin & Pick<Finish, 'endedAt'>): PipelineEnd {
    const row = id === null ? undefined : this.#sql.verifyingJob.get(id);
    const verifiers = row ? this.#sql.verifiersOf.all(text(row.id), Number(row.round)) : [];
    if (!row || verifiers.some(({ record }) => record === null)) return { record: null, rerun: null };
    const job = jobOf(row);
    const verdict = judgePipeline(verifiers.map(recordOf));
    const rerun = row.ending === null ? this.#runAgain(job, verdict, this.#failures(row), finish) : null;
    return rerun ? { record: null, rerun } : { record: this.#endPipeline(job, row, verdict, finish), rerun: null };
  }

  #runAgain(
    job: Job,
    { outcome, reason }: PipelineVerdict<OutcomeRecord>,
    failures: number,
    { endedAt, jitter }: Pick<Finish, 'endedAt' | 'jitter'>,
  ): Rerun | null {
    if (outcome !== 'rejected' && outcome !== 'crashed') return null;
    const retryMs = rerunDelay(job.spec.retries, outcome, failures, jitter);
    if (retryMs === null) return null;
    const told = reason ?? outcome;
    const rejection = outcome === 'rejected' ? cutToBytes(told.replaceAll('\0', ''), maxRejectionBytes) : null;
    this.#sql.runAgain.run(instant(endedAt + retryMs), rejection, job.id);
    this.#lanes.settleFor(job, endedAt);
    this.#onRoom();
    return { id: job.id, outcome, reason: told, retryMs };
  }

  #endPipeline(
    job: Job,
    row: Row,
    { decisive, ...verdict }: PipelineVerdict<OutcomeRecord>,
    finish: Pick<Finish, 'endedAt' | 'release' | 'environment'>,
  ): OutcomeRecord {
    return this.end(job, {
      ...verdict,
      reason: verdict.outcome === 'cancelled' ? (nullableText(row.ending_reason) ?? verdict.reason) : verdict.reason,
      step: null,
      exitCode: this.attemptsOf(job.id).at(-1)?.exitCode ?? null,
      signal: null,
      // The failure of a verifier is one event, and both outcomes name it.
      sentry: decisive.find(({ sentry }) => sentry !== null)?.sentry ?? null,
      outputs: JSON.parse(text(row.outputs)) as Record<string, string>,
      endedAt: finish.endedAt,
      release: finish.release,
      environment: finish.environment,
      verdicts: this.verdictsOf(job.id, Number(row.round)),
    });
  }

  /** How often a pipeline has failed that is being verified, were it not accepted now: its limit counts all of it. */
  #failures(row: Row): number {
    return Number(row.round) + this.attemptsOf(text(row.id)).filter(({ outcome }) => outcome === 'crashed').length;
  }

  /** How often a pipeline may run again, where one of its verifiers rejects it now. */
  rerunsLeft(id: JobId): number {
    const row = this.#sql.verifyingJob.get(id);
    return row && row.ending === null ? rerunsLeft(jobOf(row).spec.retries, 'rejected', this.#failures(row)) : 0;
  }

  /** Of all its verifiers that have ended, up to that round; of the last thousand where there are more. */
  verdictsOf(id: JobId, upTo: number): VerdictRecord[] {
    const rows = this.#sql.verdictsOf.all(id, upTo).toReversed();
    return rows.map((row) => ({
      id: text(row.id),
      outcome: text(row.outcome) as Outcome,
      reason: nullableText(row.reason),
    }));
  }

  /** A pipeline that is being verified, as its outcome would be; null where there is none. */
  verifying(id: JobId): OutcomeRecord | null {
    const row = this.#sql.verifyingJob.get(id);
    if (!row) return null;
    const attempts = this.attemptsOf(id);
    const endedAt = instant(Date.parse(attempts.at(-1)?.endedAt ?? ''));
    const outputs = JSON.parse(text(row.outputs)) as Record<string, string>;
    const end = {
      outcome: 'succeeded',
      cause: null,
      reason: null,
      step: null,
      exitCode: 0,
      signal: null,
      sentry: null,
      outputs,
      // Of earlier rounds: those of this one say nothing until the last of them is there.
      verdicts: this.verdictsOf(id, Number(row.round) - 1),
    } as const;
    return outcomeRecord(jobOf(row), attempts, { ...end, endedAt, release: null, environment: '' });
  }

  /** @param attempts of the job, that have ended */
  end(job: Job, end: JobEnd, attempts: readonly AttemptRecord[] = this.attemptsOf(job.id)): OutcomeRecord {
    const record = outcomeRecord(job, attempts, end);
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
