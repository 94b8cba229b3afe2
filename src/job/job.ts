import type { DropToken, JobId } from './id.ts';
import type { Isolation } from './isolation.ts';
import type { ResourceLimits } from './limits.ts';
import type { Concurrency, Rate } from './order.ts';
import type { Report } from './report.ts';
import type { Shell, When } from './step.ts';
import { type ByteCount, type Instant, instant, type Milliseconds, milliseconds } from './units.ts';

export type JobKind = 'pipeline' | 'verifier';
export const jobKinds: readonly JobKind[] = ['pipeline', 'verifier'];

/** What a step does: a line for a shell, an argument vector, a whole script that begins with `#!`, or a function of a module. */
export type Action =
  | { readonly kind: 'run'; readonly line: string; readonly shell: Shell }
  | { readonly kind: 'command'; readonly argv: readonly [string, ...string[]] }
  | { readonly kind: 'script'; readonly text: string }
  | ModuleAction;

export interface ModuleAction {
  readonly kind: 'module';
  /** Absolute, or below `paths.modules`, which it does not leave. */
  readonly path: string;
  /** The name of the exported function; null: the default export. */
  readonly export: string | null;
  /** What the function gets as its input: a JSON value; null where the job says nothing. */
  readonly with: unknown;
}

export interface Step {
  readonly name: string;
  readonly action: Action;
  /** Null: only the job's own limit holds. */
  readonly timeoutMs: Milliseconds | null;
  readonly env: Readonly<Record<string, string>>;
  /** Where it starts: absolute, or below the working directory; null: there. */
  readonly cwd: string | null;
  readonly when: When;
  /** Whether the attempt goes on, and may succeed, where this step fails. */
  readonly continueOnError: boolean;
  /** Variables of secrets.env that it gets beside those of the job. */
  readonly secrets: readonly string[];
}

/** Of a step that says nothing of it. */
export const defaultFlow: Pick<Step, 'cwd' | 'when' | 'continueOnError'> = {
  cwd: null,
  when: 'success',
  continueOnError: false,
};

/** What of a job's output goes to the journal: everything, its standard error, or nothing. */
export const journalLevels = ['all', 'errors', 'off'] as const;
export type JournalLevel = (typeof journalLevels)[number];

/** What becomes of a job's failures in Sentry. */
export interface CrashRules {
  /** What its events are grouped by, `{{ default }}` standing for what Booty makes of the crash; null: that alone. */
  readonly fingerprint: readonly string[] | null;
  /** A step that ends with one of these crashes as any other, but sends no event: its failure is to be expected. */
  readonly ignoreExitCodes: readonly number[];
  /** Whether a verifier's rejection sends an event as well. */
  readonly captureRejections: boolean;
  /** How many lines of the job's own source go along on either side of each line of a stack. */
  readonly sourceLines: number;
}

export const defaultCrashRules: CrashRules = {
  fingerprint: null,
  ignoreExitCodes: [],
  captureRejections: false,
  sourceLines: 0,
};

/** A point in time, or so long after the file was dropped. */
export type Due = { readonly kind: 'at'; readonly at: Instant } | { readonly kind: 'after'; readonly ms: Milliseconds };

export const instantOf = (due: Due, droppedAt: Instant): Instant =>
  due.kind === 'at' ? due.at : instant(droppedAt + due.ms);

export const backoffs = ['fixed', 'linear', 'exponential'] as const;
/**
 * What a retry may follow: any crash of its own, or one of these causes; of a pipeline also what its verifiers said, or
 * that one of them crashed. A lost attempt is `onInterrupt`'s.
 */
export const retryReasons = [
  'crashed',
  'exit-code',
  'signal',
  'timeout',
  'oom',
  'spawn',
  'limit',
  'rejected',
  'verifier-crashed',
] as const;

/** What is tried again, how often, and after how long. */
export interface Retries {
  /** Beside the first attempt. */
  readonly limit: number;
  readonly backoff: (typeof backoffs)[number];
  readonly delayMs: Milliseconds;
  readonly maxDelayMs: Milliseconds;
  readonly on: readonly (typeof retryReasons)[number][];
}

export const noRetries: Retries = {
  limit: 0,
  backoff: 'exponential',
  delayMs: milliseconds(30_000),
  maxDelayMs: milliseconds(3_600_000),
  on: ['crashed'],
};

/** A Sentry Crons monitor that the job reports to (docs.sentry.io, Crons). */
export interface Monitor {
  readonly slug: string;
  /** Null: the monitor is as somebody has set it up in Sentry. */
  readonly schedule:
    | { readonly type: 'crontab'; readonly value: string }
    | { readonly type: 'interval'; readonly value: number; readonly unit: MonitorUnit }
    | null;
  /** An IANA name, for a crontab; null: UTC. */
  readonly timezone: string | null;
  /** How late a check-in may come; null: as Sentry has it. */
  readonly checkinMarginMs: Milliseconds | null;
  readonly maxRuntimeMs: Milliseconds | null;
}

export const monitorUnits = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
export type MonitorUnit = (typeof monitorUnits)[number];

/** What a job file asks for, with every default filled in. */
export interface JobSpec {
  readonly kind: JobKind;
  readonly name: string;
  readonly steps: readonly [Step, ...Step[]];
  /** The checks of a pipeline's result: the specs of the verifier jobs that its success makes. */
  readonly verify: readonly JobSpec[];
  /** For one attempt, all its steps together. */
  readonly timeoutMs: Milliseconds;
  /** Higher goes first. */
  readonly priority: number;
  readonly env: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** How much of its output is kept. */
  readonly outputMaxBytes: ByteCount;
  /** What of its output goes to the journal as well; null: as booty.yaml says when it runs. */
  readonly journal: JournalLevel | null;
  /** Of one attempt. */
  readonly limits: ResourceLimits;
  /** The walls that each of its steps gets; null: those of the supervisor. */
  readonly isolation: Isolation | null;
  readonly onInterrupt: 'retry' | 'fail';
  /** Where an attempt begins that follows another. */
  readonly resumeFrom: 'first-step' | 'failed-step';
  readonly retries: Retries;
  /** It does not start before. */
  readonly notBefore: Due | null;
  /** Where it has not started by then, it is cancelled. */
  readonly expires: Due | null;
  readonly crash: CrashRules;
  readonly monitor: Monitor | null;
  /** Who is told how it ended. */
  readonly report: readonly Report[];
  /** Jobs that must have succeeded before. */
  readonly needs: readonly JobId[];
  readonly concurrency: Concurrency | null;
  /** Of its group, or of all jobs of its name where it is in none. */
  readonly rate: Rate | null;
  /** Variables of secrets.env that its steps get. Their values are nowhere in it. */
  readonly secrets: readonly string[];
  /** The name of the template that made it of its parameters, which are in `env`. */
  readonly template: string | null;
}

/** Where a job came from. */
export interface Drop {
  /** The name of the file in the spool. */
  readonly fileName: string;
  readonly token: DropToken;
  readonly droppedAt: Instant;
  /** The owner of the file. */
  readonly uid: number;
}

/** A job that the ledger has accepted. */
export interface Job {
  readonly id: JobId;
  readonly spec: JobSpec;
  /** The pipeline that this verifier judges; null for a job that was dropped. */
  readonly pipelineId: JobId | null;
  readonly droppedAt: Instant;
  readonly acceptedAt: Instant;
  readonly droppedBy: number;
}
