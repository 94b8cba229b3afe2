import type { OutcomeRecord } from '../job/outcome.ts';
import { formatDuration } from '../job/units.ts';

/** One line for a person: `nightly-… crashed after 1.2s: ValueError: bad row (step load, exit 1) — Sentry event 4f…`. */
export function describeOutcome(record: OutcomeRecord): string {
  const after = record.durationMs === null ? '' : ` after ${formatDuration(record.durationMs)}`;
  const reason = record.reason === null ? '' : `: ${record.reason}`;
  const details = [
    record.step === null ? null : `step ${record.step}`,
    record.exitCode === null || record.exitCode === 0 ? null : `exit ${record.exitCode}`,
    record.signal,
    record.attempt > 1 ? `attempt ${record.attempt}` : null,
  ].filter((part) => part !== null);
  const circumstances = record.outcome === 'succeeded' || details.length === 0 ? '' : ` (${details.join(', ')})`;
  return `${record.id} ${record.outcome}${after}${reason}${circumstances}${describeCapture(record.sentry)}`;
}

function describeCapture(sentry: OutcomeRecord['sentry']): string {
  if (!sentry) return '';
  const { capture, eventId, error } = sentry;
  if (capture === 'counted')
    return ` — one of many of the same: counted${eventId === null ? '' : `, as after Sentry event ${eventId}`}`;
  if (eventId !== null) return ` — Sentry event ${eventId}`;
  return capture === 'failed' ? ` — no Sentry event: ${error}` : '';
}
