import type { Outcome } from '../src/job/outcome.ts';

/** One of the demo's job files, and what must become of it. */
export interface Chapter {
  /** In `demo/jobs/`. */
  readonly file: string;
  readonly id: string;
  readonly title: string;
  readonly ending: Ending;
  readonly needsPython?: boolean;
}

export type Ending =
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly reason: RegExp | null; readonly tags?: Tags }
  | { readonly kind: 'refused'; readonly hint: string };

/** What the tags of its Sentry event must say. Without any, there must be no event. */
type Tags = Readonly<Record<string, string>>;

export const chapters: readonly Chapter[] = [
  {
    file: 'backup.yaml',
    id: 'backup',
    title: 'a good pipeline: two steps, then its verifier',
    ending: { kind: 'outcome', outcome: 'succeeded', reason: null },
  },
  {
    file: 'report.yaml',
    id: 'report',
    title: 'its verifier rejects the result',
    ending: { kind: 'outcome', outcome: 'rejected', reason: /^expected 3 cities, found 2$/ },
  },
  {
    file: 'import-orders.yaml',
    id: 'import-orders',
    title: 'its Python step dies of an exception',
    ending: {
      kind: 'outcome',
      outcome: 'crashed',
      reason: /^ValueError: could not convert string to float: 'n\/a'$/,
      tags: { cause: 'exit-code', exit_code: '1', step: 'load', job_id: 'import-orders', attempt: '1', team: 'shop' },
    },
    needsPython: true,
  },
  {
    file: 'resize-photos.yaml',
    id: 'resize-photos',
    title: 'killed by a signal',
    ending: {
      kind: 'outcome',
      outcome: 'crashed',
      reason: /SIGKILL/,
      tags: { cause: 'signal', signal: 'SIGKILL', job_id: 'resize-photos', attempt: '1' },
    },
  },
  {
    file: 'clean-up.yaml',
    id: 'clean-up',
    title: 'a malformed file',
    ending: { kind: 'refused', hint: 'did you mean "timeout"?' },
  },
];
