import { type Delivery, delayed } from './delivery.ts';

const longestWaitMs = 24 * 3_600_000;

/** It is this message that it does not want, and would not want later: too large, not JSON, not understood. */
const notThisOne = new Set([413, 415, 422]);
/** Told to whoever comes: it is busy. */
const busy = new Set([408, 409, 425, 429]);

/**
 * What the answer of a webhook means (standardwebhooks.com, Deliverability and reliability): 2xx is success, 410 ends it;
 * what people can mend at the other end, such as a wrong secret or address, is tried as long as any outage.
 */
export function decideWebhook(status: number, retryAfter: string | null, nowMs: number): Delivery {
  const why = `the receiver answered ${status}`;
  if (status >= 200 && status < 300) return { kind: 'made', note: null };
  if (status === 410) return { kind: 'refused', why: 'the receiver is gone for good (410)' };
  if (notThisOne.has(status)) return { kind: 'refused', why };
  if (status >= 500 || busy.has(status)) return delayed(why, 'route', retryAfterMs(retryAfter, nowMs));
  if (status >= 300 && status < 400) return delayed(`${why}: redirections are not followed`, 'report');
  return delayed(why, 'report', retryAfterMs(retryAfter, nowMs));
}

export interface GithubFailure {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

/**
 * What a failed request to GitHub means (docs.github.com, Rate limits for the REST API). A token that is refused and an
 * issue that is not to be seen are mended by people.
 */
export function decideGithub({ status, message, headers }: GithubFailure, nowMs: number): Delivery {
  const why = `GitHub answered ${status}${message === '' ? '' : `: ${message}`}`;
  if (status === 429 || (status === 403 && isRateLimit(headers, message)))
    return delayed(why, 'route', githubPauseMs(headers, nowMs));
  if (status === 410) return { kind: 'refused', why };
  if (status === 401 || status >= 500 || busy.has(status))
    return delayed(why, 'route', retryAfterMs(textOf(headers['retry-after']), nowMs));
  return status === 422 ? { kind: 'refused', why } : delayed(why, 'report');
}

/** Of the primary limit nothing is left; the secondary one is only told by `retry-after`, or by its message. */
const isRateLimit = (headers: GithubFailure['headers'], message: string): boolean =>
  textOf(headers['x-ratelimit-remaining']) === '0' ||
  headers['retry-after'] !== undefined ||
  /\brate limit\b/i.test(message);

/** Where it says nothing: a minute, as its documentation asks for. */
function githubPauseMs(headers: GithubFailure['headers'], nowMs: number): number {
  const after = retryAfterMs(textOf(headers['retry-after']), nowMs);
  if (after !== null) return after;
  const reset = Number(textOf(headers['x-ratelimit-reset']) ?? Number.NaN) * 1000 - nowMs;
  const isTold = textOf(headers['x-ratelimit-remaining']) === '0' && Number.isFinite(reset);
  return isTold ? Math.min(longestWaitMs, Math.max(1000, reset)) : 60_000;
}

const textOf = (value: string | number | undefined): string | null => (value === undefined ? null : String(value));

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const value = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(value) ? Math.min(longestWaitMs, Math.max(0, value)) : null;
}
