import type { Reply } from './reply.ts';

/** How long Sentry may take to answer. */
export const answerLimitMs = 10_000;

/** Sends one envelope. Never rejects: what went wrong is an answer too. @param signal gives up earlier */
export async function sendEnvelope(endpoint: URL, envelope: Buffer<ArrayBuffer>, signal?: AbortSignal): Promise<Reply> {
  const limit = AbortSignal.timeout(answerLimitMs);
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-sentry-envelope' },
      body: envelope,
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    await response.body?.cancel();
    const header = (name: string): string | null => response.headers.get(name);
    return {
      kind: 'answer',
      status: response.status,
      rateLimits: header('X-Sentry-Rate-Limits'),
      retryAfter: header('Retry-After'),
    };
  } catch (error) {
    return { kind: 'unreachable', message: reasonOf(error) };
  }
}

/** fetch hides the system's error in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${answerLimitMs / 1000} s`;
  const { cause } = error;
  return cause instanceof Error
    ? ('code' in cause && typeof cause.code === 'string' && cause.code) || cause.message
    : error.message;
}
