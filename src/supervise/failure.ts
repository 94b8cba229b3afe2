import { type CoreDump, withCoreDump } from '../crash/core-dump.ts';
import type { Crash, Crumb } from '../crash/crash.ts';
import type { CrashReading } from '../crash/exception.ts';
import { readCrash, titleOf } from '../crash/read.ts';
import { parseShellFailure, readShellFailures } from '../crash/shell-failure.ts';
import { readSources } from '../crash/source.ts';
import { describeExit } from '../job/exit.ts';
import type { Job } from '../job/job.ts';
import type { AttemptEnd, Judgement } from '../job/judge.ts';
import type { AttemptRecord } from '../job/outcome.ts';
import { hasFailed } from '../job/step.ts';
import { formatDuration, type Instant, instant } from '../job/units.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { AttemptResult, Decision } from '../run/attempt.ts';
import type { StepRun } from '../run/step-run.ts';
import { type JobPlace, readVerdict } from '../run/workdir.ts';
import type { Claim } from '../schedule/queue.ts';
import { betterOf, handedReading, loggedCrumbs, withLogged } from './handed-over.ts';

/** An attempt that failed, and all that is known of it. */
export interface Failure {
  readonly claim: Claim;
  readonly place: JobPlace;
  readonly result: AttemptResult;
  readonly decision: Decision;
  readonly judgement: Extract<Judgement, { outcome: 'crashed' | 'rejected' }>;
  readonly reading: CrashReading | null;
  readonly lastLine: string | null;
  /** The attempts of the job before this one. */
  readonly earlier: readonly AttemptRecord[];
  /** 0: it is the job's last. */
  readonly retriesLeft: number;
  readonly redactor: Redactor;
}

/** What the step that decided, and what it printed, say about the attempt. @param verdictPath where a verifier may have written a line */
export function readEnd(
  { decision, steps }: AttemptResult,
  job: Job,
  verdictPath: string | null,
  redactor: Redactor,
  core: CoreDump | null,
): { readonly end: AttemptEnd; readonly reading: CrashReading | null } {
  if (!decision) {
    const succeeded = { step: steps[0].step, exit: { kind: 'code', code: 0 } as const };
    return { end: { ...succeeded, verdict: null, lastLine: null, exception: null }, reading: null };
  }
  const { run, printed, errorFile } = decision;
  const said =
    betterOf(redactor.deep(handedReading(job, errorFile)), readCrash(printed.text('stderr'), printed.text('stdout'))) ??
    shellReading(decision, job, redactor);
  const reading = core ? withCoreDump(said, redactor.deep(core)) : said;
  const end = {
    step: run.step,
    exit: run.exit,
    verdict:
      (verdictPath === null ? null : readVerdict(verdictPath, redactor)) ??
      printed.lastLine('stdout', 'stderr') ??
      printed.lastLineOfAll('stdout', 'stderr'),
    lastLine: printed.lastLine('stderr', 'stdout'),
    exception: reading ? titleOf(reading) : null,
  };
  return { end, reading };
}

/** What the shells of the step noted. A verifier's exit 1 is a verdict, whichever of its commands said so. */
function shellReading(
  { run: { exit, startedAtMs, durationMs }, printed, shellNotes }: Decision,
  { spec }: Job,
  redactor: Redactor,
): CrashReading | null {
  if (exit.kind !== 'code' || (spec.kind === 'verifier' && exit.code === 1)) return null;
  const failures = shellNotes.flatMap((text) => parseShellFailure(redactor.known(text)) ?? []);
  const lastLine = printed.lastLine('stderr');
  return redactor.deep(readShellFailures(failures, exit.code, startedAtMs + durationMs, lastLine));
}

/** The failure as the one who captures it wants it. Reads source files of the job, where it asks for that. */
export function crashOf(failure: Failure): Crash {
  const { claim, place, result, decision, judgement, reading, lastLine, retriesLeft, redactor } = failure;
  const { job, attempt, startedAt } = claim;
  const { argv, step, exit, cwd } = decision.run;
  const endedAt = instant(Date.now());
  return {
    job,
    attempt,
    attemptLimit: attempt + retriesLeft,
    step,
    argv,
    workdir: place.workdir,
    cause: judgement.outcome === 'crashed' ? judgement.cause : 'rejected',
    exit,
    reason: judgement.reason,
    startedAt,
    endedAt,
    durationMs: result.durationMs,
    usage: result.usage,
    final: retriesLeft === 0,
    reading,
    sources: readSources(
      reading,
      { workdir: place.workdir, cwd },
      modulesOf(failure),
      job.spec.crash.sourceLines,
      redactor,
    ),
    crumbs: withLogged(crumbsOf(failure), redactor.deep(loggedCrumbs(job, place, stepsOf(failure)))),
    lastLine,
    tails: tailsOf(decision),
  };
}

/** The steps that ran, as the job has them. */
const stepsOf = ({ claim, result }: Failure) => result.steps.map(({ index }) => claim.job.spec.steps[index]);

/** The paths of the modules that were run. */
const modulesOf = ({ claim, result }: Failure): string[] =>
  result.steps.flatMap(({ argv, index }) =>
    claim.job.spec.steps[index]?.action.kind === 'module' ? (argv.at(-1) ?? []) : [],
  );

/** What happened to a job before its last attempt did anything. */
export const firstCrumbs = (job: Job, attempt: number, startedAt: Instant): Crumb[] => [
  { at: job.acceptedAt, category: 'job', message: `accepted ${job.spec.kind} ${job.spec.name}`, level: 'info' },
  ...(job.pipelineId === null
    ? []
    : [{ at: job.acceptedAt, category: 'job', message: `verifies ${job.pipelineId}`, level: 'info' } as const]),
  { at: startedAt, category: 'attempt', message: `attempt ${attempt} started`, level: 'info' },
];

const lastLinesOf = 10;

function crumbsOf({ claim, result, decision, judgement, earlier }: Failure): Crumb[] {
  const { job, attempt, startedAt } = claim;
  const lastLines = decision.printed
    .text('stderr')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lastLinesOf);
  const decidedAt = endOf(decision.run);
  const crumbs = [
    ...firstCrumbs(job, attempt, startedAt),
    ...earlier.map(
      (before): Crumb => ({
        at: instant(Date.parse(before.endedAt ?? before.startedAt)),
        category: 'attempt',
        message: `attempt ${before.attempt} ${before.outcome}${before.reason === null ? '' : `: ${before.reason}`}`,
        level: 'warning',
      }),
    ),
    ...result.steps.flatMap((run) => [
      ...(run === decision.run ? lastLines : []).map(
        (message): Crumb => ({ at: decidedAt, category: 'stderr', message, level: 'info' }),
      ),
      stepCrumb(run, result.records[run.index]?.outcome === 'continued'),
    ]),
  ];
  if (judgement.outcome === 'rejected')
    crumbs.push({ at: decidedAt, category: 'verdict', message: `rejected: ${judgement.reason}`, level: 'warning' });
  return crumbs.sort((a, b) => a.at - b.at);
}

const endOf = ({ startedAtMs, durationMs }: StepRun): Instant => instant(startedAtMs + durationMs);

const stepCrumb = (run: StepRun, isContinued: boolean): Crumb => ({
  at: endOf(run),
  category: 'step',
  message: `${run.step} ${describeExit(run.exit)} after ${formatDuration(run.durationMs)}${isContinued ? ', and the job went on' : ''}`,
  level: !hasFailed(run.exit) ? 'info' : isContinued ? 'warning' : 'error',
});

const tailsOf = ({ printed }: Decision): Crash['tails'] =>
  (['stdout', 'stderr'] as const).flatMap((stream) => {
    const data = printed.tails[stream];
    return data.length > 0 ? [{ fileName: `${stream}.txt`, data }] : [];
  });
