import type { SQLOutputValue } from 'node:sqlite';
import type { JobId } from '../job/id.ts';
import {
  defaultCrashRules,
  defaultFlow,
  type Job,
  type JobKind,
  type JobSpec,
  noRetries,
  type Step,
} from '../job/job.ts';
import { noLimits } from '../job/limits.ts';
import type { Outcome, OutcomeRecord } from '../job/outcome.ts';
import { type Instant, instant } from '../job/units.ts';

/** What SQLite answers for a row. Only the ledger writes these tables, so their values are what the schema says. */
export type Row = Record<string, SQLOutputValue>;

export type JobState = 'waiting' | 'running' | 'verifying' | 'ended';
export const jobStates: readonly JobState[] = ['waiting', 'running', 'verifying', 'ended'];

/** A job as `booty list` and `booty show` see it. */
export interface JobRow {
  readonly id: JobId;
  readonly name: string;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly priority: number;
  readonly attempt: number;
  readonly pipelineId: JobId | null;
  readonly droppedAt: Instant;
  readonly acceptedAt: Instant;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly outcome: Outcome | null;
  /** It waits until then. */
  readonly dueAt: Instant | null;
}

export const text = (value: SQLOutputValue | undefined): string => String(value);
export const nullableText = (value: SQLOutputValue | undefined): string | null =>
  value === null || value === undefined ? null : String(value);
export const nullableInstant = (value: SQLOutputValue | undefined): Instant | null =>
  value === null || value === undefined ? null : instant(Number(value));

export const jobOf = (row: Row): Job => ({
  id: text(row.id) as JobId,
  // Its priority may have been changed since.
  spec: { ...specOf(row), priority: Number(row.priority) },
  pipelineId: nullableText(row.pipeline_id) as JobId | null,
  droppedAt: instant(Number(row.dropped_at)),
  acceptedAt: instant(Number(row.accepted_at)),
  droppedBy: Number(row.dropped_by),
});

const stepWithDefaults = (kept: Step): Step => ({
  ...defaultFlow,
  ...kept,
  secrets: kept.secrets ?? [],
  action: kept.action.kind === 'run' ? { ...kept.action, shell: kept.action.shell ?? 'sh' } : kept.action,
});

/** What an earlier Booty accepted has nothing of what came since. */
const withDefaults = (kept: JobSpec): JobSpec => ({
  ...kept,
  steps: [stepWithDefaults(kept.steps[0]), ...kept.steps.slice(1).map(stepWithDefaults)],
  limits: kept.limits ?? noLimits,
  isolation: kept.isolation ?? null,
  resumeFrom: kept.resumeFrom ?? 'first-step',
  journal: kept.journal ?? null,
  retries: kept.retries ?? noRetries,
  notBefore: kept.notBefore ?? null,
  expires: kept.expires ?? null,
  crash: { ...defaultCrashRules, ...kept.crash },
  monitor: kept.monitor ?? null,
  report: kept.report ?? [],
  needs: kept.needs ?? [],
  concurrency: kept.concurrency ?? null,
  rate: kept.rate ?? null,
  secrets: kept.secrets ?? [],
  template: kept.template ?? null,
  verify: verifiersOf(kept.verify).map(withDefaults),
});

/** There was at most one before there could be several. */
const verifiersOf = (kept: JobSpec['verify'] | JobSpec | null): readonly JobSpec[] => {
  if (kept === null) return [];
  return 'steps' in kept ? [kept] : kept;
};

export const specOf = (row: Row): JobSpec => withDefaults(JSON.parse(text(row.spec)) as JobSpec);

export const jobRowOf = (row: Row): JobRow => ({
  id: text(row.id) as JobId,
  name: text(row.name),
  kind: text(row.kind) as JobKind,
  state: text(row.state) as JobState,
  priority: Number(row.priority),
  attempt: Number(row.attempt),
  pipelineId: nullableText(row.pipeline_id) as JobId | null,
  droppedAt: instant(Number(row.dropped_at)),
  acceptedAt: instant(Number(row.accepted_at)),
  startedAt: nullableInstant(row.started_at),
  endedAt: nullableInstant(row.ended_at),
  outcome: nullableText(row.outcome) as Outcome | null,
  dueAt: nullableInstant(row.due_at),
});

export const recordOf = (row: Row): OutcomeRecord => JSON.parse(text(row.record)) as OutcomeRecord;
