import type { OutcomeRecord } from '../job/outcome.ts';

/** One try to make a report. */
export interface Try {
  /** The same over all tries. */
  readonly id: string;
  /** From 1. */
  readonly number: number;
  /** Gives it up at once; the report is still owed then. */
  readonly signal: AbortSignal;
}

export type Delivered = { readonly kind: 'made'; readonly note: string | null };
/** It is to be tried again. */
export interface Delayed {
  readonly kind: 'delayed';
  readonly why: string;
  /** Not before; null: as the tries have it. */
  readonly retryAfterMs: number | null;
  /** Whether others on the same route would fare no better. */
  readonly of: 'route' | 'report';
}
/** It would be refused again. */
export type Refused = { readonly kind: 'refused'; readonly why: string };
export type Delivery = Delivered | Delayed | Refused;

/** Makes reports of one kind. Never rejects: what went wrong is an answer too. */
export interface Deliverer<Target> {
  /** @param record without secrets */
  deliver(record: OutcomeRecord, target: Target, attempt: Try): Promise<Delivery>;
}

export const delayed = (why: string, of: Delayed['of'] = 'route', retryAfterMs: number | null = null): Delayed => ({
  kind: 'delayed',
  why,
  retryAfterMs,
  of,
});

/** The value of a variable of secrets.env; null where it has none. */
export type SecretOf = (name: string) => string | null;

/** fetch hides the system's error in its cause. */
export function reasonOf(error: unknown, limitMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${limitMs / 1000} s`;
  const { cause } = error;
  if (cause instanceof Error && cause.name === 'TimeoutError') return `no answer within ${limitMs / 1000} s`;
  if (!(cause instanceof Error)) return error.message;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
