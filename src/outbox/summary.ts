import { eventIn } from './envelope.ts';
import type { Sum } from './tally.ts';

/** Crashes of too many different kinds in a short time are counted together. */
export const othersGroup = '0'.repeat(32);

type Json = Readonly<Record<string, unknown>>;

/**
 * The event that tells of crashes that were counted: the sample, of the same group, so that Sentry puts it into the same
 * issue; its `repeated` says for how many crashes it stands.
 * @param sample the envelope of one of them; null where the disk has lost it
 */
export function summaryEnvelope(
  sample: Buffer | null,
  group: string,
  summaryId: string,
  sum: Sum,
): Buffer<ArrayBuffer> {
  const event = (sample && eventIn(sample)) ?? { level: 'error', platform: 'other', logger: 'booty' };
  const payload = JSON.stringify({
    ...event,
    event_id: summaryId,
    timestamp: sum.lastMs / 1000,
    ...(group === othersGroup ? othersOf(event, sum) : sample ? {} : lostOf(group)),
    logentry: { formatted: `${sentenceOf(sum)}: ${titleOf(event)}` },
    tags: { ...recordOf(event.tags), repeated: String(sum.count) },
    contexts: { ...recordOf(event.contexts), repeated: contextOf(sum) },
    extra: { ...recordOf(event.extra), repeated: sentenceOf(sum) },
    breadcrumbs: [
      ...(Array.isArray(event.breadcrumbs) ? (event.breadcrumbs as unknown[]).slice(-99) : []),
      {
        type: 'default',
        timestamp: sum.lastMs / 1000,
        category: 'repeated',
        level: 'error',
        message: `${sentenceOf(sum)}, from ${timeOf(sum.firstMs)} to ${timeOf(sum.lastMs)}`,
      },
    ],
  });
  const head = JSON.stringify({ event_id: summaryId, sent_at: timeOf(sum.lastMs) });
  return Buffer.from(`${head}\n{"type":"event","length":${Buffer.byteLength(payload)}}\n${payload}\n`);
}

/** For how many crashes an event stands. */
export function standsFor(event: Json | null): number {
  const count = Number(recordOf(event?.tags).repeated);
  return Number.isSafeInteger(count) && count > 0 ? count : 1;
}

/** Whose crash it is; null where the event does not say. */
export function jobIdIn(event: Json | null): string | null {
  const id = recordOf(event?.tags).job_id;
  return typeof id === 'string' && /^[^\s,]+$/.test(id) ? id : null;
}

/** `ValueError: bad row`, as Sentry's list has it. */
export function titleOf(event: Json): string {
  const { values } = recordOf(event.exception);
  const last = recordOf(Array.isArray(values) ? values.at(-1) : null);
  const title = [last.type, last.value].filter((part) => typeof part === 'string' && part !== '').join(': ');
  const { formatted } = recordOf(event.logentry);
  return title || textOf(event.message) || textOf(formatted) || 'unknown';
}

const sentenceOf = ({ count }: Sum): string => `and ${count.toLocaleString('en-US')} more`;

/** Flat, with what people look for first. */
const contextOf = (sum: Sum): Json => ({
  count: sum.count,
  first: timeOf(sum.firstMs),
  last: timeOf(sum.lastMs),
  some_jobs: sum.jobIds.join(', '),
});

const othersOf = (event: Json, { count }: Sum): Json => ({
  fingerprint: ['booty', 'too many different crashes'],
  exception: {
    values: [
      {
        type: 'Too many different crashes',
        value: `${count.toLocaleString('en-US')} crashes of different kinds were counted only; one of them: ${titleOf(event)}`,
        mechanism: { type: 'booty.child', handled: false },
      },
    ],
  },
});

const lostOf = (group: string): Json => ({
  fingerprint: ['booty', 'counted', group],
  exception: { values: [{ type: 'Counted crashes', value: 'what they were is not known any more' }] },
});

const timeOf = (ms: number): string => new Date(ms).toISOString();
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const recordOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? { ...value } : {});
