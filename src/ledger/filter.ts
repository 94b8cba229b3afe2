import type { JobKind } from '../job/job.ts';
import type { Outcome } from '../job/outcome.ts';
import type { JobState } from './rows.ts';

export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly outcome?: Outcome | undefined;
  readonly kind?: JobKind | undefined;
  readonly name?: string | undefined;
  readonly limit: number;
}

/** A statement with its values. */
export interface Query {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

type Condition = readonly [text: string, ...values: string[]];
/** Its index has them in another order; they are few. Without the sign SQLite would rather go through all jobs, in theirs. */
const postponed = `state = 'waiting' AND due_at IS NOT NULL`;

const outcomes: readonly Outcome[] = ['succeeded', 'rejected', 'crashed', 'cancelled', 'skipped'];
const kinds: readonly JobKind[] = ['pipeline', 'verifier'];

/** The same of a ledger whose jobs have not all the columns yet: one of the first releases, before its next supervisor. */
export function selectNewestSlowly({ limit, ...filter }: JobFilter): Query {
  const equal = Object.entries(filter).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  const where = equal.length === 0 ? '' : `WHERE ${equal.map(([key]) => `${key} = ?`).join(' AND ')} `;
  return {
    text: `SELECT seq FROM job ${where}ORDER BY seq DESC LIMIT ?`,
    values: [...equal.map(([, value]) => value), limit],
  };
}

/**
 * Selects the newest jobs of a filter by their `seq`. Each part of it is answered by one index, which has its jobs in that
 * order: none looks at more rows than it answers, however many have ended or wait, and whatever is rare among them. (But
 * for jobs that wait for a time, or of one name and one open state: those are looked through.)
 */
export function selectNewest({ state, outcome, kind, name, limit }: JobFilter): Query {
  if (state === undefined && outcome === undefined && kind === undefined && name === undefined)
    return { text: 'SELECT seq FROM job ORDER BY seq DESC LIMIT ?', values: [limit] };
  // Nothing is open and has an outcome.
  if (outcome !== undefined && state !== undefined && state !== 'ended')
    return { text: 'SELECT seq FROM job LIMIT 0', values: [] };
  const ended = state === undefined || state === 'ended' ? endedParts(outcome, kind, name) : [];
  const open = outcome === undefined && state !== 'ended' ? openParts(state, kind, name) : [];
  const parts = [...ended, ...open];
  const select = (text: string): string =>
    `SELECT seq FROM (SELECT seq FROM job WHERE ${text} ORDER BY ${text.startsWith(postponed) ? '+' : ''}seq DESC LIMIT ?)`;
  return {
    text: `${parts.map(([text]) => select(text)).join(' UNION ALL ')} ORDER BY seq DESC LIMIT ?`,
    values: [...parts.flatMap(([, ...values]) => [...values, limit]), limit],
  };
}

function endedParts(
  outcome: Outcome | undefined,
  kind: JobKind | undefined,
  name: string | undefined,
): readonly Condition[] {
  return (outcome === undefined ? outcomes : [outcome]).flatMap((one) =>
    (kind === undefined ? kinds : [kind]).map((each): Condition => {
      const text = `state = 'ended' AND outcome = ? AND kind = ?`;
      return name === undefined ? [text, one, each] : [`${text} AND name = ?`, one, each, name];
    }),
  );
}

function openParts(
  state: JobState | undefined,
  kind: JobKind | undefined,
  name: string | undefined,
): readonly Condition[] {
  if (name !== undefined) return [and([`state <> 'ended' AND name = ?`, name], { state, kind })];
  const states = state === undefined ? (['waiting', 'running', 'verifying'] as const) : [state];
  return states.flatMap((one): readonly Condition[] => {
    // The condition of an index must stand there in so many words.
    if (one !== 'waiting') return [and([`state = '${one}' AND state IN ('running', 'verifying')`], { kind })];
    const whichever = kind === undefined ? kinds : [kind];
    return [
      ...whichever.map((each): Condition => [`state = 'waiting' AND due_at IS NULL AND kind = ?`, each]),
      and([postponed], { kind }),
    ];
  });
}

function and([text, ...values]: Condition, equal: Readonly<Record<string, string | undefined>>): Condition {
  const more = Object.entries(equal).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return [[text, ...more.map(([key]) => `${key} = ?`)].join(' AND '), ...values, ...more.map(([, value]) => value)];
}
