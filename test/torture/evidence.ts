/*
 * What the torturer hands to the checker: what was dropped, what was done to whom, and what could be seen. The checker
 * knows nothing else, and shares no code with Booty: what an outcome is, say, is told here again, from docs/JOBS.md.
 * Times are milliseconds: `…AtMs` of the machine's clock, `…UpMs` since its boot.
 */

/** How the steps of a job, or its verifier, end where nobody disturbs them. */
export interface End {
  readonly outcome: 'succeeded' | 'rejected' | 'crashed';
  readonly cause: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Is part of the reason that the outcome gives. */
  readonly reason: string | null;
}

export interface Course {
  readonly end: End;
  /** What it writes about itself, undisturbed: `start` only where it is ended before its last line. */
  readonly marks: 'start-end' | 'start' | 'none';
  /** A limit that it keeps by far. */
  readonly limitMs: number | null;
}

export interface DroppedJob {
  readonly droppedAtMs: number;
  /** Its name, and how it calls itself in its marks. */
  readonly key: string;
  /** Null: its file asks for none. */
  readonly id: string | null;
  readonly file: string;
  readonly course: Course;
  readonly verifier: Course | null;
  readonly onInterrupt: 'retry' | 'fail';
  /** How often a crash is tried again. */
  readonly retries: number;
  readonly priority: number;
  readonly outputs: Readonly<Record<string, string>>;
  /** It kills its supervisor. */
  readonly kills: boolean;
  /** The file that was dropped at the same time with the same id: one of the two is a duplicate. */
  readonly twinFile: string | null;
}

export interface BadFile {
  readonly droppedAtMs: number;
  readonly file: string;
  /** The refusal that its reason must give. */
  readonly code: string;
  /** Of its bytes; null where it is no regular file. */
  readonly sha256: string | null;
  /** How it would call itself in its marks, if it ran. */
  readonly key: string;
}

/** One line that a job's own process appended (O_APPEND) to a file: what really ran, and in which order. */
export interface Mark {
  readonly what: string;
  readonly key: string;
  readonly attempt: number;
  readonly upMs: number;
  /** Its place among all lines of the file. */
  readonly line: number;
}

export interface AttemptSeen {
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: string | null;
  readonly cause: string | null;
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly sentry: { readonly eventId: string | null; readonly capture: string } | null;
}

/** The keys of an outcome file that are looked at. */
export interface OutcomeSeen extends Omit<AttemptSeen, 'startedAt'> {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly attempts: readonly AttemptSeen[];
  readonly acceptedAt: string;
  readonly verdicts: readonly { readonly id: string; readonly outcome: string }[];
  readonly pipelineId: string | null;
  readonly outputs: Readonly<Record<string, string>>;
}

/** An outcome file, from when it was first seen. */
export interface Sighting {
  readonly record: OutcomeSeen;
  /** How often its bytes were others later, or it was gone. */
  changes: number;
  /** Events that it names, and that were neither in the outbox nor received when it was there. */
  uncaptured: readonly string[];
  /** Processes of the job that were still there after it. */
  alive: readonly number[];
  /** Lines that had been written to the marks when it was seen. */
  marksBefore: number;
}

/** SIGKILL for a process of a job. */
export interface Hit {
  readonly jobId: string;
  readonly attempt: number;
}

export interface Rejected {
  /** As it is named in `rejected/`. */
  readonly name: string;
  readonly sha256: string | null;
  /** What its reason says, null where there is no reason beside it. */
  readonly reason: {
    readonly file: string;
    readonly refusedAt: string;
    readonly code: string;
    readonly message: string;
  } | null;
}

export interface ReceivedEvent {
  readonly eventId: string;
  readonly jobId: string;
  readonly attempt: number;
}

/** One supervisor, from its start to its end. */
export interface LifeRecord {
  readonly number: number;
  /** Another one ran on the same directories: it must be refused. */
  readonly rival: boolean;
  readonly launchedAtMs: number;
  readonly launchedUpMs: number;
  ready: boolean;
  /** It said that it had stopped: nothing is left to be done, and no signal can harm. */
  stopped: boolean;
  endedAtMs: number;
  endedUpMs: number;
  status: number | null;
  signal: string | null;
  /** The torturer killed it. */
  killed: boolean;
  terms: number;
  /** While it was stopped by SIGSTOP: from, to. */
  readonly stops: [number, number][];
  /** What it said that nobody should hear from it. */
  readonly complaints: string[];
  /** Lines in which it told of a failure whose event was not safe yet. */
  readonly toldUncaptured: string[];
  /** Attempts of which it told that their jobs wait again, and from when on. */
  readonly again: { readonly jobId: string; readonly attempt: number; readonly fromAtMs: number }[];
  /** It did not do in time what it must. */
  late: string | null;
}

/** All about jobs and files that were dropped in the same time. */
export interface BatchEvidence {
  readonly jobs: readonly DroppedJob[];
  readonly badFiles: readonly BadFile[];
  readonly marks: readonly Mark[];
  readonly sightings: readonly Sighting[];
  readonly rejected: readonly Rejected[];
  readonly received: readonly ReceivedEvent[];
  readonly hits: readonly Hit[];
  readonly lives: readonly LifeRecord[];
  readonly concurrency: { readonly pipeline: number; readonly verifier: number };
}

/** What is there when everything has ended. */
export interface EndEvidence {
  /** Every outcome that was seen, by its id. */
  readonly outcomes: ReadonlyMap<string, { readonly outcome: string; readonly attempt: number }>;
  readonly listed: readonly {
    readonly id: string;
    readonly state: string;
    readonly outcome: string | null;
    readonly attempt: number;
  }[];
  /** Where `booty show --json` told something else than the outcome file. */
  readonly shownOtherwise: readonly string[];
  readonly processesLeft: readonly string[];
  /** Files that must not be there any more: in incoming/, in the outbox, in its `dead`. */
  readonly filesLeft: readonly string[];
  /** Outcomes, refused files and events of something that nobody dropped. */
  readonly strangers: readonly string[];
}
