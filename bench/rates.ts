import { join } from 'node:path';
import { booty, freshName, SteadyBooty, steadyName } from './booty.ts';
import type { Contender } from './contender.ts';
import type { Context, Found } from './part.ts';
import { nq, parallel, parallelLogged, systemdRun, taskSpooler, xargs } from './peers.ts';
import { runRounds } from './rounds.ts';
import type { Row } from './row.ts';
import { ratios, type Summary, summarize } from './statistics.ts';

/** Jobs a second of one contender, beside xargs. */
export interface Rate {
  readonly name: string;
  readonly keeps: string;
  readonly jobsPerSecond: Summary;
  /** To xargs at the same time: its run before and its run after. */
  readonly ratio: Summary;
  readonly eachRound: readonly number[];
}

export interface Rates {
  readonly atOnce: number;
  readonly rates: readonly Rate[];
  readonly missing: readonly string[];
}

/** Far below what any machine should reach: only a defect gets there. */
const farOffRatio = 0.05;

/** 1000 × `/bin/true`, so many at a time, everybody in turn. */
export async function measureRates(context: Context, atOnce: number): Promise<Found> {
  const { settings, directory, signal, tell, program } = context;
  await using steady = new SteadyBooty(program.path, join(directory, 'steady'));
  const all = [booty(program.path), steady, taskSpooler, nq, parallel, parallelLogged, systemdRun];
  const contenders = all.filter(({ missing }) => missing === null);
  if (xargs.missing !== null) throw new Error('xargs is not installed: there is nothing to hold the others against');
  const plan = { jobs: settings.jobs, atOnce, rounds: settings.rounds, directory, signal, tell };
  const { measured, reference } = await runRounds(xargs, contenders, plan);
  const perSecond = (seconds: number): number => settings.jobs / seconds;
  const itself = { contender: xargs, runs: reference.map((seconds) => ({ seconds })), references: reference };
  const rates = [itself, ...measured].map(({ contender, runs, references }) =>
    rateOf(
      contender,
      runs.map(({ seconds }) => perSecond(seconds)),
      references.map(perSecond),
    ),
  );
  const missing = all.flatMap((contender) =>
    contender.missing === null ? [] : [`${contender.name}: ${contender.missing}`],
  );
  const data: Rates = { atOnce, rates, missing };
  return { rows: rowsOf(data, settings.jobs), data };
}

export const rateOf = (
  { name, keeps }: Pick<Contender, 'name' | 'keeps'>,
  perSecond: readonly number[],
  references: readonly number[],
): Rate => ({
  name,
  keeps,
  jobsPerSecond: summarize(perSecond),
  ratio: summarize(ratios(perSecond, references)),
  eachRound: perSecond,
});

export function rowsOf(measured: Rates, jobs: number): readonly Row[] {
  const { atOnce } = measured;
  const what = `${jobs} × /bin/true, ${atOnce} at a time`;
  const beside = `ratio to xargs -P${atOnce}`;
  return [
    ...rowsFor(freshName, `${what}, a supervisor that has just started: ${beside}`, measured),
    ...rowsFor(steadyName, `${what}, one that goes on: ${beside}`, measured),
  ];
}

/** @param name by which Booty goes */
function rowsFor(name: string, what: string, { rates, missing }: Rates): readonly Row[] {
  const own = rates.find((rate) => rate.name === name);
  const peers = rates.filter((rate) => ![freshName, steadyName, xargs.name].includes(rate.name));
  const best = peers.toSorted((a, b) => b.ratio.median - a.ratio.median)[0];
  const rest = peers.map((peer) => `${peer.name} ${peer.ratio.median.toFixed(2)}`);
  const row: Row = {
    what,
    value: own?.ratio.median ?? null,
    unit: '',
    target: { is: 'at least', value: 0.5, farOff: farOffRatio },
    note: own
      ? `${own.jobsPerSecond.median.toFixed(0)} jobs/s, ${own.ratio.min.toFixed(2)} to ${own.ratio.max.toFixed(2)}`
      : '',
  };
  const above: Row = {
    what: '… above the best peer',
    value: own && best ? own.ratio.median / best.ratio.median : null,
    unit: '×',
    target: { is: 'at least', value: 1 },
    note: [...rest, ...missing].join(', '),
  };
  return [row, above];
}
