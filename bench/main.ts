import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measureBacklog } from './backlog.ts';
import { findBooty } from './booty.ts';
import { measureCgroup } from './cgroup.ts';
import { describeFileSystem } from './file-system.ts';
import { measureGrowth } from './growth.ts';
import { measureHistory } from './history.ts';
import { measureIntake } from './intake.ts';
import { measureJournal } from './journal.ts';
import { measureOutput } from './output.ts';
import type { Part } from './part.ts';
import { keep } from './publish.ts';
import { measureQuiet } from './quiet.ts';
import { measureRates } from './rates.ts';
import { describeMachine, describeReport, type Report, rowsOf } from './report.ts';
import { farOff } from './row.ts';
import { readSettings, type Settings } from './settings.ts';

/** In the order of the table. */
const parts: readonly Part[] = [
  { name: 'two', run: (context) => measureRates(context, 2) },
  { name: 'eight', run: (context) => measureRates(context, 8) },
  { name: 'quiet', run: measureQuiet },
  { name: 'output', run: measureOutput },
  { name: 'journal', run: measureJournal },
  { name: 'cgroup', run: measureCgroup },
  { name: 'intake', run: measureIntake },
  { name: 'backlog', run: measureBacklog },
  { name: 'history', run: measureHistory },
  { name: 'growth', run: measureGrowth },
];

const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function measure(settings: Settings, directory: string, signal: AbortSignal): Promise<Report> {
  const unknown = settings.parts?.find((name) => parts.every((part) => part.name !== name));
  if (unknown !== undefined)
    throw new Error(`BENCH_PARTS: there is no part ${unknown}: ${parts.map(({ name }) => name).join(', ')}`);
  const program = await findBooty(settings.program, directory);
  if (program.stale) tell('note: build/ is older than src/: make build');
  const measured: Record<string, Report['parts'][string]> = {};
  for (const part of parts) {
    if (settings.parts?.includes(part.name) === false) continue;
    tell(`── ${part.name}`);
    const place = join(directory, part.name);
    mkdirSync(place);
    const found = await part.run({ program, settings, directory: place, signal, tell });
    measured[part.name] = { at: new Date().toISOString(), ...found };
  }
  return {
    at: new Date().toISOString(),
    machine: describeMachine(describeFileSystem(directory)),
    mode: program.mode,
    settings,
    parts: measured,
  };
}

async function main(): Promise<number> {
  const settings = readSettings(process.env);
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
  const directory = mkdtempSync(join(settings.directory, 'booty-bench-'));
  try {
    const report = keep(
      await measure(settings, directory, interruption.signal),
      parts.map(({ name }) => name),
    );
    process.stdout.write(`\n${describeReport(report)}\n`);
    const flaws = settings.smoke ? farOff(rowsOf(report)) : [];
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
