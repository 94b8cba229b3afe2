import type { Milliseconds } from '../job/units.ts';
import { milliseconds } from '../job/units.ts';

/** How one delivery went. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly rateLimits: string | null;
      readonly retryAfter: string | null;
    }
  | { readonly kind: 'unreachable'; readonly message: string };

/** What follows for the envelope. */
export type NextStep =
  | { readonly kind: 'delivered'; readonly pauseMs: Milliseconds }
  | { readonly kind: 'keep'; readonly pauseMs: Milliseconds; readonly why: string }
  /** Once more, without its attachments. */
  | { readonly kind: 'strip' }
  /** It is the key, the project or the way there that is refused, and not this event. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'dead'; readonly why: string };

const minBackoffMs = 1000;
const maxBackoffMs = 5 * 60_000;
const defaultLimitMs = 60_000;
const longestPauseMs = 24 * 3_600_000;
/** No key, no quota, no right, no such project, gone, another server's, a proxy that wants a password, the law. */
const notTheEvents = new Set([401, 402, 403, 404, 405, 407, 410, 421, 451]);

/**
 * Decides what an answer of Sentry means for the envelope (develop.sentry.dev, Rate Limiting and Envelopes).
 * @param failures how many deliveries in a row have failed before this one
 * @param jitter from 0 to 1
 */
export function decideReply(
  reply: Reply,
  failures: number,
  stripped: boolean,
  jitter: number,
  nowMs: number,
  category: 'error' | 'monitor' = 'error',
): NextStep {
  const backoffMs = milliseconds(
    Math.round(Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures, 20)) * (0.5 + jitter / 2)),
  );
  if (reply.kind === 'unreachable') return { kind: 'keep', pauseMs: backoffMs, why: reply.message };
  const { status } = reply;
  const limitMs = rateLimitMs(reply, nowMs, category);
  if (status >= 200 && status < 300) return { kind: 'delivered', pauseMs: milliseconds(limitMs ?? 0) };
  if (status === 429)
    return {
      kind: 'keep',
      pauseMs: milliseconds(Math.max(minBackoffMs, limitMs ?? defaultLimitMs)),
      why: 'rate limited (429)',
    };
  if (status === 413)
    return stripped ? { kind: 'dead', why: 'too large, even without attachments (413)' } : { kind: 'strip' };
  // A redirection comes from something in between, a proxy's log-in page say: Sentry itself sends none.
  if (status >= 500 || status === 408 || status === 425 || (status >= 300 && status < 400))
    return { kind: 'keep', pauseMs: backoffMs, why: `the server answered ${status}` };
  const why = `the server answered ${status}`;
  return notTheEvents.has(status) ? { kind: 'refused', why } : { kind: 'dead', why };
}

/** The pause that the server asks for where it concerns this category, or null. */
function rateLimitMs(reply: Extract<Reply, { kind: 'answer' }>, nowMs: number, category: string): number | null {
  const pauses = (reply.rateLimits ?? '').split(',').flatMap((limit) => {
    const [seconds = '', categories = ''] = limit.trim().split(':');
    const concerned = categories === '' || categories.split(';').some((one) => one === category || one === 'default');
    return concerned && /^\d+(?:\.\d+)?$/.test(seconds) ? [Number(seconds) * 1000] : [];
  });
  if (pauses.length > 0) return Math.min(longestPauseMs, Math.max(...pauses));
  return reply.status === 429 ? retryAfterMs(reply.retryAfter, nowMs) : null;
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const value = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(value) ? Math.min(longestPauseMs, Math.max(0, value)) : null;
}
