import type { JobSpec } from '../job/job.ts';
import { type Instant, instant, type Milliseconds } from '../job/units.ts';

/** What jobs share that wait for each other: `group:NAME`, or `name:NAME` where only their rate is bounded. */
export type LaneName = `group:${string}` | `name:${string}`;

export const laneOf = ({
  concurrency,
  rate,
  name,
}: Pick<JobSpec, 'concurrency' | 'rate' | 'name'>): LaneName | null => {
  if (concurrency) return `group:${concurrency.group}`;
  return rate ? `name:${name}` : null;
};

/**
 * The place of a job among those that wait: the least goes first, and of equal ones that which came first. With aging a
 * job gains one priority in each such time that it waits. The difference between two jobs then never changes, so that
 * each needs its place once: what was accepted `aging × (difference of priority)` earlier goes first.
 */
export const rankOf = (priority: number, acceptedAt: Instant, agingMs: Milliseconds | null): number =>
  agingMs === null ? 0 - priority : acceptedAt - priority * agingMs;

/** What is known of a lane when it is decided who of it may run. */
export interface LaneView {
  readonly paused: boolean;
  /** At most so many at a time; null: any number. */
  readonly maxActive: number | null;
  /** Those that run or are being verified. */
  readonly active: number;
  /** At most so many starts in so long; null: any number. */
  readonly rate: { readonly starts: number; readonly perMs: number } | null;
  /** How many started within that time, and when the first of them did. */
  readonly recent: { readonly starts: number; readonly first: Instant | null };
}

export interface Room {
  /** So many of those that wait may run. */
  readonly places: number;
  /** When time alone makes more places; null: never. */
  readonly reopensAt: Instant | null;
}

export function roomIn({ paused, maxActive, active, rate, recent }: LaneView): Room {
  const reopensAt = rate && recent.first !== null ? instant(recent.first + rate.perMs) : null;
  if (paused) return { places: 0, reopensAt };
  const byLimit = maxActive === null ? Number.POSITIVE_INFINITY : maxActive - active;
  const byRate = rate === null ? Number.POSITIVE_INFINITY : rate.starts - recent.starts;
  return { places: Math.max(0, Math.min(byLimit, byRate)), reopensAt };
}
