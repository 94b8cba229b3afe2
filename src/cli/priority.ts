import { type ControlOptions, controlTargets } from './control.ts';

/** Gives a job that waits another priority: the higher goes first. Prints its id. */
export const priority = (id: string, value: number, options: ControlOptions): Promise<number> =>
  controlTargets('priority', [id], options, { priority: value });
