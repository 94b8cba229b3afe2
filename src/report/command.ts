import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import { describeExit } from '../job/exit.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import { plainLine } from '../job/plain-line.ts';
import type { CommandTarget } from '../job/report.ts';
import { milliseconds } from '../job/units.ts';
import { runProgram } from '../run/program-end.ts';
import { killSurvivors } from '../run/survivors.ts';
import { type Deliverer, type Delivery, delayed, type Try } from './delivery.ts';
import { outcomePath } from './outcome-file.ts';

export interface CommandPlace {
  /** What every child gets of the machine. */
  readonly machine: Readonly<Record<string, string>>;
  readonly outcomes: string;
  /** For the inputs of those that run. */
  readonly directory: string;
}

const killGraceMs = milliseconds(5000);
const outputBytes = 4096;
/** In characters, of one line of the journal. */
const maxNoteLength = 1000;

/** Runs programs of this machine with the outcome as their input. */
export class Commands implements Deliverer<CommandTarget> {
  readonly #place: CommandPlace;

  constructor(place: CommandPlace) {
    this.#place = place;
  }

  async deliver(record: OutcomeRecord, { argv, timeoutMs }: CommandTarget, attempt: Try): Promise<Delivery> {
    const { directory, machine } = this.#place;
    const input = join(directory, `${attempt.id}.json`);
    const mark = join(directory, attempt.id);
    // An earlier supervisor may have died while it ran: it shall not run twice at once.
    if (attempt.number > 1 && (await killSurvivors({ groups: [], mark })) === null)
      return delayed('what it left behind when it was last run cannot be killed');
    try {
      mkdirSync(directory, { mode: 0o700, recursive: true });
      writeFileSync(input, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
      const env = { ...machine, ...this.#variables(record, attempt) };
      const limits = { timeoutMs, killGraceMs, outputBytes, signal: attempt.signal };
      const { exit, output, gone } = await runProgram({ argv, cwd: '/', env, stdin: input }, mark, limits);
      const last = plainLine(output).slice(-maxNoteLength);
      if (!gone) return delayed('what it left behind cannot be killed');
      if (exit.kind === 'code' && exit.code === 0) return { kind: 'made', note: last === '' ? null : last };
      const why = `it ${describeExit(exit)}${last === '' ? '' : `: ${last}`}`;
      return delayed(why, exit.kind === 'spawn' || exit.kind === 'timeout' ? 'route' : 'report');
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      return delayed(`its input cannot be written: ${code}`);
    } finally {
      removeInput(input);
    }
  }

  #variables(record: OutcomeRecord, attempt: Try): Readonly<Record<string, string>> {
    return {
      BOOTY_REPORT_ID: attempt.id,
      BOOTY_REPORT_TRY: String(attempt.number),
      BOOTY_OUTCOME: record.outcome,
      BOOTY_OUTCOME_FILE: outcomePath(this.#place.outcomes, record.id),
      BOOTY_JOB_ID: record.id,
      BOOTY_JOB_NAME: record.name,
      BOOTY_JOB_KIND: record.kind,
    };
  }
}

/** A disk that refuses that costs nothing but a small file, which the next try takes the place of. */
function removeInput(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}
