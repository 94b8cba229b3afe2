import { readlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { errorCode } from '../disk/durable.ts';
import type { Step } from '../job/job.ts';
import { callVariable } from '../job/module-call.ts';
import { outputVariables } from '../job/outputs.ts';
import type { ResumePoint } from '../job/step.ts';
import type { Claim } from '../schedule/queue.ts';
import { callPathOf } from './module-step.ts';
import { needsPathOf } from './needs.ts';
import { shellEnvironment } from './shell-failures.ts';
import { type JobPlace, rawOutputs } from './workdir.ts';

/** Marks every process of an attempt, so that those that left its process group are found again: see `survivors.ts`. */
export const attemptMark = 'BOOTY_ATTEMPT_MARK';

/** What every child gets of the machine: small, fixed, and nothing of the supervisor's own environment. */
export function machineEnvironment(): Readonly<Record<string, string>> {
  const user = whoWeAre();

  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: user.home,
    LANG: 'C.UTF-8',
    TZ: timeZone(process.env.TZ),
    USER: user.name,
  };
}

/** A zone's file below any of the places of zones (localtime(5)), but for those that count leap seconds or are copies. */
const zoneFile = /\/zoneinfo\/((?!right\/|posix\/)[A-Z][\w+/-]*)$/;

/**
 * The name of the machine's time zone, `Europe/Berlin`. Intl knows it in any case, and takes 20 ms of a start to find it.
 * @param asked what the supervisor's own environment says; it goes before the machine's
 * @param link that names the zone's file
 */
export function timeZone(asked: string | undefined, link = '/etc/localtime'): string {
  const zone = asked ? null : zoneOfLink(link);
  if (zone === null) return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === 'Etc/UTC' ? 'UTC' : zone;
}

function zoneOfLink(link: string): string | null {
  try {
    return zoneFile.exec(readlinkSync(link))?.[1] ?? null;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
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

/** What an attempt begins with that comes from elsewhere: an attempt before, the pipeline that is verified, jobs that are needed. */
export interface AttemptInputs extends ResumePoint {
  /** Of the pipeline, for its verifier. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The text of the file that tells of the jobs that are needed; null where none is. */
  readonly needs: string | null;
}

export const noInputs: AttemptInputs = { before: [], outputs: {}, needs: null };

/** The environment of one step: the machine's, the job's, the step's, its secrets, and last Booty's own, which nothing overrides. */
export function stepEnvironment(
  machine: Readonly<Record<string, string>>,
  claim: Claim,
  step: Step,
  place: JobPlace,
  verifier: VerifierFiles | null,
  inputs: AttemptInputs,
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
    ...outputVariables([...Object.entries(inputs.outputs), ...rawOutputs(place)]),
    ...(inputs.needs === null ? {} : { BOOTY_NEEDS: needsPathOf(place) }),
    [attemptMark]: markOf(place, claim.attempt),
    ...(job.pipelineId && verifier
      ? { BOOTY_PIPELINE_ID: job.pipelineId, BOOTY_PIPELINE_OUTCOME: verifier.outcomePath }
      : {}),
    ...(claim.verified?.rejection ? { BOOTY_REJECTION: claim.verified.rejection } : {}),
    ...(verifier ? { BOOTY_VERDICT: verifier.verdictPath } : {}),
    ...(step.action.kind === 'module' ? { [callVariable]: callPathOf(place) } : {}),
  };
}

/** The value of {@link attemptMark}: the job's directory tells it from a job of the same id under another supervisor. */
export const markOf = (place: JobPlace, attempt: number): string => `${place.directory}/${attempt}`;
