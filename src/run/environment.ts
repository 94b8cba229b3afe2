import { userInfo } from 'node:os';
import { errorCode } from '../disk/durable.ts';
import type { Step } from '../job/job.ts';
import { callVariable } from '../job/module-call.ts';
import type { Claim } from '../schedule/queue.ts';
import { callPathOf } from './module-step.ts';
import { shellEnvironment } from './shell-failures.ts';
import type { JobPlace } from './workdir.ts';

/** Marks every process of an attempt, so that those that left its process group are found again: see `survivors.ts`. */
export const attemptMark = 'BOOTY_ATTEMPT_MARK';

/** What every child gets of the machine: small, fixed, and nothing of the supervisor's own environment. */
export function machineEnvironment(): Readonly<Record<string, string>> {
  const user = whoWeAre();

  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: user.home,
    LANG: 'C.UTF-8',
    TZ: Intl.DateTimeFormat().resolvedOptions().timeZone,
    USER: user.name,
  };
}

/** In a container the user often has no entry in passwd(5). */
function whoWeAre(): { readonly name: string; readonly home: string } {
  try {
    const { username, homedir } = userInfo();
    return { name: username, home: homedir };
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return { name: String(process.getuid?.() ?? ''), home: '/' };
  }
}

export interface VerifierFiles {
  readonly outcomePath: string;
  readonly verdictPath: string;
}

/** The environment of one step: the machine's, the job's, the step's, its secrets, and last Booty's own, which nothing overrides. */
export function stepEnvironment(
  machine: Readonly<Record<string, string>>,
  claim: Claim,
  step: Step,
  place: JobPlace,
  verifier: VerifierFiles | null,
  secrets: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const { job } = claim;
  return {
    ...machine,
    ...shellEnvironment(place),
    ...job.spec.env,
    ...step.env,
    ...secrets,
    BOOTY_JOB_ID: job.id,
    BOOTY_JOB_NAME: job.spec.name,
    BOOTY_JOB_KIND: job.spec.kind,
    BOOTY_ATTEMPT: String(claim.attempt),
    BOOTY_STEP: step.name,
    BOOTY_WORKDIR: place.workdir,
    BOOTY_OUTPUT: place.outputPath,
    [attemptMark]: markOf(place, claim.attempt),
    ...(job.pipelineId && verifier
      ? { BOOTY_PIPELINE_ID: job.pipelineId, BOOTY_PIPELINE_OUTCOME: verifier.outcomePath }
      : {}),
    ...(verifier ? { BOOTY_VERDICT: verifier.verdictPath } : {}),
    ...(step.action.kind === 'module' ? { [callVariable]: callPathOf(place) } : {}),
  };
}

/** The value of {@link attemptMark}: the job's directory tells it from a job of the same id under another supervisor. */
export const markOf = (place: JobPlace, attempt: number): string => `${place.directory}/${attempt}`;
