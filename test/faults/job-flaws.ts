import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { expected, type ScriptedId } from './script.ts';
import { flawsOf, type Mark } from './witness.ts';

/** What is wrong with the scripted jobs, by their outcomes and by what their processes wrote. @param ends how many supervisors have ended under them */
export function jobFlaws(outcomes: ReadonlyMap<string, OutcomeRecord>, marks: readonly Mark[], ends: number): string[] {
  const flaws: string[] = [];
  const ids = new Set<string>();
  for (const name of Object.keys(expected) as ScriptedId[]) {
    const own = [...outcomes.values()].filter((outcome) => outcome.id === name || outcome.name === name);
    if (own.length !== 1) flaws.push(`${name}: ${own.length} outcomes`);
    for (const outcome of own) {
      ids.add(outcome.id);
      const lost = outcome.attempts.filter((attempt) => attempt.cause === 'lost').length;
      if (lost > ends) flaws.push(`${name}: ${lost} attempts lost under ${ends} supervisors`);
      if (name === 'once') flaws.push(...onceFlaws(outcome, marks));
      const mayBeLost = name === 'once' && outcome.outcome === 'crashed' && outcome.cause === 'lost';
      if (!mayBeLost) flaws.push(...flawsOf(outcome.id, expected[name], marks, outcome));
    }
  }
  for (const id of outcomes.keys()) if (!ids.has(id)) flaws.push(`${id}: an outcome that nobody asked for`);
  for (const id of new Set(marks.map((mark) => mark.id)))
    if (!ids.has(id)) flaws.push(`${id}: ran, and has no outcome`);
  return [...flaws, ...detailFlaws(outcomes)];
}

/** A job that may not run again, whatever happens. */
const onceFlaws = (outcome: OutcomeRecord, marks: readonly Mark[]): string[] =>
  outcome.attempt === 1 && marks.filter((mark) => mark.id === 'once' && mark.what === 'start').length <= 1
    ? []
    : ['once: ran more than once'];

function detailFlaws(outcomes: ReadonlyMap<string, OutcomeRecord>): string[] {
  const flaws: string[] = [];
  const demand = (id: string, what: string, found: unknown, wanted: unknown): void => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) flaws.push(`${id}: ${what} is ${JSON.stringify(found)}`);
  };
  const of = (id: string): OutcomeRecord | undefined => outcomes.get(id);
  demand('good', 'outputs', of('good')?.outputs, { rows: '3' });
  demand(
    'good',
    'verdict',
    of('good')?.verdicts.map((verdict) => verdict.outcome),
    ['succeeded'],
  );
  demand('boom', 'end', [of('boom')?.cause, of('boom')?.exitCode], ['exit-code', 3]);
  demand('refused', 'reason', of('refused')?.reason, 'too few rows');
  demand(
    'doubt',
    'verdict',
    of('doubt')?.verdicts.map((verdict) => verdict.outcome),
    ['crashed'],
  );
  return flaws;
}
