import { createHash } from 'node:crypto';
import type { Event, EventHint } from '@sentry/node';
import type { Cause, Exit } from '../job/exit.ts';
import { describeExit } from '../job/exit.ts';
import type { Job } from '../job/job.ts';
import { type Instant, timestamp } from '../job/units.ts';
import type { CrashReading, Frame, Link } from './exception.ts';
import { fingerprintOf } from './grouping.ts';

/** One thing that happened in a job before it crashed. */
export interface Crumb {
  readonly at: Instant;
  readonly category: string;
  readonly message: string;
  readonly level: 'info' | 'warning' | 'error';
}

/** All that is known of one crash. */
export interface Crash {
  readonly job: Job;
  readonly attempt: number;
  readonly step: string | null;
  readonly argv: readonly string[];
  readonly workdir: string;
  readonly cause: Cause;
  readonly exit: Exit;
  readonly reason: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly durationMs: number;
  /** Whether no other attempt follows. */
  readonly final: boolean;
  readonly reading: CrashReading | null;
  readonly crumbs: readonly Crumb[];
  readonly lastLine: string | null;
  /** The end of what it printed, by file name; streams that stayed empty are left out. */
  readonly tails: readonly { readonly fileName: string; readonly data: Uint8Array }[];
}

/** The id of a crash's event, from what the crash is: captured twice, it is still one event. 32 hex digits. */
export const eventIdOf = (job: Job, attempt: number): string =>
  createHash('sha256').update(`booty ${job.id} ${job.acceptedAt} ${attempt}`).digest('hex').slice(0, 32);

/** The limits of Sentry: docs/decisions/0005-sentry-events.md. */
const maxTagLength = 200;
const maxValueLength = 8192;
const maxCrumbs = 100;

/** The event as Sentry gets it. */
export function crashEvent(crash: Crash, hostName: string): { readonly event: Event; readonly hint: EventHint } {
  const { job, reading } = crash;
  const fingerprint = fingerprintOf(crash);
  const event: Event = {
    event_id: eventIdOf(job, crash.attempt),
    level: crash.final ? 'error' : 'warning',
    platform: reading?.platform ?? 'other',
    timestamp: crash.endedAt / 1000,
    server_name: hostName,
    logger: 'booty',
    transaction: job.spec.name,
    exception: { values: reading ? exceptionsOf(reading) : [plainException(crash)] },
    ...(fingerprint ? { fingerprint } : {}),
    tags: tagsOf(crash),
    contexts: { job: contextOf(crash) },
    breadcrumbs: crash.crumbs.slice(-maxCrumbs).map((crumb) => ({
      type: 'default',
      timestamp: crumb.at / 1000,
      category: crumb.category,
      message: cut(crumb.message, 1000),
      level: crumb.level,
    })),
  };
  const attachments = crash.tails.map((tail) => ({
    filename: tail.fileName,
    data: Buffer.from(tail.data),
    contentType: 'text/plain',
  }));
  return { event, hint: { event_id: event.event_id ?? '', attachments } };
}

/** Never through the middle of a character: Sentry would refuse the whole event. */
const cut = (text: string, limit: number): string => text.slice(0, limit).toWellFormed();

type SentryException = NonNullable<NonNullable<Event['exception']>['values']>[number];
const mechanism = { type: 'booty.child', handled: false };

function exceptionsOf(reading: CrashReading): SentryException[] {
  return reading.exceptions.map(({ type, module, value, frames, link }) => ({
    type: cut(type, maxTagLength),
    value: cut(value, maxValueLength),
    ...(module === undefined ? {} : { module: cut(module, maxTagLength) }),
    mechanism: link ? { ...mechanism, ...linkOf(link) } : mechanism,
    ...(frames.length > 0
      ? { stacktrace: { frames: frames.slice(-250).map((frame) => frameOf(frame, reading.platform)) } }
      : {}),
  }));
}

const linkOf = ({ id, parent, source, isGroup }: Link) => ({
  exception_id: id,
  ...(parent === null ? {} : { type: 'chained', parent_id: parent }),
  ...(source === null ? {} : { source }),
  ...(isGroup ? { is_exception_group: true } : {}),
});

const frameOf = (frame: Frame, platform: string) => ({
  platform,
  in_app: frame.inApp,
  ...(frame.function === null ? {} : { function: frame.function }),
  ...(frame.module === undefined ? {} : { module: frame.module }),
  ...(frame.file === null ? {} : { filename: frame.file, abs_path: frame.file }),
  ...(frame.line === null ? {} : { lineno: frame.line }),
  ...(frame.column === null ? {} : { colno: frame.column }),
  ...(frame.source === null ? {} : { context_line: frame.source }),
});

/** `nightly-backup/upload exited with 3`, and the last line that it printed. */
const plainException = (crash: Crash): SentryException => ({
  type: cut(
    `${crash.job.spec.name}${crash.step === null ? '' : `/${crash.step}`} ${describeExit(crash.exit)}`,
    maxTagLength,
  ),
  value: cut(crash.lastLine ?? '', maxValueLength),
  mechanism,
});

function tagsOf(crash: Crash): Record<string, string> {
  const { job, exit } = crash;
  const tags = {
    ...job.spec.tags,
    job_id: job.id,
    job_name: job.spec.name,
    job_kind: job.spec.kind,
    job_final: String(crash.final),
    ...(crash.step === null ? {} : { step: crash.step }),
    attempt: String(crash.attempt),
    cause: crash.cause,
    ...(exit.kind === 'code' ? { exit_code: String(exit.code) } : {}),
    ...(exit.kind === 'signal' ? { signal: exit.signal } : {}),
    ...(job.pipelineId === null ? {} : { pipeline_id: job.pipelineId }),
  };
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, cut(value, maxTagLength)]));
}

/** Flat: the SDK cuts what is nested deeper. */
const contextOf = ({ job, argv, workdir, ...crash }: Crash): Record<string, string | number | null> => ({
  id: job.id,
  name: job.spec.name,
  kind: job.spec.kind,
  pipeline_id: job.pipelineId,
  step: crash.step,
  attempt: crash.attempt,
  argv: cut(JSON.stringify(argv), 2000),
  workdir,
  reason: cut(crash.reason, 2000),
  dropped_at: timestamp(job.droppedAt),
  dropped_by_uid: job.droppedBy,
  accepted_at: timestamp(job.acceptedAt),
  started_at: timestamp(crash.startedAt),
  ended_at: timestamp(crash.endedAt),
  duration_ms: crash.durationMs,
  timeout_ms: job.spec.timeoutMs,
  priority: job.spec.priority,
  show: `booty show ${job.id}`,
  journal: `journalctl -u booty --grep=${job.id}`,
});
