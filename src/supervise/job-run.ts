import { join } from 'node:path';
import type { Paths } from '../config/paths.ts';
import type { Telemetry } from '../config/telemetry.ts';
import { describeExit } from '../job/exit.ts';
import { type Judgement, judge } from '../job/judge.ts';
import type { CaptureRecord } from '../job/outcome.ts';
import { resumePoint } from '../job/step.ts';
import { type Instant, instant } from '../job/units.ts';
import type { Emit } from '../journal/event.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';
import { Attempt, type AttemptResult } from '../run/attempt.ts';
import { type AttemptInputs, markOf, type VerifierFiles } from '../run/environment.ts';
import { identityOf } from '../run/processes.ts';
import { type Shortage, shortageOfFiles } from '../run/shortage.ts';
import { type AttemptSettings, unenforcedHere } from '../run/step-run.ts';
import { type JobPlace, placeOf, readOutputs, syncWorkdir } from '../run/workdir.ts';
import type { Claim, Finished, JobQueue } from '../schedule/queue.ts';
import { retryDelay } from '../schedule/retry.ts';
import { begin } from './beginning.ts';
import type { CoreDumps } from './core-dumps.ts';
import { type CaptureCrash, captureBeforeReport } from './crashes.ts';
import { crashOf, type Failure, readEnd } from './failure.ts';
import type { KeptAttempt, KeptEnd } from './kept-attempt.ts';
import type { Monitors } from './monitors.ts';
import { pause } from './pause.ts';
import { tidyAfter, tidyBeforeNext } from './tidying.ts';
import { messageOf } from './troubles.ts';

export interface JobRunParts {
  readonly paths: Paths;
  readonly telemetry: Telemetry;
  /** Who holds the job. */
  readonly queue: JobQueue;
  /** What this machine ran. */
  readonly ledger: Pick<Ledger, 'attemptsOf' | 'endedRecord' | 'noteProcess' | 'rerunsLeft' | 'verifying'>;
  readonly capture: CaptureCrash | null;
  /** Null where Sentry is off. */
  readonly coreDumps: CoreDumps | null;
  readonly settings: AttemptSettings;
  readonly emit: Emit;
  /** Null where Sentry is off. */
  readonly monitors: Monitors | null;
  /** Told when the first step of an attempt could be started. */
  readonly onStarted: () => void;
  /** The supervisor has to go: what the disk or a process refuses is not waited for any longer. */
  readonly leaving: AbortSignal;
}

export type Settled =
  | Finished
  | Shortage
  /** The ledger still has it as running: the next supervisor finds it so, and settles it. */
  | { readonly kind: 'abandoned' };

/** Whoever ran it is gone, and nobody knows how it ended. */
export type Orphaned = Extract<KeptEnd, { kind: 'orphaned' }>;

const ledgerRetryMs = 1000;
const clearRetryMs = 5000;
/** How long a step runs before its process is noted in the ledger. */
const noteAfterMs = 5;

/** One claim on its way from the start of its first step to its outcome. */
export class JobRun {
  readonly claim: Claim;
  readonly #parts: JobRunParts;
  readonly #place: JobPlace;
  readonly #verifier: VerifierFiles | null;
  readonly #attempt: Attempt | KeptAttempt;
  /** Where an earlier supervisor began it, and runs it. */
  readonly kept: KeptAttempt | null;
  /** Whether none of its steps runs any more. */
  isOver = false;
  readonly #begun = Promise.withResolvers<void>();
  /** The length of its log, once it is settled. */
  logBytes = 0;
  #told: boolean;
  #isLeft = false;
  #cancelled: string | null = null;
  #noting: NodeJS.Timeout | null = null;
  /** When its slot came free: the next job may have begun before this one's end is in the ledger. */
  #freeAt: Instant | null = null;

  /** @param kept where it is under way already */
  constructor(claim: Claim, parts: JobRunParts, kept: KeptAttempt | null = null) {
    const { job } = claim;
    this.claim = claim;
    this.#parts = parts;
    this.#place = placeOf(parts.paths.jobs, job.id, job.pipelineId);
    this.#verifier =
      job.spec.kind === 'verifier'
        ? {
            outcomePath: join(this.#place.directory, 'pipeline-outcome.json'),
            verdictPath: join(this.#place.directory, 'verdict'),
          }
        : null;
    this.kept = kept;
    this.#told = kept !== null;
    this.#attempt =
      kept ?? new Attempt(claim, this.#place, parts.settings, this.#verifier, (pid) => this.#notePid(pid));
  }

  /** Of one that begins here: resolves once its first process runs, or none will. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** From now on the ledger is not ours to write to. */
  leave(): void {
    this.#isLeft = true;
    clearTimeout(this.#noting ?? undefined);
  }

  /** Runs the steps. When it resolves, none of their processes is left, and the slot is free. */
  async run(): Promise<AttemptResult | Shortage | Orphaned> {
    const attempt = this.#attempt;
    if (attempt instanceof Attempt) {
      const result = await this.#run(attempt);
      this.isOver = true;
      this.#begun.resolve();
      return result;
    }
    const end = await attempt.end;
    if (end.kind === 'orphaned') return end;
    this.#freeAt = end.endedAt;
    return end.result;
  }

  async #run(attempt: Attempt): Promise<AttemptResult | Shortage> {
    let inputs: AttemptInputs;
    try {
      if (this.claim.job.spec.onInterrupt === 'fail') await this.#parts.queue.confirm(this.claim);
      inputs = begin(this.claim, this.#place, this.#verifier, this.#parts);
    } catch (error) {
      const shortage =
        error instanceof LedgerRefusal
          ? ({ kind: 'short', of: 'jobs', error: error.message } as const)
          : shortageOfFiles(error);
      if (shortage) return shortage;
      throw error;
    }
    const result = await attempt.run(inputs);
    clearTimeout(this.#noting ?? undefined);
    this.#freeAt = instant(Date.now());
    return result;
  }

  /** @param reason why nobody wants it any more; null: it is interrupted, and may run again */
  cancel(reason: string | null): void {
    this.#cancelled ??= reason;
    this.#attempt.cancel();
  }

  kill(): void {
    this.#attempt.kill();
  }

  /** Judges the result, has a crash captured, and only then makes the end known to the ledger. */
  async settle(result: AttemptResult | Shortage): Promise<Settled> {
    try {
      const settled = result.kind === 'ended' ? await this.#settle(result) : await this.#release(result);
      this.kept?.forget();
      return settled;
    } catch (error) {
      if (!this.#parts.leaving.aborted) throw error;
      const { job, attempt } = this.claim;
      this.#parts.emit({ kind: 'attempt.abandoned', id: job.id, attempt, error: messageOf(error) });
      return { kind: 'abandoned' };
    }
  }

  async #release(shortage: Shortage): Promise<Shortage> {
    await this.#persist(() => this.#parts.queue.release(this.claim));
    return shortage;
  }

  async #settle(result: AttemptResult): Promise<Finished> {
    const { queue, emit, telemetry, ledger, coreDumps } = this.#parts;
    const { redactor } = this.#parts.settings;
    const { job, attempt } = this.claim;
    this.#tellStart(); // Nothing of it could be started, but no machine was short of anything.
    const { failure } = result.output;
    this.logBytes = result.output.bytes;
    if (failure !== null) emit({ kind: 'log.incomplete', id: job.id, attempt, error: failure });
    if (result.survivors === null) emit({ kind: 'attempt.unkillable', id: job.id, attempt });
    this.#tellContinued(result);
    const mark = markOf(this.#place, attempt);
    const core = result.decision && (await coreDumps?.find(result.decision.run, mark, this.#parts.leaving));
    const { end, reading } = readEnd(result, job, this.#verifier?.verdictPath ?? null, redactor, core ?? null);
    const judged = judge(job.spec.kind, end, this.#cancelled);
    const interrupted = judged.outcome === 'interrupted';
    const repeated = interrupted && job.spec.onInterrupt === 'retry';
    const judgement: Judgement = interrupted && !repeated ? { ...judged, outcome: 'crashed', cause: 'lost' } : judged;
    const earlier = judgement.outcome === 'succeeded' ? [] : await this.#persist(() => ledger.attemptsOf(job.id));
    const crashes = 1 + earlier.filter(({ outcome }) => outcome === 'crashed').length;
    const failures = crashes + (this.claim.verified?.rounds ?? 0);
    const jitter = Math.random();
    const retryMs = this.#cancelled === null ? retryDelay(job.spec.retries, judgement, failures, jitter) : null;
    const again = repeated || retryMs !== null;
    const killed = result.survivors ?? (again ? await this.#clear() : 0);
    const finish = redactor.deep({
      judgement,
      endedAt: (result.survivors === null ? null : this.#freeAt) ?? instant(Date.now()),
      durationMs: result.durationMs,
      usage: result.usage,
      steps: result.records,
      outputs: readOutputs(this.#place, redactor),
      logBytes: result.output.bytes,
      again,
      retryAt: retryMs === null ? null : instant(Date.now() + retryMs),
      jitter,
      release: telemetry.release,
      environment: telemetry.environment,
    });
    const resumes = again && job.pipelineId === null && resumePoint(job.spec, result.records) !== null;
    // Its verifiers, or its next attempt, will look at what it made: a power cut in between must not empty that.
    const looked = judgement.outcome === 'succeeded' && job.spec.verify.length > 0;
    if (looked || resumes) await syncWorkdir(this.#place);
    let capture: CaptureRecord | null = null;
    let tidied = false;
    const finished = await this.#persist(async () => {
      // A disk that refused the ledger has mostly refused the event too: it is captured once there is room for both.
      capture = await this.#capture(
        judgement,
        {
          result,
          reading,
          lastLine: end.lastLine,
          earlier,
          redactor,
          retriesLeft: retryMs === null ? this.#rerunsLeft(judgement) : job.spec.retries.limit + 1 - failures,
        },
        capture,
      );
      // Once: a ledger that refused this may have done it all the same.
      if (again && !tidied) tidyBeforeNext(this.#parts, job, resumes);
      tidied = true;
      return queue.finish(this.claim, { ...finish, capture });
    });
    if (finished.kind !== 'ended' || killed > 0) {
      emit({
        kind: 'attempt.ended',
        id: job.id,
        attempt,
        outcome: judgement.outcome,
        durationMs: result.durationMs,
        killed,
        again,
        retryMs,
        reason: judgement.outcome === 'crashed' ? judgement.reason : null,
      });
    }
    tidyAfter(this.#parts, finished);
    return finished;
  }

  /** Null where nothing failed that anybody wants to be told of. */
  async #capture(
    judgement: Judgement,
    read: Omit<Failure, 'claim' | 'place' | 'judgement' | 'decision'>,
    before: CaptureRecord | null,
  ): Promise<CaptureRecord | null> {
    const { capture, emit } = this.#parts;
    const { spec } = this.claim.job;
    const rejected = judgement.outcome === 'rejected' && spec.crash.captureRejections;
    if (judgement.outcome !== 'crashed' && !rejected) return null;
    if (judgement.exitCode !== null && spec.crash.ignoreExitCodes.includes(judgement.exitCode) && !rejected)
      return { eventId: null, capture: 'ignored' };
    const { decision } = read.result;
    if (!decision)
      throw new Error(`attempt ${this.claim.attempt} of job ${this.claim.job.id} failed, and no step of it did`);
    const failure = { ...read, decision, claim: this.claim, place: this.#place, judgement };
    return captureBeforeReport(capture, () => crashOf(failure), emit, before);
  }

  /** Where a verifier rejects its pipeline, that may run again. */
  #rerunsLeft({ outcome }: Judgement): number {
    const { pipelineId } = this.claim.job;
    return outcome === 'rejected' && pipelineId !== null ? this.#parts.ledger.rerunsLeft(pipelineId) : 0;
  }

  /**
   * A ledger that has no room for the end of a job gets it later: the job has run, and must not run again for that.
   * Rejects where the supervisor has to go before.
   */
  async #persist<Result>(write: () => Result | Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof LedgerRefusal) || this.#parts.leaving.aborted) throw error;
        await pause(ledgerRetryMs, this.#parts.leaving);
      }
    }
  }

  /** Before it may run again, whatever is left of this attempt must be gone, however long that takes. Answers how many were killed. */
  async #clear(): Promise<number> {
    while (!this.#parts.leaving.aborted) {
      await pause(clearRetryMs, this.#parts.leaving);
      const killed = await this.#attempt.clearAgain();
      if (killed !== null) return killed;
    }
    throw new Error('some of its processes do not die');
  }

  /** Once its end is settled, and not when a step ends: a journal that is slow holds up no job. */
  #tellContinued({ steps, records }: AttemptResult): void {
    const { job, attempt } = this.claim;
    for (const { index, step, exit } of steps) {
      if (records[index]?.outcome !== 'continued') continue;
      this.#parts.emit({ kind: 'step.continued', id: job.id, attempt, step, reason: describeExit(exit) });
    }
  }

  #tellStart(): void {
    if (this.#told) return;
    this.#told = true;
    const { job, attempt } = this.claim;
    this.#parts.emit({ kind: 'attempt.started', id: job.id, name: job.spec.name, jobKind: job.spec.kind, attempt });
    const ignored = unenforcedHere(job.spec, this.#parts.settings);
    if (ignored.length > 0)
      this.#parts.emit({ kind: 'limits.ignored', id: job.id, attempt, limits: ignored.join(',') });
    if (attempt === 1) this.#parts.monitors?.tellStart(job, this.claim.startedAt);
    this.#parts.onStarted();
  }

  /** Most jobs are over before, and need no note: until there is one, recovery goes by the mark. */
  #notePid(pid: number): void {
    if (this.#isLeft) return;
    this.#tellStart();
    this.#begun.resolve();
    clearTimeout(this.#noting ?? undefined);
    this.#noting = setTimeout(() => this.#noteProcess(pid), noteAfterMs);
  }

  #noteProcess(pid: number): void {
    const process = identityOf(pid);
    if (process === null) return;
    const { cgroup } = this.#attempt;
    this.#parts.ledger
      .noteProcess(this.claim, cgroup === null ? process : { ...process, cgroup })
      .catch((error: unknown) => {
        // Recovery then finds the processes by their mark.
        if (!(error instanceof LedgerRefusal)) throw error;
      });
  }
}
