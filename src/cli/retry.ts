import { type ControlOptions, controlTargets } from './control.ts';

/** Runs an ended job once more, as a new job; one that waits for its next attempt gets it at once. Prints the id of what runs. */
export const retry = (
  id: string,
  { id: newId, ...options }: ControlOptions & { readonly id?: string | undefined },
): Promise<number> => controlTargets('retry', [id], options, newId === undefined ? {} : { newId });
