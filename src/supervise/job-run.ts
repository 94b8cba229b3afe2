import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Paths } from '../config/paths.ts';
import type { Telemetry } from '../config/telemetry.ts';
import type { Crash, Crumb } from '../crash/event.ts';
import { readCrash, titleOf } from '../crash/read.ts';
import { errorCode } from '../disk/durable.ts';
import { describeExit } from '../job/exit.ts';
import type { Job } from '../job/job.ts';
import { type Judgement, judge } from '../job/judge.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import { formatDuration, instant } from '../job/units.ts';
import type { Emit } from '../journal/event.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Attempt, type AttemptResult, type AttemptSettings } from '../run/attempt.ts';
import type { VerifierFiles } from '../run/environment.ts';
import { readBootId, startTimeOf } from '../run/processes.ts';
import { type JobPlace, makeWorkdir, placeOf, readOutputs, readVerdict, tidy } from '../run/workdir.ts';
import type { Claim, Finished, JobQueue } from '../schedule/queue.ts';
import { type CaptureCrash, captureBeforeReport } from './crashes.ts';

export interface JobRunParts {
  readonly paths: Paths;
  readonly telemetry: Telemetry;
  /** Who holds the job. */
  readonly queue: JobQueue;
  /** What this machine ran. */
  readonly ledger: Pick<Ledger, 'noteProcess' | 'verifying'>;
  readonly capture: CaptureCrash | null;
  readonly settings: AttemptSettings;
  readonly emit: Emit;
}

export type Settled = Finished | { readonly kind: 'short'; readonly error: string };

const ledgerRetryMs = 1000;

/** Codes of the system that say "not now": the machine's shortage is no fault of the job. */
const shortages = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** One claim on its way from the start of its first step to its outcome. */
export class JobRun {
  readonly claim: Claim;
  readonly #parts: JobRunParts;
  readonly #place: JobPlace;
  readonly #verifier: VerifierFiles | null;
  readonly #attempt: Attempt;

  constructor(claim: Claim, parts: JobRunParts) {
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
    this.#attempt = new Attempt(claim, this.#place, parts.settings, this.#verifier, (pid) => this.#notePid(pid));
  }

  /** Runs the steps. When it resolves, none of their processes is left, and the slot is free. */
  run(): Promise<AttemptResult> {
    const { job, attempt } = this.claim;
    this.#parts.emit({ kind: 'attempt.started', id: job.id, name: job.spec.name, jobKind: job.spec.kind, attempt });
    this.#tellPipeline();
    return this.#attempt.run();
  }

  cancel(): void {
    this.#attempt.cancel();
  }

  kill(): void {
    this.#attempt.kill();
  }

  /** Judges the result, has a crash captured, and only then makes the end known to the ledger. */
  async settle(result: AttemptResult): Promise<Settled> {
    const { queue, emit, telemetry } = this.#parts;
    const { job, attempt } = this.claim;
    const deciding = result.steps.at(-1) ?? result.steps[0];
    if (result.steps.length === 1 && deciding.exit.kind === 'spawn' && shortages.has(deciding.exit.code)) {
      await this.#persist(() => queue.release(this.claim));
      return { kind: 'short', error: deciding.exit.message };
    }
    if (result.survivors === null) emit({ kind: 'attempt.unkillable', id: job.id, attempt });
    const crash = this.#crashOf(result);
    const interrupted = crash.judgement.outcome === 'interrupted';
    const again = interrupted && job.spec.onInterrupt === 'retry';
    const judgement: Judgement =
      interrupted && !again ? { ...crash.judgement, outcome: 'crashed', cause: 'lost' } : crash.judgement;
    const capture =
      judgement.outcome === 'crashed'
        ? await captureBeforeReport(
            this.#parts.capture,
            { ...crash.crash, cause: judgement.cause, reason: judgement.reason },
            emit,
          )
        : null;
    const finished = await this.#persist(() =>
      queue.finish(this.claim, {
        judgement,
        capture,
        endedAt: crash.crash.endedAt,
        durationMs: result.durationMs,
        outputs: readOutputs(this.#place),
        again,
        release: telemetry.release,
        environment: telemetry.environment,
      }),
    );
    const killed = result.survivors ?? 0;
    if (finished.kind !== 'ended' || killed > 0) {
      emit({
        kind: 'attempt.ended',
        id: job.id,
        attempt,
        outcome: judgement.outcome,
        durationMs: result.durationMs,
        killed,
        again,
      });
    }
    this.#tidy(finished);
    return finished;
  }

  /** A ledger that has no room for the end of a job gets it later: the job has run, and must not run again for that. */
  async #persist<Result>(write: () => Promise<Result>): Promise<Result> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await write();
      } catch (error) {
        if (errorCode(error) === null) throw error;
        if (tries === 0)
          this.#parts.emit({
            kind: 'ledger.delayed',
            id: this.claim.job.id,
            error: error instanceof Error ? error.message : String(error),
          });
        await sleep(ledgerRetryMs);
      }
    }
  }

  #crashOf(result: AttemptResult): { readonly judgement: Judgement; readonly crash: Crash } {
    const { job, attempt, startedAt } = this.claim;
    const { output, steps } = result;
    const deciding = steps.at(-1) ?? steps[0];
    const failed = deciding.exit.kind !== 'code' || deciding.exit.code !== 0;
    const reading = failed ? readCrash(output.stderr.text(), output.stdout.text()) : null;
    const lastLine = failed ? output.lastLine('stderr', 'stdout') : null;
    const verdict =
      (this.#verifier ? readVerdict(this.#verifier.verdictPath) : null) ??
      (failed ? output.lastLine('stdout', 'stderr') : null);
    const judgement = judge(job.spec.kind, {
      step: deciding.step,
      exit: deciding.exit,
      verdict,
      lastLine,
      exception: reading ? titleOf(reading) : null,
    });
    const crash: Crash = {
      job,
      attempt,
      step: deciding.step,
      argv: deciding.argv,
      workdir: this.#place.workdir,
      cause: judgement.outcome === 'crashed' ? judgement.cause : 'lost',
      exit: deciding.exit,
      reason: judgement.outcome === 'succeeded' ? '' : judgement.reason,
      startedAt,
      endedAt: instant(Date.now()),
      durationMs: result.durationMs,
      final: true,
      reading,
      crumbs: crumbsOf(this.claim, result),
      lastLine,
      tails: tailsOf(result),
    };
    return { judgement, crash };
  }

  /** A verifier finds the outcome-to-be of its pipeline in a file. */
  #tellPipeline(): void {
    const { job } = this.claim;
    const pipeline = job.pipelineId === null ? null : this.#parts.ledger.verifying(job.pipelineId);
    if (!pipeline || !this.#verifier) return;
    const { telemetry } = this.#parts;
    const record: OutcomeRecord = { ...pipeline, release: telemetry.release, environment: telemetry.environment };
    makeWorkdir(this.#place);
    writeFileSync(this.#verifier.outcomePath, `${JSON.stringify(record, null, 2)}\n`);
  }

  #notePid(pid: number): void {
    const startTime = startTimeOf(pid);
    // Already over: there is nothing that recovery would have to find.
    if (startTime === null) return;
    this.#parts.ledger.noteProcess(this.claim, { pid, startTime, bootId: readBootId() }).catch((error: unknown) => {
      // Recovery then finds the processes by their mark.
      this.#parts.emit({ kind: 'report.delayed', id: this.claim.job.id, error: String(error) });
    });
  }

  #tidy(finished: Finished): void {
    // A pipeline's workdir is its verifier's next.
    if (finished.kind === 'verifying' || finished.kind === 'stale') return;
    tidyOrTell(this.#parts, this.claim.job, finished.kind === 'ended');
  }
}

/** Removes what an attempt needed. A disk that refuses must not undo an end that is in the ledger. */
export function tidyOrTell({ paths, emit }: Pick<JobRunParts, 'paths' | 'emit'>, job: Job, ended: boolean): void {
  try {
    tidy(paths.jobs, job.id, job.pipelineId, ended);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    emit({ kind: 'workdir.left', id: job.id, error: error instanceof Error ? error.message : String(error) });
  }
}

function crumbsOf(claim: Claim, { steps, output }: AttemptResult): Crumb[] {
  const { job, attempt } = claim;
  const lastLines = output.stderr
    .text()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-5);
  const at = instant(Date.now());
  return [
    { at: job.acceptedAt, category: 'job', message: `accepted ${job.spec.kind} ${job.spec.name}`, level: 'info' },
    { at: claim.startedAt, category: 'attempt', message: `attempt ${attempt} started`, level: 'info' },
    ...steps.map(
      (run): Crumb => ({
        at: instant(run.startedAtMs + run.durationMs),
        category: 'step',
        message: `${run.step} ${describeExit(run.exit)} after ${formatDuration(run.durationMs)}`,
        level: run.exit.kind === 'code' && run.exit.code === 0 ? 'info' : 'error',
      }),
    ),
    ...lastLines.map((message): Crumb => ({ at, category: 'stderr', message, level: 'info' })),
  ];
}

const tailsOf = ({ output }: AttemptResult): Crash['tails'] =>
  (['stdout', 'stderr'] as const).flatMap((stream) => {
    const tail = output[stream];
    return tail.total > 0 ? [{ fileName: `${stream}.txt`, data: tail.bytes().subarray(-64 * 1024) }] : [];
  });
