import type { Cause } from '../job/exit.ts';
import type { JobId } from '../job/id.ts';
import type { JobKind } from '../job/job.ts';
import type { CaptureState, Outcome } from '../job/outcome.ts';

/** Priorities of syslog(3), as journald reads them at the start of a line (sd-daemon(3)). */
export type Priority = 'error' | 'warning' | 'notice' | 'info' | 'debug';

/** Where something may refuse: disks, the kernel's notification, the machine's resources, processes that don't die. */
export type TroublePlace =
  | 'state'
  | 'spool'
  | 'watch'
  | 'ledger'
  | 'jobs'
  | 'machine'
  | 'processes'
  | 'outcomes'
  | 'outbox'
  | 'sentry'
  | 'control';

/** What an operator cares about. The names are a contract: keys are added, never changed. */
export type JournalEvent =
  | {
      readonly kind: 'supervisor.ready';
      readonly pid: number;
      readonly spool: string;
      readonly waiting: number;
      readonly recovered: number;
      readonly startMs: number;
    }
  | {
      readonly kind: 'supervisor.draining';
      readonly signal: string;
      readonly running: number;
      readonly limitMs: number;
    }
  | { readonly kind: 'supervisor.reloaded'; readonly changed: string }
  | { readonly kind: 'supervisor.unchanged'; readonly error: string; readonly hint: string }
  | { readonly kind: 'supervisor.hurried'; readonly signal: string; readonly running: number }
  | { readonly kind: 'supervisor.stopped'; readonly interrupted: number }
  /** A restart: so many attempts run on under this process, for the next supervisor. */
  | { readonly kind: 'supervisor.kept'; readonly pid: number; readonly attempts: number }
  /** What runs cannot run on over a restart: it is waited for, and interrupted. */
  | { readonly kind: 'keeping.refused'; readonly why: string }
  /** The keeper of attempts that an earlier supervisor began has answered. */
  | { readonly kind: 'keeper.adopted'; readonly pid: number; readonly attempts: number }
  /** It has died, or did not answer. Null: nobody knows how many it had. */
  | { readonly kind: 'keeper.lost'; readonly pid: number; readonly attempts: number | null }
  | {
      readonly kind: 'supervisor.failed';
      readonly error: string;
      readonly eventId: string | null;
      readonly capture: CaptureState;
    }
  /** Somebody asked something of jobs. */
  | {
      readonly kind: 'control.done';
      readonly command: string;
      readonly target: string;
      /** `alice (uid 1000)` */
      readonly by: string | null;
      readonly jobs: number;
      readonly refused: string | null;
    }
  /** A defect met while a request was handled; the supervisor goes on. */
  | {
      readonly kind: 'control.failed';
      readonly request: string;
      readonly by: string;
      readonly error: string;
      readonly eventId: string | null;
      readonly capture: CaptureState;
    }
  | { readonly kind: 'telemetry.notice'; readonly text: string }
  /** Each attempt has a cgroup of its own. `limits`: the controllers that hold them to limits. */
  | { readonly kind: 'cgroups.used'; readonly limits: string }
  | { readonly kind: 'cgroups.missing'; readonly why: string }
  /** No job can signal the supervisor (`signals`), or write to any cgroup (`cgroups`). */
  | { readonly kind: 'walls.raised'; readonly against: string }
  /** Nothing here enforces them, and `policy.unenforcedLimits` lets the job run. */
  | { readonly kind: 'limits.ignored'; readonly id: JobId; readonly attempt: number; readonly limits: string }
  | {
      readonly kind: 'job.accepted';
      readonly id: JobId;
      readonly name: string;
      readonly jobKind: JobKind;
      readonly file: string;
      readonly uid: number;
    }
  | { readonly kind: 'recurring.dropped'; readonly name: string; readonly id: JobId }
  | { readonly kind: 'recurring.repeated'; readonly name: string; readonly id: JobId }
  | {
      readonly kind: 'job.refused';
      readonly file: string;
      readonly code: string;
      readonly reason: string;
      readonly line: number | null;
      readonly hint: string;
    }
  /** Whoever uses it is refused. */
  | {
      readonly kind: 'template.broken';
      readonly template: string;
      readonly error: string;
      readonly line: number | null;
      readonly hint: string;
    }
  | { readonly kind: 'spool.left'; readonly file: string; readonly reason: string }
  /** Told once for each place, and once when it works again. */
  | {
      readonly kind: 'trouble.began';
      readonly where: TroublePlace;
      readonly error: string;
      readonly hint: string;
    }
  | { readonly kind: 'trouble.ended'; readonly where: TroublePlace; readonly durationMs: number }
  | {
      readonly kind: 'attempt.started';
      readonly id: JobId;
      readonly name: string;
      readonly jobKind: JobKind;
      readonly attempt: number;
    }
  | {
      readonly kind: 'attempt.ended';
      readonly id: JobId;
      readonly attempt: number;
      readonly outcome: string;
      readonly durationMs: number;
      readonly killed: number;
      readonly again: boolean;
      /** How long it waits before it is tried again; null: as soon as there is room, or not. */
      readonly retryMs: number | null;
      readonly reason: string | null;
    }
  /** Its verifiers have not accepted it, and it is tried again. */
  | {
      readonly kind: 'pipeline.rerun';
      readonly id: JobId;
      readonly outcome: 'rejected' | 'crashed';
      readonly reason: string;
      readonly retryMs: number;
    }
  /** It failed, and the attempt went on: `continueOnError`. */
  | {
      readonly kind: 'step.continued';
      readonly id: JobId;
      readonly attempt: number;
      readonly step: string;
      readonly reason: string;
    }
  | { readonly kind: 'attempt.unkillable'; readonly id: JobId; readonly attempt: number }
  /** Its end could not be recorded before the supervisor had to go: the next one finds it as lost. */
  | { readonly kind: 'attempt.abandoned'; readonly id: JobId; readonly attempt: number; readonly error: string }
  /** Some of what it printed is not in its log. */
  | { readonly kind: 'log.incomplete'; readonly id: JobId; readonly attempt: number; readonly error: string }
  /** So many of its lines are not in the journal; its log has them. */
  | { readonly kind: 'output.dropped'; readonly id: JobId; readonly attempt: number; readonly lines: number }
  | { readonly kind: 'crash.captured'; readonly id: JobId; readonly attempt: number; readonly eventId: string }
  /** One of too many of the same: `crash.repeated` will tell how many. `eventId`: the last that was captured of them. */
  | { readonly kind: 'crash.counted'; readonly id: JobId; readonly attempt: number; readonly eventId: string | null }
  /** The event that tells of so many crashes that were counted. */
  | { readonly kind: 'crash.repeated'; readonly eventId: string; readonly count: number }
  | { readonly kind: 'crash.uncaptured'; readonly id: JobId; readonly attempt: number; readonly error: string }
  | {
      readonly kind: 'job.ended';
      readonly id: JobId;
      readonly name: string;
      readonly jobKind: JobKind;
      readonly outcome: Outcome;
      readonly cause: Cause | null;
      readonly reason: string | null;
      readonly step: string | null;
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly attempt: number;
      readonly durationMs: number | null;
      readonly eventId: string | null;
      readonly capture: CaptureState | null;
    }
  | { readonly kind: 'workdir.left'; readonly id: JobId; readonly error: string }
  | {
      readonly kind: 'retention.swept';
      readonly jobs: number;
      readonly logs: number;
      readonly rejected: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'outbox.delivered'; readonly eventId: string }
  | { readonly kind: 'outbox.delayed'; readonly why: string; readonly waiting: number }
  /** For want of room: it is counted in its place. */
  | { readonly kind: 'outbox.dropped'; readonly eventId: string; readonly why: string }
  /** `report` is the same over all tries, and what the receiver was told by. */
  | {
      readonly kind: 'report.made';
      readonly id: JobId;
      readonly to: string;
      readonly report: string;
      readonly tries: number;
      readonly note: string | null;
    }
  /** Told once when reports on this way begin to fail. */
  | {
      readonly kind: 'report.delayed';
      readonly id: JobId;
      readonly to: string;
      readonly report: string;
      readonly why: string;
      readonly retryMs: number;
    }
  | {
      readonly kind: 'report.given-up';
      readonly id: JobId;
      readonly to: string;
      readonly report: string;
      readonly tries: number;
      readonly why: string;
    }
  | { readonly kind: 'monitor.told'; readonly slug: string; readonly status: string }
  | { readonly kind: 'monitor.missed'; readonly slug: string; readonly status: string; readonly why: string }
  | { readonly kind: 'outbox.buried'; readonly eventId: string; readonly why: string }
  /** It goes on with lines, which have no fields. */
  | { readonly kind: 'journal.refused'; readonly error: string }
  /** Nobody took so many events like this one. */
  | { readonly kind: 'journal.dropped'; readonly events: number };

export type Emit = (event: JournalEvent) => void;

/** How much an event matters to an operator. */
export function priorityOf(event: JournalEvent): Priority {
  switch (event.kind) {
    case 'supervisor.failed':
    case 'control.failed':
    case 'crash.uncaptured':
    case 'attempt.unkillable':
    case 'attempt.abandoned':
    case 'supervisor.unchanged':
    case 'keeper.lost':
      return 'error';
    case 'trouble.began':
      return event.where === 'watch' || event.where === 'machine' || event.where === 'control' ? 'warning' : 'error';
    case 'job.refused':
    case 'template.broken':
    case 'spool.left':
    case 'supervisor.hurried':
    case 'workdir.left':
    case 'log.incomplete':
    case 'output.dropped':
    case 'journal.dropped':
    case 'journal.refused':
    case 'outbox.delayed':
    case 'outbox.buried':
    case 'outbox.dropped':
    case 'monitor.missed':
    case 'pipeline.rerun':
    case 'report.delayed':
    case 'report.given-up':
    case 'telemetry.notice':
    case 'limits.ignored':
      return 'warning';
    case 'attempt.ended':
      return event.outcome === 'crashed' ? 'warning' : 'info';
    case 'job.ended':
      return event.outcome === 'crashed' ? 'error' : event.outcome === 'rejected' ? 'warning' : 'info';
    case 'supervisor.ready':
    case 'supervisor.draining':
    case 'supervisor.stopped':
    case 'supervisor.reloaded':
    case 'supervisor.kept':
    case 'keeping.refused':
    case 'keeper.adopted':
    case 'control.done':
    case 'trouble.ended':
    case 'cgroups.missing':
      return 'notice';
    case 'cgroups.used':
    case 'walls.raised':
    case 'job.accepted':
    case 'recurring.dropped':
    case 'recurring.repeated':
    case 'attempt.started':
    case 'step.continued':
    case 'crash.captured':
    case 'crash.counted':
    case 'crash.repeated':
    case 'outbox.delivered':
    case 'monitor.told':
    case 'report.made':
    case 'retention.swept':
      return 'info';
  }
}
