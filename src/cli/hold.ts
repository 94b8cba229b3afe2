import { controlTargets, type TargetOptions } from './control.ts';

/** Keeps jobs that wait from being started, until they are let go. Prints their ids. */
export const hold = (ids: readonly string[], options: TargetOptions): Promise<number> =>
  controlTargets('hold', ids, options);
