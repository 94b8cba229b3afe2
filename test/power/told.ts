import type { Dropped, Evidence, FileFound, JobFound, Place } from './evidence.ts';

/** Everything that was told before the power went, whoever was told: none of it can be taken back. */
export class Told {
  /** What the load dropped, by the name of the file. */
  readonly drops = new Map<string, Dropped>();
  /** Files whose producer made them durable. */
  readonly submitted = new Set<string>();
  /** Jobs, with the file of each. */
  readonly accepted = new Map<string, string>();
  /** Jobs that ended, and how. */
  readonly ended = new Map<string, string>();
  /** Outcome files that could be read, and what was in them. */
  readonly outcomes = new Map<string, string>();
  /** Ids of events. */
  readonly captured = new Set<string>();
  /** Jobs of which the journal said that an event could not be made in time: an emulated machine may be too slow for it. */
  readonly tooSlow = new Set<string>();
  /** Names below rejected/. */
  readonly refused = new Set<string>();
  /** The latest attempt of each job that began, as the supervisor said, */
  readonly started = new Map<string, number>();
  /** and as its own process did. */
  readonly marked = new Map<string, number>();
}

/** What the witness found on the disks in one look. */
export class Found {
  readonly jobs = new Map<string, JobFound>();
  readonly files: Readonly<Record<Place, Map<string, FileFound>>> = {
    incoming: new Map(),
    claimed: new Map(),
    rejected: new Map(),
    outcomes: new Map(),
    outbox: new Map(),
  };
  ledger: 'missing' | 'sound' | { readonly flaw: string } = 'missing';

  add(evidence: Evidence): void {
    if (evidence.kind === 'job') this.jobs.set(evidence.id, evidence);
    if (evidence.kind === 'file') this.files[evidence.place].set(evidence.name, evidence);
    if (evidence.kind === 'ledger') this.ledger = evidence.flaw === null ? 'sound' : { flaw: evidence.flaw };
  }
}
