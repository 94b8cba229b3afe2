import { z } from 'zod';
import type { Retries } from './job.ts';

/** The most verifiers that one pipeline may have. */
const maxVerifiers = 20;

/** A mapping, or a list of them. */
export const oneOrMore = <Shape extends z.ZodType>(one: Shape, what: string) =>
  z.preprocess(
    (value) => (Array.isArray(value) ? value : [value]),
    z
      .array(one)
      .min(1, { error: `expected at least one ${what}` })
      .max(maxVerifiers, { error: `expected at most ${maxVerifiers} ${what}s` }),
  );

type Refuse = (path: readonly (string | number)[], message: string) => void;
const refuseIn =
  (context: z.RefinementCtx): Refuse =>
  (path, message) =>
    context.addIssue({ code: 'custom', path: [...path], message });

interface Retried {
  readonly retries?: { readonly on?: Retries['on'] | undefined } | undefined;
}
interface Grouped {
  readonly concurrency?: { readonly group: string } | undefined;
}

/** What only a pipeline can be tried again for. */
function demandOwnReasons({ retries }: Retried, message: string, refuse: Refuse): void {
  for (const [index, reason] of (retries?.on ?? []).entries())
    if (reason === 'rejected' || reason === 'verifier-crashed') refuse(['retries', 'on', index], message);
}

/** A verifier's verdict is never asked for again of the same work. */
export const demandVerifier = (verifier: Retried, context: z.RefinementCtx): void =>
  demandOwnReasons(verifier, 'belongs into the retries of the pipeline', refuseIn(context));

/** What must hold between a job and its verifiers. */
export function demandVerify(
  job: Retried &
    Grouped & {
      readonly kind: 'pipeline' | 'verifier';
      readonly verify?: readonly (Grouped & { readonly name?: string | undefined })[] | undefined;
    },
  context: z.RefinementCtx,
): void {
  const refuse = refuseIn(context);
  const { kind, concurrency, verify = [] } = job;
  if (kind === 'verifier' && verify.length > 0)
    refuse(['verify'], 'a verifier has no verifier of its own: leave it out, or make this a pipeline');
  if (verify.length === 0) demandOwnReasons(job, 'only goes with verify', refuse);
  for (const [index, { name, concurrency: own }] of verify.entries()) {
    if (name !== undefined && verify.findIndex((other) => other.name === name) < index)
      refuse(['verify', index, 'name'], 'is the name of another verifier too');
    // It would wait for its pipeline to end, which waits for it.
    if (concurrency && own?.group === concurrency.group)
      refuse(
        ['verify'],
        `a verifier in group ${own.group} would wait for ever: its pipeline has a place there until it is verified`,
      );
  }
}
