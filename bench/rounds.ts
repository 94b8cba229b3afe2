import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Contender, limitFor, makeLines, type Run } from './contender.ts';
import { runOwn } from './own.ts';

export interface Measured {
  readonly contender: Contender;
  /** One for each round, in order. */
  readonly runs: readonly Run[];
  /** What the reference took at that time: the mean of its run just before and its run just after, in seconds. */
  readonly references: readonly number[];
}

export interface Rounds {
  readonly measured: readonly Measured[];
  /** Every run of the reference, in seconds. */
  readonly reference: readonly number[];
}

export interface Plan {
  readonly jobs: number;
  readonly atOnce: number;
  readonly rounds: number;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/**
 * Runs all contenders in turn, each between two runs of the reference, round after round: what else the machine does
 * then slows both. Every other round goes the other way about, so that none always follows the same one. What they leave
 * on the disk stays until the end: an ext4 without a journal makes new files slowly for minutes after many were removed.
 */
export async function runRounds(reference: Contender, contenders: readonly Contender[], plan: Plan): Promise<Rounds> {
  const lines = makeLines(plan.directory, plan.jobs);
  const measured = contenders.map((contender) => ({ contender, runs: [] as Run[], references: [] as number[] }));
  const all: number[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    let before = await runOnce(reference, lines, plan);
    all.push(before.seconds);
    for (const entry of round % 2 === 0 ? measured : measured.toReversed()) {
      const run = await runOnce(entry.contender, lines, plan);
      const after = await runOnce(reference, lines, plan);
      all.push(after.seconds);
      entry.runs.push(run);
      entry.references.push((before.seconds + after.seconds) / 2);
      const beside = `${reference.name} ${before.seconds.toFixed(2)} s before, ${after.seconds.toFixed(2)} s after`;
      plan.tell(
        `round ${round + 1} of ${plan.rounds}: ${entry.contender.name}: ${run.seconds.toFixed(2)} s; ${beside}`,
      );
      before = after;
    }
  }
  return { measured, reference: all };
}

async function runOnce(contender: Contender, lines: string, { jobs, atOnce, directory, signal }: Plan): Promise<Run> {
  const place = mkdtempSync(join(directory, 'run-'));
  try {
    // What the one before has not written to the disk is not to be paid for by this one.
    await runOwn(['sync', '-f', place], { cwd: place, limitMs: 120_000, signal });
    return await contender.run({ jobs, atOnce, directory: place, lines, limitMs: limitFor(jobs), signal });
  } catch (error) {
    throw new Error(`${contender.name} did not run its ${jobs} jobs`, { cause: error });
  }
}
