import { type Exit, exitCodeOf, signalOf } from './exit.ts';

/** What may read the line of a `run`. */
export const shells = ['sh', 'bash', 'dash', 'ksh', 'zsh'] as const;
export type Shell = (typeof shells)[number];

/** When a step runs: as long as nothing has failed, once something has, or in any case. */
export type When = 'success' | 'failure' | 'always';

/**
 * What became of a step in one attempt. `continued`: it failed, and the attempt went on (`continueOnError`). `interrupted`:
 * a stop or a cancellation came. `kept`: an earlier attempt has done it (`resumeFrom: failed-step`).
 */
export type StepOutcome = 'succeeded' | 'failed' | 'continued' | 'skipped' | 'interrupted' | 'kept';

export interface StepRecord {
  readonly step: string;
  readonly outcome: StepOutcome;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Null where it did not run. */
  readonly durationMs: number | null;
}

interface FlowStep {
  readonly name: string;
  readonly when: When;
  readonly continueOnError: boolean;
}

interface EndedStep {
  /** Its place among the steps of the job, from 0. */
  readonly index: number;
  readonly exit: Exit;
  readonly durationMs: number;
}

/** @param failed whether a step before it has decided that the attempt fails */
export const runsAfter = (when: When, failed: boolean): boolean => when === 'always' || (when === 'failure') === failed;

export const hasFailed = (exit: Exit): boolean => exit.kind !== 'code' || exit.code !== 0;

/**
 * Whether the end of a step is the attempt's: its failure, where it is not to go on without it. The time limit of the job
 * and a cancellation are no failure of the step, so that they end the attempt in any case.
 */
export const decides = (exit: Exit, continueOnError: boolean): boolean =>
  hasFailed(exit) && (!continueOnError || exit.kind === 'cancelled' || (exit.kind === 'timeout' && exit.of === 'job'));

/**
 * What became of each step of a job in an attempt.
 * @param before of those that an earlier attempt has gone through, from the first
 * @param ran those that were started, or should have been
 */
export function stepRecords(
  steps: readonly FlowStep[],
  before: readonly StepRecord[],
  ran: readonly EndedStep[],
): StepRecord[] {
  const byIndex = new Map(ran.map((run) => [run.index, run]));
  return steps.map((step, index) => {
    const run = byIndex.get(index);
    if (!run) {
      const isKept = index < before.length && before[index]?.outcome !== 'skipped';
      return {
        step: step.name,
        outcome: isKept ? 'kept' : 'skipped',
        exitCode: null,
        signal: null,
        durationMs: null,
      };
    }
    const { exit, durationMs } = run;
    return {
      step: step.name,
      outcome: outcomeOf(exit, step.continueOnError),
      exitCode: exitCodeOf(exit),
      signal: signalOf(exit),
      durationMs,
    };
  });
}

function outcomeOf(exit: Exit, continueOnError: boolean): StepOutcome {
  if (!hasFailed(exit)) return 'succeeded';
  if (exit.kind === 'cancelled') return 'interrupted';
  return decides(exit, continueOnError) ? 'failed' : 'continued';
}

/** Where an attempt begins that goes on from the one before: the steps that it need not do again, one record for each. */
export interface ResumePoint {
  readonly before: readonly StepRecord[];
}

/**
 * Where the next attempt may go on; null where it begins anew: with the first step, and with nothing of the attempt
 * before. That it must where nobody knows how far that one came.
 */
export function resumePoint(
  spec: { readonly resumeFrom: 'first-step' | 'failed-step'; readonly steps: readonly unknown[] },
  last: readonly StepRecord[] | undefined,
): ResumePoint | null {
  if (spec.resumeFrom === 'first-step' || last?.length !== spec.steps.length) return null;
  const index = last.findIndex(({ outcome }) => outcome === 'failed' || outcome === 'interrupted');
  return index < 0 ? null : { before: last.slice(0, index) };
}
