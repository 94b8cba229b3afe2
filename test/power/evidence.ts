import { parseJournalLine } from '../harness/journal-line.ts';

/** Where a file of Booty's lies. */
export type Place = 'outcomes' | 'rejected' | 'incoming' | 'claimed' | 'outbox';

/** How a job that the load drops must end where nothing but the power fails: `refused` is never a job at all. */
export type Expected = 'succeeded' | 'rejected' | 'crashed' | 'refused';

/** What an outcome file says, as far as it is held against the rest. */
export interface OutcomeFacts {
  readonly outcome: string;
  readonly cause: string | null;
  readonly eventId: string | null;
  readonly capture: string | null;
  /** Attempts that were lost with the machine. */
  readonly lost: number;
}

/** A file as it lies on the disk. Those under names that begin with a dot are not told: nobody was promised them. */
export interface FileFound {
  readonly kind: 'file';
  readonly place: Place;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Why it is not whole; null where it is, or where that cannot be seen from its content. */
  readonly flaw: string | null;
  /** Of a whole outcome file. */
  readonly outcome?: OutcomeFacts;
  /** Of a whole `….reason.json`. */
  readonly reason?: { readonly code: string; readonly file: string };
}

/** A row of the ledger. */
export interface JobFound {
  readonly kind: 'job';
  readonly id: string;
  readonly state: string;
  readonly outcome: string | null;
  /** The dropped file that it came from; empty for the verifier of a pipeline. */
  readonly file: string;
  readonly reportOwed: boolean;
}

export interface Dropped {
  readonly kind: 'dropped';
  readonly file: string;
  readonly sha256: string;
  readonly expected: Expected;
}

/** What the witness in the machine says: first what it finds on the disk before anything runs, then what it sees happen. */
export type Testimony =
  | { readonly kind: 'looking' }
  | FileFound
  | JobFound
  /** Told where there is a ledger. */
  | { readonly kind: 'ledger'; readonly flaw: string | null }
  | { readonly kind: 'looked' }
  | { readonly kind: 'supervising' }
  /** It is about to be renamed into incoming/; not safe yet. */
  | Dropped
  /** It and its name were made durable by its producer. */
  | { readonly kind: 'submitted'; readonly file: string }
  /** The outcome file can be read. */
  | { readonly kind: 'outcome'; readonly id: string; readonly sha256: string }
  /** Said by a process of the job itself. */
  | { readonly kind: 'mark'; readonly what: 'start' | 'end'; readonly id: string; readonly attempt: number }
  | { readonly kind: 'exited'; readonly status: number | null; readonly signal: string | null }
  /** Everything that was accepted has ended, and the supervisor was stopped. */
  | { readonly kind: 'settled' };

/** A line of the supervisor's journal; `event` is null where it is a sentence. */
export interface JournalEvidence {
  readonly kind: 'journal';
  readonly event: string | null;
  readonly fields: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Whatever came out of the machine before its power was cut: all of it was told to somebody, none can be taken back. */
export type Evidence = Testimony | JournalEvidence;

/** A whole line of the machine's serial port. @throws SyntaxError where the witness's words are garbled */
export function parseEvidence(line: string): Evidence {
  if (line.startsWith('{')) return JSON.parse(line) as Testimony;
  const { kind, fields, text } = parseJournalLine(line);
  return { kind: 'journal', event: kind, fields, text };
}

/** Hands on whole lines: what the cut left of the last one was told to nobody. */
export function wholeLines(onLine: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  };
}
