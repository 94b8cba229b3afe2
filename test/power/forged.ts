import type { Evidence, Expected, FileFound, JobFound, Testimony } from './evidence.ts';

/*
 * Evidence as a machine would give it, made up: `first` ran one job of each kind until its power was cut, `second` looked
 * at the disks, let the rest end, and looked again. Nothing is wrong with it.
 */

const eventId = 'e'.repeat(32);

const journal = (event: string, fields: Readonly<Record<string, string>>): Evidence => ({
  kind: 'journal',
  event,
  fields,
  text: `${event} ${JSON.stringify(fields)}`,
});
const dropped = (file: string, expected: Expected): Testimony => ({
  kind: 'dropped',
  file,
  sha256: `drop of ${file}`,
  expected,
});
const mark = (what: 'start' | 'end', id: string, attempt: number): Testimony => ({ kind: 'mark', what, id, attempt });
const outcome = (id: string): Testimony => ({ kind: 'outcome', id, sha256: `outcome of ${id}` });

const first: readonly Evidence[] = [
  { kind: 'looking' },
  { kind: 'looked' },
  { kind: 'supervising' },
  dropped('good.yaml', 'succeeded'),
  { kind: 'submitted', file: 'good.yaml' },
  dropped('boom.yaml', 'crashed'),
  dropped('bad.yaml', 'refused'),
  dropped('waits.yaml', 'succeeded'),
  { kind: 'submitted', file: 'waits.yaml' },
  dropped('unsafe.yaml', 'succeeded'),
  journal('job.accepted', { id: 'good', file: 'good.yaml' }),
  journal('job.accepted', { id: 'boom', file: 'boom.yaml' }),
  journal('job.refused', { file: 'bad.yaml' }),
  journal('attempt.started', { id: 'good', attempt: '1' }),
  mark('start', 'good', 1),
  mark('end', 'good', 1),
  journal('job.ended', { id: 'good', outcome: 'succeeded' }),
  outcome('good'),
  journal('attempt.started', { id: 'boom', attempt: '1' }),
  mark('start', 'boom', 1),
  journal('crash.captured', { id: 'boom', event_id: eventId }),
  journal('job.ended', { id: 'boom', outcome: 'crashed' }),
];

const file = (place: FileFound['place'], name: string, more: Partial<FileFound> = {}): FileFound => ({
  kind: 'file',
  place,
  name,
  bytes: 100,
  sha256: `drop of ${name}`,
  flaw: null,
  ...more,
});
const outcomeFile = (id: string, says: string, event: string | null = null): FileFound =>
  file('outcomes', `${id}.json`, {
    sha256: `outcome of ${id}`,
    outcome: { outcome: says, cause: null, eventId: event, capture: event === null ? null : 'captured', lost: 0 },
  });
const job = (id: string, end: string | null, more: Partial<JobFound> = {}): JobFound => ({
  kind: 'job',
  id,
  state: end === null ? 'waiting' : 'ended',
  outcome: end,
  file: `${id}.yaml`,
  reportOwed: false,
  ...more,
});

const afterCut: readonly Evidence[] = [
  file('incoming', 'waits.yaml'),
  file('claimed', 'token.unsafe.yaml', { bytes: 0, sha256: 'of nothing' }),
  file('rejected', 'bad.yaml'),
  file('rejected', 'bad.yaml.reason.json', { reason: { code: 'UNKNOWN_KEY', file: 'bad.yaml' } }),
  file('outbox', `1-${eventId}.envelope`),
  outcomeFile('good', 'succeeded'),
  { kind: 'ledger', flaw: null },
  job('good', 'succeeded'),
  job('boom', 'crashed', { reportOwed: true }),
];

const inTheEnd: readonly Evidence[] = [
  ...afterCut.slice(2, 6),
  outcomeFile('boom', 'crashed', eventId),
  outcomeFile('waits', 'succeeded'),
  file('rejected', 'unsafe.yaml', { bytes: 0, sha256: 'of nothing' }),
  file('rejected', 'unsafe.yaml.reason.json', { reason: { code: 'EMPTY', file: 'unsafe.yaml' } }),
  { kind: 'ledger', flaw: null },
  job('good', 'succeeded'),
  job('boom', 'crashed'),
  job('waits', 'succeeded'),
];

const second = (found: readonly Evidence[], seen: readonly Evidence[], end: readonly Evidence[]): Evidence[] => [
  { kind: 'looking' },
  ...found,
  { kind: 'looked' },
  { kind: 'supervising' },
  journal('job.ended', { id: 'boom', outcome: 'crashed' }),
  outcome('boom'),
  journal('job.accepted', { id: 'waits', file: 'waits.yaml' }),
  journal('job.refused', { file: 'unsafe.yaml' }),
  journal('attempt.started', { id: 'waits', attempt: '1' }),
  mark('start', 'waits', 1),
  mark('end', 'waits', 1),
  journal('job.ended', { id: 'waits', outcome: 'succeeded' }),
  outcome('waits'),
  ...seen,
  { kind: 'exited', status: 0, signal: null },
  { kind: 'looking' },
  ...end,
  { kind: 'looked' },
  { kind: 'settled' },
];

/** What is different in a forgery. */
export interface Forgery {
  /** Told before the cut, too. */
  readonly told?: readonly Evidence[];
  /** Names of files and ids of jobs that the look after the cut does not find. */
  readonly gone?: readonly string[];
  /** In place of what has the same name or id, or beside it. */
  readonly found?: readonly Evidence[];
  /** Told after the cut, too. */
  readonly seen?: readonly Evidence[];
  /** The same for the look in the end. */
  readonly lacks?: readonly string[];
  readonly ends?: readonly Evidence[];
}

export function forge({ told = [], gone = [], found = [], seen = [], lacks = [], ends = [] }: Forgery): Evidence[][] {
  return [[...first, ...told], second(instead(afterCut, gone, found), seen, instead(inTheEnd, lacks, ends))];
}

function instead(all: readonly Evidence[], gone: readonly string[], by: readonly Evidence[]): Evidence[] {
  const replaced = new Set([...gone, ...by.map(nameOf)]);
  return [...all.filter((one) => !replaced.has(nameOf(one))), ...by];
}

function nameOf(evidence: Evidence): string {
  if (evidence.kind === 'file') return `${evidence.place}/${evidence.name}`;
  return evidence.kind === 'job' ? evidence.id : evidence.kind;
}

export const forged = { eventId, file, job, journal, mark, outcome, outcomeFile } as const;
