declare const unit: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [unit]: Name };

/** A length of time in milliseconds. */
export type Milliseconds = Branded<number, 'Milliseconds'>;
/** A point in time: milliseconds since 1970-01-01T00:00:00Z, from the wall clock. For the record only; waits use the monotonic clock. */
export type Instant = Branded<number, 'Instant'>;
/** A number of bytes. */
export type ByteCount = Branded<number, 'ByteCount'>;

export const milliseconds = (value: number): Milliseconds => value as Milliseconds;
export const instant = (value: number): Instant => value as Instant;
export const bytes = (value: number): ByteCount => value as ByteCount;

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const unitBytes: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** What durations, sizes and times look like, also for the schema of editors; some that do are none. */
export const durationPattern = /^(?:\d{1,12}(?:ms|s|m|h|d|w))+$/;
export const sizePattern = /^(\d{1,15}(?:\.\d{1,3})?)([KMGT]?)(?:i?B)?$/;
export const instantPattern = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** The longest duration that is taken: a year. */
export const maxDurationMs = 366 * 86_400_000;

/**
 * Reads a duration such as `250ms`, `90s`, `1h30m`: whole numbers, each with its unit (ms, s, m, h, d, w), largest first or not.
 * Null where the text is anything else, or longer than {@link maxDurationMs}.
 */
export function parseDuration(text: string): Milliseconds | null {
  if (!durationPattern.test(text)) return null;
  let total = 0;
  for (const [, count, name] of text.matchAll(/(\d+)(ms|s|m|h|d|w)/g))
    total += Number(count) * (unitMs[name ?? ''] ?? Number.NaN);
  return Number.isFinite(total) && total <= maxDurationMs ? milliseconds(total) : null;
}

/** Reads a time such as `2026-11-24T02:00:00Z` or `…+01:00` (RFC 3339). Null where it is anything else, or has no zone. */
export function parseInstant(text: string): Instant | null {
  if (!instantPattern.test(text)) return null;
  const at = Date.parse(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(at) ? null : instant(at);
}

/** Reads a size such as `512`, `64K`, `1.5G` (powers of 1024); an optional `B` or `iB` may follow. Null where it is anything else. */
export function parseBytes(text: string): ByteCount | null {
  const match = sizePattern.exec(text);
  if (!match) return null;
  const size = Math.floor(Number(match[1]) * (unitBytes[match[2] ?? ''] ?? Number.NaN));
  return Number.isSafeInteger(size) ? bytes(size) : null;
}

/** The duration as people write it: `1h 30m`, `1.2s`, `35ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0).replace(/\.0$/, '')}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return joined(minutes, 'm', Math.floor((ms % 60_000) / 1000), 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return joined(hours, 'h', minutes % 60, 'm');
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const joined = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;

/** The size as people write it, in powers of 1024: `64M`, `1.5G`, `812B`. */
export function formatBytes(count: number): string {
  const names = ['B', 'K', 'M', 'G', 'T'];
  let value = count;
  let index = 0;
  while (value >= 1024 && index < names.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)}${names[index]}`;
}

/** The last second that was asked for, up to its point. */
let lastSecond = { second: Number.NaN, text: '' };

/** RFC 3339 in UTC, to the millisecond. Most are of the same second as the one before. */
export function timestamp(at: Instant): string {
  const second = Math.floor(at / 1000);
  if (second !== lastSecond.second) lastSecond = { second, text: new Date(second * 1000).toISOString().slice(0, -4) };
  return `${lastSecond.text}${String(Math.floor(at - second * 1000)).padStart(3, '0')}Z`;
}

/** Long before the first release: what bears such a time was dated by a machine whose clock did not run yet, and may be new. */
export const firstPlausible = Date.UTC(2020, 0, 1);
