import { readFileSync } from 'node:fs';
import type { OutcomeRecord } from '../../src/job/outcome.ts';

/** One line that a job's own process appended (O_APPEND) to the file that all share: what really ran, and in which order. */
export interface Mark {
  readonly what: 'start' | 'beat' | 'end';
  readonly id: string;
  readonly attempt: number;
}

/** How a job of each kind may end when nothing but the supervisor dies under it. */
export type Expected = 'succeeded' | 'rejected' | 'crashed';

/** After so many attempts that were lost, Booty puts a job aside. */
const poisonousAttempts = 3;

export function readMarks(path: string): Mark[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [what, id, attempt] = line.split(' ');
      if ((what !== 'start' && what !== 'beat' && what !== 'end') || id === undefined)
        throw new Error(`not a line of a job: ${line}`);
      return { what, id, attempt: Number(attempt) };
    });
}

/** Everything that is wrong with one job, judged by what its processes wrote and by its outcome file alone. */
export function flawsOf(
  id: string,
  expected: Expected,
  marks: readonly Mark[],
  outcome: OutcomeRecord | null,
): string[] {
  if (!outcome) return [`${id}: lost, it has no outcome`];
  const flaws: string[] = [];
  const lost = outcome.attempts.filter((attempt) => attempt.cause === 'lost').length;
  const putAside = outcome.outcome === 'crashed' && outcome.cause === 'lost';
  // Where its verifier was put aside, the pipeline's own attempts are sound.
  const poisoned = putAside && outcome.verdicts.length === 0;
  if (poisoned && lost < poisonousAttempts) flaws.push(`put aside after ${lost} lost attempts`);
  if (!putAside && outcome.outcome !== expected)
    flaws.push(`${outcome.outcome} (${outcome.reason}) in place of ${expected}`);
  if (outcome.attempts.length !== outcome.attempt)
    flaws.push(`attempt ${outcome.attempt}, but ${outcome.attempts.length} attempts recorded`);
  outcome.attempts.forEach((attempt, index) => {
    if (attempt.attempt !== index + 1) flaws.push(`attempt ${index + 1} is numbered ${attempt.attempt}`);
  });

  const own = marks.filter((mark) => mark.id === id);
  let latest = 0;
  for (const mark of own) {
    if (mark.what === 'start') {
      if (mark.attempt <= latest) flaws.push(`attempt ${mark.attempt} started after attempt ${latest}`);
      latest = mark.attempt;
    } else if (mark.attempt !== latest) flaws.push(`attempt ${mark.attempt} lived on after attempt ${latest} started`);
  }
  if (latest > outcome.attempt) flaws.push(`attempt ${latest} ran, the outcome knows ${outcome.attempt}`);
  const ends = own.filter((mark) => mark.what === 'end');
  if (!poisoned && !ends.some((mark) => mark.attempt === outcome.attempt))
    flaws.push(`ended as ${outcome.outcome} in attempt ${outcome.attempt}, which did not reach its end`);
  return flaws.map((flaw) => `${id}: ${flaw}`);
}
