import { controlTargets, type TargetOptions } from './control.ts';

/** Ends jobs that wait or run; those that run get TERM, and KILL after the grace. Prints their ids. */
export const cancel = (
  ids: readonly string[],
  { reason, ...options }: TargetOptions & { readonly reason?: string | undefined },
): Promise<number> => controlTargets('cancel', ids, options, reason === undefined ? {} : { reason });
