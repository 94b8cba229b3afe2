import { type ControlOptions, controlScope } from './control.ts';

export interface PauseOptions extends ControlOptions {
  readonly kind?: string | undefined;
  readonly group?: string | undefined;
}

/** Has no more jobs started, of all, of a kind or of a group, until they are resumed, also after a restart. What runs goes on. */
export const pause = ({ kind, group, ...options }: PauseOptions): Promise<void> =>
  controlScope('pause', { kind, group }, options);
