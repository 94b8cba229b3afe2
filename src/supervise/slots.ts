import PQueue from 'p-queue';
import type { Config } from '../config/config.ts';
import type { JobId } from '../job/id.ts';
import type { Isolation } from '../job/isolation.ts';
import { type JobKind, jobKinds } from '../job/job.ts';
import { instant } from '../job/units.ts';
import type { AttemptResult } from '../run/attempt.ts';
import type { Shortage } from '../run/shortage.ts';
import type { Claim } from '../schedule/queue.ts';
import { JobRun, type JobRunParts, type Settled } from './job-run.ts';

/** What the loop must know of the slots. Each may be called at any time. */
export interface SlotEvents {
  /** A slot of this kind is free. */
  onFree(kind: JobKind): void;
  onSettled(run: JobRun, settled: Settled): void;
  /** Its keeper is gone: it is to be settled as lost. */
  onOrphaned(run: JobRun): void;
  /** Something failed that Booty cannot go on without. */
  onFailure(error: unknown): void;
  /** Something that was owned has ended. */
  onQuiet(): void;
}

type TakeEnd = (run: JobRun, result: AttemptResult | Shortage) => void;

/** How many ended attempts may be on their way to the ledger at once: then their slots wait too. */
const maxSettling = 64;
/** How long no job is started after the machine could not start one: doubled each time until one starts. */
const shortPauseMs = { first: 1000, most: 30_000 } as const;

/** The slots of each kind, and what runs in them. A slot is held for as long as its job has processes; what follows goes on beside the next job. */
export class Slots implements Disposable {
  readonly #parts: JobRunParts;
  readonly #events: SlotEvents;
  readonly #queues: Readonly<Record<JobKind, PQueue>>;
  readonly #running = new Map<string, JobRun>();
  readonly #owned = new Set<Promise<void>>();
  /** Whose the ends of attempts are, once they are not ours any more. */
  #taker: TakeEnd | null = null;
  #pauseMs = 0;
  #paused: NodeJS.Timeout | null = null;

  constructor(concurrency: Config['concurrency'], parts: JobRunParts, events: SlotEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#queues = {
      pipeline: new PQueue({ concurrency: concurrency.pipeline }),
      verifier: new PQueue({ concurrency: concurrency.verifier }),
    };
  }

  get running(): number {
    return this.#running.size;
  }

  /** Nothing runs, and nothing that nobody awaits is under way. */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.#owned.size === 0;
  }

  /** From now on. What runs beyond it goes on. */
  setConcurrency(concurrency: Config['concurrency']): void {
    for (const kind of jobKinds) this.#queues[kind].concurrency = concurrency[kind];
  }

  /** After a shortage of the machine no job is started for a while, which grows from one to the next. */
  pause(): void {
    // Those that were started together fail together: that is one shortage.
    if (this.#paused) return;
    this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, shortPauseMs.first), shortPauseMs.most);
    this.#paused = setTimeout(() => {
      this.#paused = null;
      for (const kind of jobKinds) this.#events.onFree(kind);
    }, this.#pauseMs);
  }

  /** A job could be started. */
  resume(): void {
    this.#pauseMs = 0;
  }

  /** Claims jobs for the free slots of a kind, and starts them. Rejects where the ledger refuses. */
  async fill(kind: JobKind): Promise<void> {
    if (this.#paused) return;
    const queue = this.#queues[kind];
    const free = queue.concurrency - this.#runningOf(kind);
    if (free <= 0) return;
    for (const claim of await this.#parts.queue.claim(kind, free, instant(Date.now()))) {
      const run = new JobRun(behindWalls(claim, this.#parts.settings.isolation), this.#parts);
      this.#running.set(claim.job.id, run);
      queue.add(() => this.#perform(run)).catch((error: unknown) => this.#events.onFailure(error));
    }
  }

  /** Holds a slot for what an earlier supervisor has begun, also where there is none. */
  adopt(run: JobRun): void {
    this.#running.set(run.claim.job.id, run);
    this.#perform(run).catch((error: unknown) => this.#events.onFailure(error));
  }

  /** What runs, and was begun here. What has ended is on its way to the ledger. */
  get begunHere(): readonly JobRun[] {
    return [...this.#running.values()].filter(({ kept, isOver }) => kept === null && !isOver);
  }

  /** From now on what ends is not settled here. What keepers have they tell the next supervisor by themselves. */
  leaveTo(taker: TakeEnd): void {
    this.#taker = taker;
    for (const run of this.#running.values()) run.leave();
  }

  #runningOf(kind: JobKind): number {
    let count = 0;
    for (const { claim } of this.#running.values()) if (claim.job.spec.kind === kind) count += 1;
    return count;
  }

  async fillAll(): Promise<void> {
    for (const kind of jobKinds) await this.fill(kind);
  }

  /** Ends what runs: TERM, and KILL after the grace. */
  interrupt(): void {
    for (const run of this.#running.values()) run.cancel(null);
  }

  /** The same for one job, which does not run again. */
  cancel(id: JobId, reason: string): void {
    this.#running.get(id)?.cancel(reason);
  }

  /** Ends what runs without any grace. */
  kill(): void {
    for (const run of this.#running.values()) run.kill();
  }

  /** Keeps work that nobody awaits, so that a stop waits for it and a failure is seen. */
  own(work: Promise<void>): void {
    const owned = work
      .catch((error: unknown) => this.#events.onFailure(error))
      .finally(() => {
        this.#owned.delete(owned);
        this.#events.onQuiet();
      });
    this.#owned.add(owned);
  }

  async allQuiet(): Promise<void> {
    while (this.#owned.size > 0) await Promise.all(this.#owned);
  }

  [Symbol.dispose](): void {
    if (this.#paused) clearTimeout(this.#paused);
  }

  async #perform(run: JobRun): Promise<void> {
    const { job } = run.claim;
    try {
      const result = await run.run();
      if (result.kind === 'orphaned') {
        if (!this.#taker) this.#events.onOrphaned(run);
        return;
      }
      if (this.#taker) {
        if (run.kept === null) this.#taker(run, result);
        return;
      }
      this.own(
        run.settle(result).then((settled) => {
          if (settled.kind === 'abandoned' && this.#taker && run.kept === null) this.#taker(run, result);
          else this.#events.onSettled(run, settled);
        }),
      );
      while (this.#owned.size > maxSettling) await Promise.race(this.#owned);
    } finally {
      this.#running.delete(job.id);
      // At once: what is claimed for it shares the transaction in which this one ends.
      this.#events.onFree(job.spec.kind);
    }
  }
}

/** With the walls that hold now for jobs that ask for none: the supervisor may have become root since it was accepted. */
const behindWalls = (claim: Claim, isolation: Isolation | null): Claim =>
  isolation === null || claim.job.spec.isolation !== null
    ? claim
    : { ...claim, job: { ...claim.job, spec: { ...claim.job.spec, isolation } } };
