import type { Crash } from '../crash/crash.ts';
import type { CaptureRecord } from '../job/outcome.ts';
import type { Emit } from '../journal/event.ts';

/** Makes a crash durable as an event; answers, and never rejects. */
export interface CaptureCrash {
  captureCrash(crash: Crash): Promise<CaptureRecord>;
}

/**
 * Captures a crash before anything may report it, and says so.
 * @param capture null where Sentry is off by policy
 * @param describe says what is known of the crash, where anybody wants to know it
 * @param before what an earlier try came to: only one that failed is tried again, and is not told again
 */
export async function captureBeforeReport(
  capture: CaptureCrash | null,
  describe: () => Crash,
  emit: Emit,
  before: CaptureRecord | null = null,
): Promise<CaptureRecord> {
  if (!capture) return { eventId: null, capture: 'disabled' };
  if (before !== null && before.capture !== 'failed') return before;
  const crash = describe();
  const record = await capture.captureCrash(crash);
  const { id } = crash.job;
  if (record.capture === 'counted')
    emit({ kind: 'crash.counted', id, attempt: crash.attempt, eventId: record.eventId });
  else if (record.eventId !== null)
    emit({ kind: 'crash.captured', id, attempt: crash.attempt, eventId: record.eventId });
  if (record.capture === 'failed' && before === null)
    emit({ kind: 'crash.uncaptured', id, attempt: crash.attempt, error: record.error ?? 'unknown' });
  return record;
}
