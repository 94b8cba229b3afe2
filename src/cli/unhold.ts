import { controlTargets, type TargetOptions } from './control.ts';

/** Lets jobs go that were held. (`booty release` writes release.env.) Prints their ids. */
export const unhold = (ids: readonly string[], options: TargetOptions): Promise<number> =>
  controlTargets('release', ids, options);
