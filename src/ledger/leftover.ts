import type { AttemptRecord } from '../job/outcome.ts';
import { instant } from '../job/units.ts';
import type { Claim, Verified } from '../schedule/queue.ts';
import { jobOf, nullableText, type Row, text } from './rows.ts';

/** A process that an attempt started, so that recovery can tell it from another with the same pid. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks after boot (proc(5), stat, field 22). */
  readonly startTime: string;
  readonly bootId: string;
  /** That of the attempt; absent where it has none. */
  readonly cgroup?: string;
}

/** An attempt that was under way when the last supervisor died. */
export interface Leftover {
  readonly claim: Claim;
  readonly process: ProcessRecord | null;
  /** How many earlier attempts of this job were lost. */
  readonly lostBefore: number;
  /** How many supervisors have died while they recovered this one. */
  readonly recoveries: number;
  /** Why it was being cancelled; null: it was not. */
  readonly cancelled: string | null;
}

/** @param attempts of the job, that have ended */
export function leftoverOf(row: Row, attempts: readonly AttemptRecord[]): Leftover {
  return {
    claim: {
      job: jobOf(row),
      attempt: Number(row.attempt),
      token: Number(row.token),
      startedAt: instant(Number(row.attempt_started_at)),
      ...verifiedOf(row),
    },
    process:
      row.process === null || row.process === undefined ? null : (JSON.parse(text(row.process)) as ProcessRecord),
    lostBefore: attempts.filter((attempt) => attempt.cause === 'lost').length,
    recoveries: Number(row.recoveries),
    cancelled: row.ending === 'cancelled' ? text(row.ending_reason) : null,
  };
}

/** What a pipeline was told of its earlier attempts, where its verifiers are why it runs again. */
export function verifiedOf(row: Row): { readonly verified?: Verified } {
  const rounds = row.pipeline_id === null ? Number(row.round) : 0;
  return rounds === 0 ? {} : { verified: { rounds, rejection: nullableText(row.rejection) } };
}
