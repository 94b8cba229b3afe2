import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { endAll } from '../harness/program.ts';
import { jobProcesses, killProcess } from './processes.ts';
import { Torture } from './torture.ts';

/*
 * The long form. BOOTY_KILLS is how many kills, BOOTY_SEED repeats a run, BOOTY_PROGRAM chooses the program of another
 * tree, BOOTY_PATIENCE=8 has everything waited for eight times as long, on a machine that has other things to do. Exits
 * with 1 where a flaw was found, and then leaves the directory for looking.
 */
const kills = Number(process.env.BOOTY_KILLS || 1000);
const seed = Number(process.env.BOOTY_SEED || Date.now() % 1_000_000);
const sayEveryMs = 10_000;

const memory = '/dev/shm';
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  if (!process.env.TMPDIR && memoryRuns()) process.env.TMPDIR = memory;
  let saidMs = performance.now();
  const onRound = ({ inspection: { tally }, waiting }: Torture): void => {
    if (performance.now() - saidMs < sayEveryMs) return;
    saidMs = performance.now();
    const memoryMiB = Math.round(process.memoryUsage.rss() / 1024 ** 2);
    say(`${Math.round(tally.seconds)} s: ${tally.kills} kills, ${waiting} jobs wait, ${memoryMiB} MiB here`);
  };
  await using torture = await Torture.prepare({ seed, kills, onRound });
  const { root, inspection } = torture;
  say(`BOOTY_SEED=${seed} BOOTY_KILLS=${kills}, in ${root.path}`);
  endOnSignals(root.path);
  await torture.run();
  for (const line of inspection.tally.lines()) say(line);
  for (const { kind, subject, text } of inspection.flaws) say(`FLAW ${kind}: ${subject}: ${text}`);
  if (inspection.flaws.length === 0) {
    await root[Symbol.asyncDispose]();
    say('no flaw');
    return 0;
  }
  say(`${inspection.flaws.length} flaws, found by kill ${inspection.tally.kills}; everything is still in ${root.path}`);
  return 1;
}

/** Whether there is a file system in memory in which scripts can be run: a disk that stalls for minutes would fail us for nothing. */
function memoryRuns(): boolean {
  try {
    const directory = mkdtempSync(`${memory}/booty-torture-`);
    const probe = `${directory}/probe`;
    try {
      writeFileSync(probe, '#!/bin/sh\n', { mode: 0o700 });
      execFileSync(probe);
      return true;
    } finally {
      rmSync(directory, { recursive: true });
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Supervisors end with us; their jobs would go on for some seconds. */
function endOnSignals(root: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      void endAll().then(() => {
        for (const { pid } of jobProcesses(root)) killProcess(pid);
        say(`ended by ${signal}; everything is still in ${root}`);
        process.exit(130);
      });
    });
}

try {
  process.exitCode = await main();
} finally {
  await endAll();
}
