import type { Cause } from './exit.ts';
import type { JobKind } from './job.ts';
import type { StepRecord } from './step.ts';
import type { Usage } from './usage.ts';

/** How a job ended. Terminal: it never changes again. */
export type Outcome = 'succeeded' | 'rejected' | 'crashed' | 'cancelled' | 'skipped';

/**
 * What became of the event of a failure. `disabled`: there is no DSN. `sampled-out`: SENTRY_SAMPLE_RATE left it out.
 * `ignored`: the job's `crash.ignoreExitCodes` has its code. `counted`: one of too many of the same in a short time; a
 * later event tells how many. `failed`: see `error`.
 */
export type CaptureState = 'captured' | 'disabled' | 'sampled-out' | 'ignored' | 'counted' | 'failed';

export interface CaptureRecord {
  /** 32 hex digits. */
  readonly eventId: string | null;
  readonly capture: CaptureState;
  /** Why capturing failed. */
  readonly error?: string;
}

export interface AttemptRecord {
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: 'succeeded' | 'rejected' | 'crashed' | 'cancelled' | 'interrupted' | null;
  readonly cause: Cause | null;
  readonly reason: string | null;
  readonly step: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly durationMs: number | null;
  /** Null where it is not known: nothing could be started, or the supervisor died under it. Older records don't have it. */
  readonly usage?: Usage | null;
  readonly sentry: CaptureRecord | null;
  /** Every step of the job. Absent where the supervisor died under it, of all but the last attempts of an outcome, and from older records. */
  readonly steps?: readonly StepRecord[];
}

export interface VerdictRecord {
  readonly id: string;
  readonly outcome: Outcome;
  readonly reason: string | null;
}

/** `outcomes/ID.json`, and what `booty show --json` prints. Version 1 of the contract: keys are added, never changed. */
export interface OutcomeRecord {
  readonly version: 1;
  readonly id: string;
  readonly name: string;
  readonly kind: JobKind;
  readonly outcome: Outcome;
  readonly cause: Cause | null;
  readonly reason: string | null;
  readonly step: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly attempt: number;
  readonly attempts: readonly AttemptRecord[];
  readonly droppedAt: string;
  readonly acceptedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string;
  /** From the start of the first attempt to the end. */
  readonly durationMs: number | null;
  readonly sentry: CaptureRecord | null;
  readonly verdicts: readonly VerdictRecord[];
  /** The pipeline that this verifier judged. */
  readonly pipelineId: string | null;
  readonly outputs: Readonly<Record<string, string>>;
  /** The Sentry Crons monitor that it reports to. Absent from records of earlier releases. */
  readonly monitor?: string | null;
  readonly release: string | null;
  readonly environment: string;
}
