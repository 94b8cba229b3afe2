import type { Retries } from '../job/job.ts';
import type { Judgement } from '../job/judge.ts';
import { type Milliseconds, milliseconds } from '../job/units.ts';

/**
 * How long a job waits after this attempt before it is tried again; null where it is not.
 * @param failures how many attempts have failed, this one among them; those that were lost do not count
 * @param jitter from 0 to 1: an exponential delay is that part of its maximum, so that jobs which failed together don't
 *   come back together (full jitter)
 */
export function retryDelay(
  retries: Retries,
  judgement: Judgement,
  failures: number,
  jitter: number,
): Milliseconds | null {
  if (judgement.outcome !== 'crashed' || judgement.cause === 'lost' || failures > retries.limit) return null;
  if (!retries.on.includes('crashed') && !retries.on.includes(judgement.cause)) return null;
  return delayAfter(retries, failures, jitter);
}

/**
 * The same for a pipeline, after its verifiers have ended.
 * @param failures how often it has crashed or not passed its verifiers, this time among them
 */
export function rerunDelay(
  retries: Retries,
  outcome: 'rejected' | 'crashed',
  failures: number,
  jitter: number,
): Milliseconds | null {
  return rerunsLeft(retries, outcome, failures) > 0 ? delayAfter(retries, failures, jitter) : null;
}

/** How often a pipeline may run again that its verifiers have ended so, in the end. */
export function rerunsLeft({ on, limit }: Retries, outcome: 'rejected' | 'crashed', failures: number): number {
  return on.includes(outcome === 'rejected' ? outcome : 'verifier-crashed') ? Math.max(0, limit + 1 - failures) : 0;
}

function delayAfter({ backoff, delayMs, maxDelayMs }: Retries, failures: number, jitter: number): Milliseconds {
  switch (backoff) {
    case 'fixed':
      return milliseconds(Math.min(maxDelayMs, delayMs));
    case 'linear':
      return milliseconds(Math.min(maxDelayMs, delayMs * failures));
    case 'exponential':
      return milliseconds(Math.round(jitter * Math.min(maxDelayMs, delayMs * 2 ** Math.min(failures - 1, 50))));
  }
}
