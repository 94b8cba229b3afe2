import { canSpawnIntoCgroup } from '../src/native/spawn.ts';
import { whyNoCgroups } from '../test/run/cgroups.ts';
import { Delegated } from '../test/supervise/delegated.ts';
import { booty } from './booty.ts';
import type { Contender } from './contender.ts';
import { findProgram } from './own.ts';
import type { Context, Found } from './part.ts';
import { runRounds } from './rounds.ts';
import { median, summarize } from './statistics.ts';

/*
 * What it adds to a job that its attempt has a cgroup of its own: the same supervisor with a delegated part of the
 * hierarchy and without, in turn. Where glibc cannot start a program within a cgroup, a shell that waits is in it.
 */

const atOnce = 2;
const what = 'a cgroup for each job: time that it adds to one, 2 at a time';

export async function measureCgroup({ program, settings, directory, signal, tell }: Context): Promise<Found> {
  const why = whyNoCgroups() ?? (findProgram('python3') === null ? 'needs python3, to set an attribute' : null);
  if (why !== null) return { rows: [{ what, value: null, unit: 'ms', target: null, note: why }], data: { why } };
  const { jobs } = settings;
  const rounds = settings.smoke ? 1 : Math.max(5, settings.rounds);
  const plan = { jobs, atOnce, rounds, directory, signal, tell };
  const { measured } = await runRounds(booty(program.path), [inCgroups(program.path)], plan);
  const [own] = measured;
  if (!own) throw new Error('nothing was measured');
  const added = own.runs.map(({ seconds }, round) => ((seconds - (own.references[round] ?? 0)) * 1000) / jobs);
  const summary = summarize(added);
  const perSecond = (seconds: readonly number[]): string => (jobs / median(seconds)).toFixed(0);
  const seconds = own.runs.map((run) => run.seconds);
  const way = canSpawnIntoCgroup() ? 'started within it' : 'through a shell that waits';
  const note = `${summary.min.toFixed(2)} to ${summary.max.toFixed(2)} ms in ${rounds} rounds of ${jobs} × /bin/true; ${perSecond(seconds)} jobs/s with, ${perSecond(own.references)} without; ${way}`;
  return {
    rows: [{ what, value: summary.median, unit: 'ms', target: null, note }],
    data: { added, with: seconds, without: own.references, way },
  };
}

/** The same in a part of the hierarchy that is given to it, as its unit gives it one. */
const inCgroups = (program: string): Contender => ({
  ...booty(program),
  name: 'Booty, a cgroup for each job',
  run: async (task) => {
    using delegated = new Delegated();
    return await booty(program, { argv: delegated.wrapper, says: 'cgroups.used' }).run(task);
  },
});
