import { createHash } from 'node:crypto';
import type { Job, Monitor } from '../job/job.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import type { Instant } from '../job/units.ts';

/** One report to a monitor of Sentry Crons (develop.sentry.dev, Check-Ins). */
export interface CheckIn {
  /** 32 hex digits; the same from the start of a job to its end. */
  readonly id: string;
  readonly slug: string;
  readonly status: 'in_progress' | 'ok' | 'error';
  readonly at: Instant;
  /** After this it says nothing that is still true: a monitor would take it for a run of now. */
  readonly freshUntil: Instant;
  /** As Sentry wants it, on one line. */
  readonly envelope: Buffer<ArrayBuffer>;
}

export interface CheckInOrigin {
  readonly release: string | null;
  readonly environment: string;
}

/** How long a check-in that could not be delivered still counts, where the monitor does not say how late one may come. */
const freshMs = 5 * 60_000;

/** The start of a job's first attempt. */
export function checkInOfStart(job: Job, monitor: Monitor, at: Instant, origin: CheckInOrigin): CheckIn {
  const freshUntil = at + (monitor.checkinMarginMs ?? freshMs);
  return checkIn(job.id, job.acceptedAt, monitor, { status: 'in_progress', at, freshUntil, durationMs: null }, origin);
}

/** The end of a job, of a pipeline with its verifier. */
export function checkInOfEnd(record: OutcomeRecord, monitor: Monitor): CheckIn {
  const at = Date.parse(record.endedAt);
  const started = record.startedAt === null ? at : Date.parse(record.startedAt);
  // Until its time is over, Sentry waits for the end of a run whose start it knows.
  const freshUntil = Math.max(at + (monitor.checkinMarginMs ?? freshMs), started + (monitor.maxRuntimeMs ?? 0));
  const status = record.outcome === 'succeeded' ? 'ok' : 'error';
  return checkIn(
    record.id,
    Date.parse(record.acceptedAt),
    monitor,
    { status, at, freshUntil, durationMs: record.durationMs },
    record,
  );
}

interface Report {
  readonly status: CheckIn['status'];
  readonly at: number;
  readonly freshUntil: number;
  readonly durationMs: number | null;
}

function checkIn(
  jobId: string,
  acceptedAt: number,
  monitor: Monitor,
  { status, at, freshUntil, durationMs }: Report,
  { release, environment }: CheckInOrigin,
): CheckIn {
  const id = createHash('sha256').update(`booty check-in ${jobId} ${acceptedAt}`).digest('hex').slice(0, 32);
  const payload = JSON.stringify({
    check_in_id: id,
    monitor_slug: monitor.slug,
    status,
    environment,
    ...(release === null ? {} : { release }),
    ...(durationMs === null ? {} : { duration: durationMs / 1000 }),
    ...(monitor.schedule === null ? {} : { monitor_config: configOf(monitor) }),
  });
  const envelope = Buffer.from(
    `{}\n${JSON.stringify({ type: 'check_in', length: Buffer.byteLength(payload) })}\n${payload}\n`,
  );
  return { id, slug: monitor.slug, status, at: at as Instant, freshUntil: freshUntil as Instant, envelope };
}

/** Sentry makes the monitor, or brings it up to date, from this. Times in minutes. */
const configOf = ({ schedule, timezone, checkinMarginMs, maxRuntimeMs }: Monitor) => ({
  schedule,
  ...(timezone === null ? {} : { timezone }),
  ...(checkinMarginMs === null ? {} : { checkin_margin: checkinMarginMs / 60_000 }),
  ...(maxRuntimeMs === null ? {} : { max_runtime: maxRuntimeMs / 60_000 }),
});
