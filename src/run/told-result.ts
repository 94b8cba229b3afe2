import type { AttemptResult, Decision } from './attempt.ts';
import { Printed, type StreamName } from './output.ts';
import type { Shortage } from './shortage.ts';

/*
 * What an attempt came to, as text that one process tells another, perhaps of a newer build. All of it is plain values but for
 * what was printed, whose tails are bytes, and the step that decided, which is one of those that ran.
 */

interface ToldDecision extends Omit<Decision, 'run' | 'printed'> {
  /** Its place among the steps that ran. */
  readonly ran: number;
  /** In base64. */
  readonly tails: Readonly<Record<StreamName, string>>;
  readonly earlier: Printed['earlier'];
}

export type ToldResult = Shortage | (Omit<AttemptResult, 'decision'> & { readonly decision: ToldDecision | null });

export function tellResult(result: AttemptResult | Shortage): ToldResult {
  if (result.kind === 'short') return result;
  const { bytes, failure } = result.output;
  return { ...result, output: { bytes, failure }, decision: result.decision && tellDecision(result.decision, result) };
}

function tellDecision({ run, printed, ...rest }: Decision, { steps }: AttemptResult): ToldDecision {
  const { stdout, stderr } = printed.tails;
  return {
    ...rest,
    ran: steps.indexOf(run),
    tails: { stdout: stdout.toString('base64'), stderr: stderr.toString('base64') },
    earlier: printed.earlier,
  };
}

/** @param redactor of whoever was told */
export function resultOf(
  told: ToldResult,
  redactor: ConstructorParameters<typeof Printed>[2],
): AttemptResult | Shortage {
  if (told.kind === 'short') return told;
  if (told.decision === null) return { ...told, decision: null };
  const { ran, tails, earlier, ...rest } = told.decision;
  const run = told.steps[ran];
  if (!run) throw new Error(`the step that decided is number ${ran} of ${told.steps.length} that ran`);
  const bytes = { stdout: Buffer.from(tails.stdout, 'base64'), stderr: Buffer.from(tails.stderr, 'base64') };
  return { ...told, decision: { ...rest, run, printed: new Printed(bytes, earlier, redactor) } };
}
