import { z } from 'zod';
import { isBelow } from './module-schema.ts';
import { shells } from './step.ts';

/** Where and by which shell a step runs: of a job, for all its steps, or of one of them. */
export const placeFields = {
  shell: z.enum(shells, { error: `expected one of ${shells.join(', ')}` }).optional(),
  cwd: z
    .string({ error: 'expected the path of a directory' })
    .min(1, { error: 'expected the path of a directory' })
    .max(1000, { error: 'expected at most 1000 characters' })
    .refine((path) => !path.includes('\0'), { error: 'must not contain a NUL character' })
    .refine(isBelow, {
      error: 'must not leave the working directory: no .. there, or an absolute path',
    })
    .optional(),
};

const conditions = { 'success()': 'success', 'failure()': 'failure', 'always()': 'always' } as const;
type Condition = keyof typeof conditions;

/** What a failure before a step, and its own, mean. */
export const flowFields = {
  if: z
    .enum(Object.keys(conditions) as [Condition, ...Condition[]], {
      error: 'expected success(), failure() or always()',
    })
    .optional(),
  continueOnError: z.boolean({ error: 'expected true or false' }).optional(),
};

export const resumeFields = {
  resumeFrom: z
    .enum(['first-step', 'failed-step'], { error: 'expected first-step or failed-step' })
    .default('first-step'),
};

interface FlowFile {
  readonly if?: Condition | undefined;
  readonly continueOnError?: boolean | undefined;
}

export const flowOf = (step: FlowFile) => ({
  when: conditions[step.if ?? 'success()'],
  continueOnError: step.continueOnError ?? false,
});

/** A shell reads a line; programs, scripts and modules have none. */
export function demandLine(
  value: { readonly shell?: unknown; readonly run?: unknown },
  context: z.RefinementCtx,
): void {
  if (value.shell !== undefined && value.run === undefined)
    context.addIssue({ code: 'custom', path: ['shell'], message: 'only goes with run' });
}

/** Where every step waits for a failure, none ever comes. */
export function demandBeginning(
  { steps }: { readonly steps?: readonly FlowFile[] | undefined },
  context: z.RefinementCtx,
): void {
  if (steps && steps.length > 0 && steps.every((step) => step.if === 'failure()'))
    context.addIssue({
      code: 'custom',
      path: ['steps'],
      message: 'every step waits for a failure: at least one must run without',
    });
}
