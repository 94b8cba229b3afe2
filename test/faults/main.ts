import { randomOf } from '../harness/random.ts';
import { kindOf, tracePoints } from './crash-points.ts';
import { everyDeath } from './plans.ts';
import { decision } from './shim.ts';
import { survey } from './survey.ts';

/*
 * A supervisor dies at every change that it makes, before it, in the middle of it and after it. BOOTY_SEED repeats a
 * run, BOOTY_DEATHS bounds it, BOOTY_PARALLEL says how many at a time, BOOTY_PATIENCE=8 has everything waited for eight
 * times as long, on a machine that has other things to do.
 */
const seed = Number(process.env.BOOTY_SEED ?? 20_261_124);
const most = Number(process.env.BOOTY_DEATHS ?? Number.POSITIVE_INFINITY);
const atOnce = Number(process.env.BOOTY_PARALLEL ?? 2);
const print = (text: string): unknown => process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  if (decision.kind !== 'run') {
    print(decision.reason);
    return decision.kind === 'fail' ? 1 : 0;
  }
  const points = await tracePoints();
  const plans = everyDeath(points, randomOf(seed)).slice(0, most);
  print(`${points.length} points, ${plans.length} runs, seed ${seed}`);
  const flaws: string[] = [];
  const found = await survey(plans, atOnce, (done, verdict) => {
    for (const flaw of verdict.flaws) print(`FLAW ${verdict.deaths.join(', then ')}: ${flaw}`);
    if (done % 50 === 0) print(`${done} of ${plans.length}`);
  });
  flaws.push(...found.flaws);
  const kinds = Map.groupBy(points, kindOf);
  for (const [kind, alike] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)))
    print(
      `${String(alike.length).padStart(5)} points, ${String(found.deaths.get(kind) ?? 0).padStart(5)} deaths  ${kind}`,
    );
  print(`${found.runs} runs, ${found.missed} times the point was not reached, ${flaws.length} flaws`);
  for (const flaw of flaws) print(flaw);
  return flaws.length > 0 ? 1 : 0;
}

// Leaving by `exit` takes the supervisors along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exit(await main());
