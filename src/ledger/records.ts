import type { Job } from '../job/job.ts';
import type { Judgement } from '../job/judge.ts';
import type { AttemptRecord, OutcomeRecord, VerdictRecord } from '../job/outcome.ts';
import { type Instant, timestamp } from '../job/units.ts';
import type { Claim, Finish } from '../schedule/queue.ts';

/** The record of an attempt that has ended. */
export function attemptRecord(claim: Claim, finish: Finish): AttemptRecord {
  const { judgement } = finish;
  return {
    attempt: claim.attempt,
    startedAt: timestamp(claim.startedAt),
    endedAt: timestamp(finish.endedAt),
    outcome: judgement.outcome,
    ...detailsOf(judgement),
    durationMs: finish.durationMs,
    usage: finish.usage,
    sentry: finish.capture,
    ...(finish.steps ? { steps: finish.steps } : {}),
  };
}

/** A job may have a thousand attempts of two hundred steps: its outcome tells the steps of the last ones. */
const attemptsWithSteps = 20;

const withoutSteps = ({ steps: _steps, ...attempt }: AttemptRecord): AttemptRecord => attempt;

export interface JobEnd
  extends Pick<OutcomeRecord, 'outcome' | 'cause' | 'reason' | 'step' | 'exitCode' | 'signal' | 'sentry' | 'outputs'> {
  readonly endedAt: Instant;
  readonly release: string | null;
  readonly environment: string;
  readonly verdicts: readonly VerdictRecord[];
}

/** How a job ends with the last attempt's judgement. */
export function jobEnd(finish: Finish): JobEnd {
  const { judgement } = finish;
  return {
    // An interrupted job that may not run again has lost its supervisor.
    outcome: judgement.outcome === 'interrupted' ? 'crashed' : judgement.outcome,
    ...detailsOf(judgement),
    sentry: finish.capture,
    outputs: finish.outputs,
    endedAt: finish.endedAt,
    release: finish.release,
    environment: finish.environment,
    verdicts: [],
  };
}

/** What the end of an attempt comes to where the job has been cancelled meanwhile: it is not tried again. */
export function cancelledFinish(finish: Finish, reason: string): Finish {
  const { judgement } = finish;
  const interrupted = judgement.outcome === 'interrupted';
  return {
    ...finish,
    again: false,
    retryAt: null,
    judgement: interrupted
      ? { outcome: 'cancelled', reason, step: judgement.step, exitCode: null, signal: judgement.signal }
      : judgement,
  };
}

export const expiredReason = (expiresAt: number): string =>
  `expired: not started by ${timestamp(expiresAt as Instant)}`;

/** How a job ends that is not to run. */
export const unrunEnd = (
  outcome: 'cancelled' | 'skipped',
  reason: string,
  endedAt: Instant,
  { release, environment }: Pick<Finish, 'release' | 'environment'>,
): JobEnd => ({
  outcome,
  cause: null,
  reason,
  step: null,
  exitCode: null,
  signal: null,
  sentry: null,
  outputs: {},
  endedAt,
  release,
  environment,
  verdicts: [],
});

/** The job's outcome file. */
export function outcomeRecord(job: Job, attempts: readonly AttemptRecord[], end: JobEnd): OutcomeRecord {
  const first = attempts[0];
  const { endedAt, ...rest } = end;
  return {
    version: 1,
    id: job.id,
    name: job.spec.name,
    kind: job.spec.kind,
    ...rest,
    attempt: attempts.length,
    attempts: attempts.map((one, index) => (index < attempts.length - attemptsWithSteps ? withoutSteps(one) : one)),
    droppedAt: timestamp(job.droppedAt),
    acceptedAt: timestamp(job.acceptedAt),
    startedAt: first?.startedAt ?? null,
    endedAt: timestamp(endedAt),
    durationMs: first ? Math.max(0, endedAt - Date.parse(first.startedAt)) : null,
    pipelineId: job.pipelineId,
    monitor: job.spec.monitor?.slug ?? null,
  };
}

function detailsOf(judgement: Judgement): Pick<AttemptRecord, 'cause' | 'reason' | 'step' | 'exitCode' | 'signal'> {
  switch (judgement.outcome) {
    case 'succeeded':
      return { cause: null, reason: null, step: null, exitCode: 0, signal: null };
    case 'rejected':
    case 'cancelled':
      return {
        cause: null,
        reason: judgement.reason,
        step: judgement.step,
        exitCode: judgement.exitCode,
        signal: judgement.signal,
      };
    case 'crashed':
    case 'interrupted':
      return {
        cause: judgement.cause,
        reason: judgement.reason,
        step: judgement.step,
        exitCode: judgement.exitCode,
        signal: judgement.signal,
      };
  }
}
