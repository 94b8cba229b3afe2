import { type Cause, causeOf, describeExit, type Exit, exitCodeOf, signalOf } from './exit.ts';
import type { JobKind, Step } from './job.ts';
import type { Outcome } from './outcome.ts';

/** How the steps of one attempt ended: the step that decided, and its exit. */
export interface AttemptEnd {
  readonly step: Step['name'];
  readonly exit: Exit;
  /** The one line that a verifier wrote about its verdict, or the last line of its output; null where there is none. */
  readonly verdict: string | null;
  /** The last line that it printed, of stderr where there is one. */
  readonly lastLine: string | null;
  /** What the crash reader made of the output: `ValueError: bad row`. Null where it found no uncaught exception. */
  readonly exception: string | null;
}

/** What an attempt came to. */
export type Judgement =
  | { readonly outcome: 'succeeded' }
  | ({ readonly outcome: 'rejected'; readonly reason: string } & Ending)
  | ({ readonly outcome: 'crashed'; readonly cause: Cause; readonly reason: string } & Ending)
  /** Somebody did not want it any more, and it was ended for that. */
  | ({ readonly outcome: 'cancelled'; readonly reason: string } & Ending)
  /** It may run again. The cause is null where it was ended on purpose, by a stop of the supervisor. */
  | ({ readonly outcome: 'interrupted'; readonly cause: 'lost' | null; readonly reason: string } & Ending);

interface Ending {
  readonly step: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/**
 * The judgement over an attempt. A verifier's exit 1 is a rejection, unless it died of an uncaught exception: an
 * interpreter exits with 1 then too, and a broken check must not pass for a verdict.
 * @param cancelled why it was cancelled; null: it was not
 */
export function judge(kind: JobKind, end: AttemptEnd, cancelled: string | null = null): Judgement {
  const { exit, step } = end;
  const ending = { step, exitCode: exitCodeOf(exit), signal: signalOf(exit) };
  if (exit.kind === 'cancelled' && cancelled !== null) return { outcome: 'cancelled', reason: cancelled, ...ending };
  if (exit.kind === 'cancelled')
    return { outcome: 'interrupted', cause: null, reason: 'interrupted: the supervisor was told to stop', ...ending };
  const cause = causeOf(exit);
  if (cause === null) return { outcome: 'succeeded' };
  if (kind === 'verifier' && exit.kind === 'code' && exit.code === 1 && end.exception === null) {
    return {
      outcome: 'rejected',
      reason: end.verdict ?? 'rejected without a reason: the verifier exited with 1 and printed nothing',
      ...ending,
    };
  }
  return { outcome: 'crashed', cause, reason: reasonOfCrash(end), ...ending };
}

/** A code says little by itself: an exception, or what was printed last, mostly says more. A limit says all. */
function reasonOfCrash({ exit, exception, lastLine }: AttemptEnd): string {
  if (exit.kind === 'oom') return describeExit(exit);
  const said = exit.kind === 'limit' ? (exception ?? lastLine) : exit.kind === 'code' ? lastLine : null;
  const described = said === null ? describeExit(exit) : `${describeExit(exit)}: ${said}`;
  return exit.kind === 'limit' ? described : (exception ?? described);
}

/** How one verifier of a pipeline ended. */
export interface VerifierEnd {
  readonly name: string;
  readonly outcome: Outcome;
  readonly cause: Cause | null;
  readonly reason: string | null;
}

/** What its verifiers' ends make of a pipeline whose steps have succeeded. */
export interface PipelineVerdict<End> {
  readonly outcome: Outcome;
  readonly cause: Cause | null;
  readonly reason: string | null;
  /** Those that decided it; none where all accept. */
  readonly decisive: readonly End[];
}

/**
 * A pipeline succeeds where all its verifiers accept. One that rejects has found something, whatever became of the others.
 * One that crashed said nothing about the result; the pipeline is then not known to be good, so it ends as crashed too,
 * with the verifier's cause and a reason that says whose crash it was.
 */
export function judgePipeline<End extends VerifierEnd>(verifiers: readonly End[]): PipelineVerdict<End> {
  const several = verifiers.length > 1;
  const outcome = precedence.find((one) => verifiers.some((verifier) => verifier.outcome === one)) ?? 'succeeded';
  const decisive = outcome === 'succeeded' ? [] : verifiers.filter((verifier) => verifier.outcome === outcome);
  const cause = decisive.find((verifier) => verifier.cause !== null)?.cause ?? null;
  const reason = decisive.length === 0 ? null : decisive.map((one) => reasonOf(one, several)).join('; ');
  return { outcome, cause, reason, decisive };
}

/** The first of these that a verifier came to is the pipeline's. */
const precedence: readonly Outcome[] = ['rejected', 'crashed', 'cancelled', 'skipped'];

function reasonOf({ name, outcome, reason }: VerifierEnd, several: boolean): string | null {
  const whose = several ? `its verifier ${name}` : 'its verifier';
  switch (outcome) {
    case 'rejected':
      return several ? `${name}: ${reason ?? 'rejected'}` : reason;
    case 'crashed':
      return `${whose} crashed: ${reason ?? 'no reason known'}`;
    case 'succeeded':
    case 'cancelled':
    case 'skipped':
      return `${whose} was ${outcome}`;
  }
}
