export interface Flaw {
  readonly kind: FlawKind;
  readonly subject: string;
  readonly text: string;
}

export type FlawKind = (typeof flawKinds)[number];

/** Each is a promise that was broken. */
export const flawKinds = [
  'lost',
  'several-outcomes',
  'outcome-changed',
  'overlap',
  'ran-twice',
  'lived-on',
  'attempts-miscounted',
  'wrong-outcome',
  'wrong-verdict',
  'wrong-outputs',
  'lost-without-kill',
  'interrupted-without-stop',
  'ran-again',
  'gave-up',
  'put-aside-early',
  'put-aside-late',
  'not-whole',
  'workdir-not-empty',
  'uncaptured',
  'captured-late',
  'not-received',
  'event-of-nothing',
  'not-rejected',
  'rejected-wrongly',
  'no-reason',
  'damaged',
  'bad-file-ran',
  'out-of-order',
  'too-many',
  'outside-of-lives',
  'died',
  'complained',
  'too-late',
  'rival',
  'process-left',
  'file-left',
  'stranger',
  'listed-otherwise',
] as const;
