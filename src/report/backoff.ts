import type { ReportKind } from '../job/report.ts';
import { type Instant, instant } from '../job/units.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** After each try that failed. A receiver that is started again is found soon, one that is gone for a weekend is waited for. */
const overTheNet = [
  5 * secondMs,
  30 * secondMs,
  2 * minuteMs,
  10 * minuteMs,
  30 * minuteMs,
  hourMs,
  2 * hourMs,
  4 * hourMs,
  8 * hourMs,
  12 * hourMs,
  18 * hourMs,
  24 * hourMs,
];
/** A program of this machine that fails now mostly fails later. */
const here = [5 * secondMs, 30 * secondMs, 2 * minuteMs, 10 * minuteMs];
export const delaysOf: Readonly<Record<ReportKind, readonly number[]>> = {
  webhook: overTheNet,
  github: overTheNet,
  command: here,
};

/** From its end on, a job is told of for so long; but it is tried so often in any case: the machine may have been off. */
export const maxAgeMs = 72 * hourMs;
export const leastTries = 5;
/** Whatever a receiver asks for. */
const longestDelayMs = 24 * hourMs;
/** Of a delay, to either side: reports that failed together don't come back together. */
const jitterShare = 0.2;

/**
 * When a report is tried again; null where it is given up.
 * @param tries how often it has failed by now
 * @param retryAfterMs what the receiver asked for
 * @param jitter from 0 to 1
 */
export function nextTry(
  delays: readonly number[],
  { tries, owedAt }: { readonly tries: number; readonly owedAt: Instant },
  now: Instant,
  retryAfterMs: number | null,
  jitter: number,
): Instant | null {
  const delay = delays[tries - 1];
  if (delay === undefined || (tries >= leastTries && now - owedAt > maxAgeMs)) return null;
  const jittered = Math.round(delay * (1 + jitterShare * (2 * jitter - 1)));
  return instant(now + Math.min(longestDelayMs, Math.max(jittered, retryAfterMs ?? 0)));
}

/** How long a route that fails is left alone: then one report tries it for all. */
const routePauseMs = { first: secondMs, most: minuteMs } as const;

/** @param failures how many tries on it have failed in a row */
export const routePause = (failures: number, retryAfterMs: number | null): number =>
  Math.max(
    Math.min(routePauseMs.most, routePauseMs.first * 2 ** Math.min(failures - 1, 20)),
    Math.min(longestDelayMs, retryAfterMs ?? 0),
  );
