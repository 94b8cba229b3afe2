import type { Course, DroppedJob, End } from './evidence.ts';

/** A job as its file describes it, and how it goes where nobody disturbs it. */
export interface Draft {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly course: Course;
  readonly verifier?: Course;
  readonly onInterrupt?: DroppedJob['onInterrupt'];
  readonly retries?: number;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly kills?: boolean;
  /** The text of an executable file, in place of the keys. */
  readonly script?: string;
}

/**
 * What every shell of a job begins with: `m WHAT` appends a line about itself, `beats N` one every 100 ms. It starts no
 * process for that, so that nothing but the job itself can be hit. MARKS, KEY and SUPERVISOR are in its environment.
 */
export const prelude = `m() { read -r up _ < /proc/uptime; echo "$1 $KEY $BOOTY_ATTEMPT $up" >> "$MARKS"; }
beats() { i=0; while [ "$i" -lt "$1" ]; do m beat; sleep 0.1; i=$((i + 1)); done; }
`;
export const begin = 'eval "$M"\nm start\n[ -z "$(ls -A)" ] || m dirty\n';
export const beginNext = 'eval "$M"\n';

export const succeeded: End = { outcome: 'succeeded', cause: null, exitCode: 0, signal: null, reason: null };
export const crashedBy = (end: Partial<End>): End => ({ ...succeeded, outcome: 'crashed', exitCode: null, ...end });
export const exitsWith = (exitCode: number, reason = `exited with ${exitCode}`): End =>
  crashedBy({ cause: 'exit-code', exitCode, reason });
export const timesOut = crashedBy({ cause: 'timeout', reason: 'time limit' });
export const rejects: End = { ...succeeded, outcome: 'rejected', exitCode: 1, reason: 'not good enough' };

export const whole = (end: End, limitMs: number | null = null): Course => ({ end, marks: 'start-end', limitMs });
export const cutShort = (end: End): Course => ({ end, marks: 'start', limitMs: null });

export const run = (line: string): { readonly run: string } => ({ run: `${begin}${line}` });
export const verify = (line: string): { readonly run: string } => ({ run: `${beginNext}m start\n${line}` });
/** Leaves its session, closes its output, loses its parent, and goes on for longer than the job. */
export const stray = (prefix: string): string =>
  `(STRAY=1 setsid sh -c 'eval "$M"; ${prefix}beats 60' >/dev/null 2>&1 </dev/null &)\n`;
