import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { booty, findBooty } from './booty.ts';
import { describeFileSystem } from './file-system.ts';
import { measureIdle, measureStarts, shellMs } from './idle.ts';
import { nq, parallel, parallelLogged, taskSpooler, xargs } from './peers.ts';
import { describeMachine, describeReport, farOff, type Report, rateOf } from './report.ts';
import { runRounds } from './rounds.ts';
import { readSettings, type Settings } from './settings.ts';
import { median, percentile, summarize } from './statistics.ts';

/** Far below what any machine should reach: only a defect gets there. */
const leastRatioOfSmoke = 0.05;

const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function measure(settings: Settings, directory: string, signal: AbortSignal): Promise<Report> {
  const program = await findBooty(settings.program, directory);
  if (program.stale) tell('note: build/ is older than src/: make build');
  const all = [booty(program.path), taskSpooler, nq, parallel, parallelLogged];
  const contenders = all.filter(({ missing }) => missing === null);
  if (xargs.missing !== null) throw new Error('xargs is not installed: there is nothing to hold the others against');
  tell(`measuring Booty (${program.mode}); ${contenders.length - 1} of ${all.length - 1} peers are installed`);

  const plan = { jobs: settings.jobs, rounds: settings.rounds, directory, signal, tell };
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

  tell(`${settings.starts} starts`);
  const readyMs = await measureStarts(program.path, join(directory, 'starts'), settings.starts, signal);
  tell(`${settings.drops} single drops`);
  const idle = await measureIdle(program.path, join(directory, 'idle'), settings.drops, signal);
  const residentKb = measured.flatMap(({ runs }) => runs.flatMap((run) => run.residentKb ?? []));
  return {
    at: new Date().toISOString(),
    machine: describeMachine(describeFileSystem(directory)),
    mode: program.mode,
    settings,
    rates,
    missing: all.flatMap(({ name, missing }) => (missing === null ? [] : [`${name}: ${missing}`])),
    readyMs: summarize(readyMs),
    residentKb: { idle: idle.residentKb, afterRun: summarize(residentKb) },
    dropToStartMs: {
      p50: percentile(idle.startsMs, 50),
      p99: percentile(idle.startsMs, 99),
      drops: settings.drops,
      shellAlone: median(await shellMs(directory, signal)),
    },
  };
}

async function main(): Promise<number> {
  const settings = readSettings(process.env);
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
  const directory = mkdtempSync(join(settings.directory, 'booty-bench-'));
  try {
    const report = await measure(settings, directory, interruption.signal);
    const out = join(import.meta.dirname, '..', 'build');
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
    process.stdout.write(`\n${describeReport(report)}\n`);
    const flaws = settings.smoke ? farOff(report.rates, leastRatioOfSmoke) : [];
    for (const flaw of flaws) tell(`bench: ${flaw}`);
    return flaws.length === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${explain(error.cause)}`;
}

process.exitCode = await main().catch((error: unknown) => {
  tell(`bench: ${explain(error)}`);
  return 1;
});
