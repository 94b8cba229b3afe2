import type { Crash, Crumb } from '../crash/crash.ts';
import type { CrashReading } from '../crash/exception.ts';
import { readCrash, titleOf } from '../crash/read.ts';
import { parseShellFailure, readShellFailures } from '../crash/shell-failure.ts';
import { readSources } from '../crash/source.ts';
import { describeExit } from '../job/exit.ts';
import type { Job } from '../job/job.ts';
import type { AttemptEnd, Judgement } from '../job/judge.ts';
import type { AttemptRecord } from '../job/outcome.ts';
import { formatDuration, type Instant, instant } from '../job/units.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { AttemptResult } from '../run/attempt.ts';
import { readShellNotes } from '../run/shell-failures.ts';
import { type JobPlace, readVerdict } from '../run/workdir.ts';
import type { Claim } from '../schedule/queue.ts';
import { betterOf, handedReading, loggedCrumbs, withLogged } from './handed-over.ts';

/** An attempt that failed, and all that is known of it. */
export interface Failure {
  readonly claim: Claim;
  readonly place: JobPlace;
  readonly result: AttemptResult;
  readonly judgement: Extract<Judgement, { outcome: 'crashed' | 'rejected' }>;
  readonly reading: CrashReading | null;
  readonly lastLine: string | null;
  /** The attempts of the job before this one. */
  readonly earlier: readonly AttemptRecord[];
  /** 0: it is the job's last. */
  readonly retriesLeft: number;
  readonly redactor: Redactor;
}

/** What the last step, and what it printed, say about the attempt. @param verdictPath where a verifier may have written a line */
export function readEnd(
  { output, steps }: AttemptResult,
  job: Job,
  place: JobPlace,
  verdictPath: string | null,
  redactor: Redactor,
): { readonly end: AttemptEnd; readonly reading: CrashReading | null } {
  const last = steps.at(-1) ?? steps[0];
  const { step, exit } = last;
  const failed = exit.kind !== 'code' || exit.code !== 0;
  const reading = failed
    ? (betterOf(
        redactor.deep(handedReading(job, place, steps.length)),
        readCrash(output.stderr.text(), output.stdout.text()),
      ) ?? shellReading(last, job, place, output.lastLine('stderr'), redactor))
    : null;
  const end = {
    step,
    exit,
    verdict:
      (verdictPath === null ? null : readVerdict(verdictPath, redactor)) ??
      (failed ? output.lastLine('stdout', 'stderr') : null),
    lastLine: failed ? output.lastLine('stderr', 'stdout') : null,
    exception: reading ? titleOf(reading) : null,
  };
  return { end, reading };
}

/** What the shells of the last step noted. A verifier's exit 1 is a verdict, whichever of its commands said so. */
function shellReading(
  { exit, startedAtMs, durationMs }: AttemptResult['steps'][number],
  { spec }: Job,
  place: JobPlace,
  lastLine: string | null,
  redactor: Redactor,
): CrashReading | null {
  if (exit.kind !== 'code' || (spec.kind === 'verifier' && exit.code === 1)) return null;
  const failures = readShellNotes(place).flatMap((text) => parseShellFailure(redactor.known(text)) ?? []);
  return redactor.deep(readShellFailures(failures, exit.code, startedAtMs + durationMs, lastLine));
}

/** The failure as the one who captures it wants it. Reads source files of the job, where it asks for that. */
export function crashOf(failure: Failure): Crash {
  const { claim, place, result, judgement, reading, lastLine, earlier, retriesLeft, redactor } = failure;
  const { job, attempt, startedAt } = claim;
  const { argv, step, exit } = result.steps.at(-1) ?? result.steps[0];
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
    sources: readSources(reading, place.workdir, modulesOf(failure), job.spec.crash.sourceLines, redactor),
    crumbs: withLogged(
      crumbsOf(claim, result, judgement, earlier),
      redactor.deep(loggedCrumbs(job, place, result.steps.length)),
    ),
    lastLine,
    tails: tailsOf(result),
  };
}

/** The paths of the modules that were run. */
const modulesOf = ({ claim, result }: Failure): string[] =>
  result.steps.flatMap(({ argv }, index) =>
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

function crumbsOf(
  { job, attempt, startedAt }: Claim,
  { steps, output }: AttemptResult,
  judgement: Failure['judgement'],
  earlier: readonly AttemptRecord[],
): Crumb[] {
  const lastLines = output.stderr
    .text()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lastLinesOf);
  const last = stepCrumb(steps.at(-1) ?? steps[0]);
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
    ...steps.slice(0, -1).map(stepCrumb),
    ...lastLines.map((message): Crumb => ({ at: last.at, category: 'stderr', message, level: 'info' })),
    last,
  ];
  if (judgement.outcome === 'rejected')
    crumbs.push({ at: last.at, category: 'verdict', message: `rejected: ${judgement.reason}`, level: 'warning' });
  return crumbs.sort((a, b) => a.at - b.at);
}

const stepCrumb = ({ step, exit, startedAtMs, durationMs }: AttemptResult['steps'][number]): Crumb => ({
  at: instant(startedAtMs + durationMs),
  category: 'step',
  message: `${step} ${describeExit(exit)} after ${formatDuration(durationMs)}`,
  level: exit.kind === 'code' && exit.code === 0 ? 'info' : 'error',
});

const tailsOf = ({ output }: AttemptResult): Crash['tails'] =>
  (['stdout', 'stderr'] as const).flatMap((stream) => {
    const tail = output[stream];
    return tail.total > 0 ? [{ fileName: `${stream}.txt`, data: tail.bytes().subarray(-64 * 1024) }] : [];
  });
