import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fill } from './filler.ts';
import type { Context, Found } from './part.ts';
import type { Row } from './row.ts';
import { Supervisor } from './supervisor.ts';

const lookEveryMs = 500;
const perJobLimitMs = 50;
/** Its heap has the size by then that this load needs. */
const warmUpShare = 0.1;

/** One supervisor runs so many jobs, and its memory stays what it was after the first tenth of them. */
export async function measureGrowth({ program, settings, directory, signal, tell }: Context): Promise<Found> {
  const { run } = settings;
  const root = join(directory, 'growth');
  mkdirSync(join(root, 'lib'), { recursive: true });
  await fill('waiting', join(root, 'lib', 'ledger.db'), run, signal);
  await using supervisor = await Supervisor.start(program.path, root, signal, 'concurrency: { pipeline: 8 }\n');
  const count = supervisor.counting('job.ended');
  tell(`${run} jobs in one go`);
  const limit = performance.now() + 60_000 + run * perJobLimitMs;
  const samples: { readonly ended: number; readonly residentKb: number }[] = [];
  for (let ended = 0; ended < run; ) {
    if (performance.now() > limit) throw new Error(`only ${ended} of ${run} jobs have ended`);
    await sleep(lookEveryMs, undefined, { signal });
    ended = count.now();
    samples.push({ ended, residentKb: supervisor.residentKb() });
  }
  const warm = samples.filter(({ ended }) => ended >= run * warmUpShare && ended <= 2 * run * warmUpShare);
  const last = samples.filter(({ ended }) => ended >= run * (1 - warmUpShare));
  const mean = (of: typeof samples): number => of.reduce((sum, { residentKb }) => sum + residentKb, 0) / of.length;
  const [before, after] = [mean(warm.length > 0 ? warm : samples), mean(last)];
  const row: Row = {
    what: `resident after ${run} jobs: more than after ${run * warmUpShare}`,
    value: 100 * (after / before - 1),
    unit: '%',
    target: { is: 'at most', value: 5 },
    note: `${(before / 1024).toFixed(0)} MB, then ${(after / 1024).toFixed(0)} MB`,
  };
  return { rows: [row], data: { samples } };
}
