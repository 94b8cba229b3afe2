import { controlScope } from './control.ts';
import type { PauseOptions } from './pause.ts';

/** Has jobs started again that were paused in the same words. */
export const resume = ({ kind, group, ...options }: PauseOptions): Promise<void> =>
  controlScope('resume', { kind, group }, options);
