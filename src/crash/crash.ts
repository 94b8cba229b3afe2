import { createHash } from 'node:crypto';
import type { Cause, Exit } from '../job/exit.ts';
import type { Job } from '../job/job.ts';
import type { Instant } from '../job/units.ts';
import type { Usage } from '../job/usage.ts';
import type { CrashReading } from './exception.ts';
import type { Sources } from './source.ts';

/** One thing that happened in a job before it crashed. */
export interface Crumb {
  readonly at: Instant;
  readonly category: string;
  readonly message: string;
  readonly level: 'info' | 'warning' | 'error';
}

/** All that is known of one failure of a job. */
export interface Crash {
  readonly job: Job;
  readonly attempt: number;
  /** How many attempts the job may have. */
  readonly attemptLimit: number;
  readonly step: string | null;
  readonly argv: readonly string[];
  readonly workdir: string;
  /** `rejected`: no crash, but a verdict that is to be told all the same. */
  readonly cause: Cause | 'rejected';
  readonly exit: Exit;
  readonly reason: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly durationMs: number;
  /** Null where it is not known: it was lost, or could not be started. */
  readonly usage: Usage | null;
  /** Whether no other attempt follows. */
  readonly final: boolean;
  readonly reading: CrashReading | null;
  /** The job's own source around the lines of the stack. */
  readonly sources: Sources;
  readonly crumbs: readonly Crumb[];
  readonly lastLine: string | null;
  /** The end of what it printed, by file name; streams that stayed empty are left out. */
  readonly tails: readonly { readonly fileName: string; readonly data: Uint8Array }[];
}

/** The id of a crash's event, from what the crash is: captured twice, it is still one event. 32 hex digits. */
export const eventIdOf = (job: Job, attempt: number): string =>
  createHash('sha256').update(`booty ${job.id} ${job.acceptedAt} ${attempt}`).digest('hex').slice(0, 32);
