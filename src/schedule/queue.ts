import type { JobId } from '../job/id.ts';
import type { Drop, Job, JobKind, JobSpec } from '../job/job.ts';
import type { Judgement } from '../job/judge.ts';
import type { CaptureRecord, OutcomeRecord } from '../job/outcome.ts';
import type { StepRecord } from '../job/step.ts';
import type { Instant, Milliseconds } from '../job/units.ts';
import type { Usage } from '../job/usage.ts';
import type { Answer, Command } from './control.ts';

/*
 * Who may run a job now: the one seam between running jobs and keeping them. A claim carries a fencing token; whoever
 * finishes or releases with a token that is not the job's latest has lost the job, and changes nothing.
 */

export interface Acceptable {
  /** Null: it gets one that is made of its drop. */
  readonly id: JobId | null;
  readonly spec: JobSpec;
  readonly drop: Drop;
}

export type Acceptance =
  | { readonly kind: 'accepted'; readonly job: Job }
  /** The same drop again, met after a crash between its acceptance and the removal of its file. */
  | { readonly kind: 'repeated'; readonly id: JobId }
  | { readonly kind: 'duplicate'; readonly id: JobId }
  /** It would wait for itself: the message says how. */
  | { readonly kind: 'circular'; readonly id: JobId; readonly message: string };

export interface Claim {
  readonly job: Job;
  /** From 1. */
  readonly attempt: number;
  readonly token: number;
  readonly startedAt: Instant;
  /** Of a pipeline whose verifiers have had it tried again. */
  readonly verified?: Verified;
}

/** What a pipeline has been told of its earlier attempts. */
export interface Verified {
  /** How often its verifiers have ended, and not accepted it. */
  readonly rounds: number;
  /** Why they rejected it the last time; null where they did not, but crashed. */
  readonly rejection: string | null;
}

/** What a finished attempt came to, and what the job's record must say of the circumstances. */
export interface Finish {
  readonly judgement: Judgement;
  readonly capture: CaptureRecord | null;
  readonly endedAt: Instant;
  readonly durationMs: number;
  readonly usage: Usage | null;
  readonly outputs: Readonly<Record<string, string>>;
  /** What became of each step; absent where nobody knows. */
  readonly steps?: readonly StepRecord[];
  /** The length of the attempt's log. */
  readonly logBytes: number;
  /** Whether the job goes back to wait for another attempt in place of ending. */
  readonly again: boolean;
  /** Not before this time; null: as soon as there is room. */
  readonly retryAt: Instant | null;
  /** From 0 to 1: where its end has a pipeline tried again, an exponential delay is that part of its maximum. */
  readonly jitter: number;
  readonly release: string | null;
  readonly environment: string;
}

/** `makesRoom`: others may run now that waited for it, or are to end because of it. */
export type Finished =
  | {
      readonly kind: 'ended';
      readonly records: readonly OutcomeRecord[];
      readonly makesRoom: boolean;
      /** Its pipeline waits again in place of ending; null: it ended too, or others verify it still, or there is none. */
      readonly rerun: Rerun | null;
    }
  | { readonly kind: 'verifying'; readonly verifiers: readonly Job[] }
  | { readonly kind: 'waiting'; readonly retryAt: Instant | null; readonly makesRoom: boolean }
  /** The claim is not the latest: somebody else has the job. */
  | { readonly kind: 'stale' };

/** A pipeline whose verifiers did not accept it is tried again. */
export interface Rerun {
  readonly id: JobId;
  readonly outcome: 'rejected' | 'crashed';
  readonly reason: string;
  readonly retryMs: Milliseconds;
}

/** Where and when an end is decided that no attempt has. */
export type EndOrigin = Pick<Finish, 'release' | 'environment' | 'jitter'>;

export interface JobQueue {
  /** Durable when it resolves: only then may the dropped files go. One answer for each drop, in order. */
  accept(drops: readonly Acceptable[], now: Instant): Promise<Acceptance[]>;
  /** The jobs that should run next, best first, at most so many; each is this supervisor's when it resolves. */
  claim(kind: JobKind, limit: number, now: Instant): Promise<Claim[]>;
  /** Resolves once a claim outlives a power cut: before a job is started that must not be started twice. */
  confirm(claim: Claim): Promise<void>;
  /** Gives a job back that was claimed and never started; no attempt is charged. */
  release(claim: Claim): Promise<void>;
  finish(claim: Claim, finish: Finish): Promise<Finished>;
  /** When waiting alone will change what may run: a job's time comes, or is over. Null: never. */
  nextChange(): Instant | null;
  /** Lets those run whose time has come, and ends those that are not to run any more. Answers these. */
  advance(now: Instant, origin: EndOrigin): Promise<OutcomeRecord[]>;
  control(command: Command, now: Instant): Promise<Answer>;
  /** Running jobs that are to be ended: they have been cancelled. */
  cancelling(): readonly Cancelling[];
  /** From now on a job that waits gains one priority in each such time; null: it does not. */
  setAging(agingMs: Milliseconds | null, now: Instant): Promise<void>;
}

export interface Cancelling {
  readonly id: JobId;
  /** The outcome's reason. */
  readonly reason: string;
}
