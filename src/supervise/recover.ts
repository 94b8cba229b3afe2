import { closeSync, fstatSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { readCrash } from '../crash/read.ts';
import { noSources } from '../crash/source.ts';
import { errorCode, openUntrusted } from '../disk/durable.ts';
import type { Exit } from '../job/exit.ts';
import type { Judgement } from '../job/judge.ts';
import { instant } from '../job/units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Leftover } from '../ledger/leftover.ts';
import { maxPatternBytes } from '../redact/patterns.ts';
import type { Redactor } from '../redact/redactor.ts';
import { AttemptUnits } from '../run/attempt-units.ts';
import { removeCgroup } from '../run/cgroup-end.ts';
import { type CgroupTree, cgroupName } from '../run/cgroup-tree.ts';
import { markOf } from '../run/environment.ts';
import { tailBytes } from '../run/output.ts';
import { readBootId } from '../run/processes.ts';
import { groupOf, killSurvivors } from '../run/survivors.ts';
import { logPath, placeOf, readOutputs } from '../run/workdir.ts';
import type { Finished } from '../schedule/queue.ts';
import { captureBeforeReport } from './crashes.ts';
import { firstCrumbs } from './failure.ts';
import { loggedCrumbs, withLogged } from './handed-over.ts';
import type { JobRunParts } from './job-run.ts';
import type { Keepers } from './keepers.ts';
import { tidyAfter, tidyBeforeNext } from './tidying.ts';

/** An attempt under whose recovery so many supervisors have died is recovered without looking at what it printed. */
const maxRecoveries = 2;

/** `unkillable`: some of its processes do not die. Nothing has changed, and it is to be tried again. */
export type Recovered = Finished | { readonly kind: 'unkillable' };

export interface RecoveryParts extends JobRunParts {
  readonly ledger: Ledger;
  readonly keepers: Keepers;
  /** A job under which the supervisor has died so often is not run again: it may be what kills it. */
  readonly maxLost: number;
}

type Parts = Pick<RecoveryParts, 'capture' | 'emit' | 'maxLost'> & {
  readonly keepers: Pick<Keepers, 'endSilent'>;
  readonly paths: Pick<RecoveryParts['paths'], 'jobs'>;
  readonly queue: Pick<RecoveryParts['queue'], 'finish'>;
  readonly telemetry: Pick<RecoveryParts['telemetry'], 'environment' | 'release'>;
  readonly settings: Pick<RecoveryParts['settings'], 'cgroups' | 'directories' | 'redactor' | 'units'>;
};

/**
 * Settles an attempt that was running when the last supervisor died: whatever is left of it is killed and proven gone,
 * then it counts as lost, is captured as such, and the job waits again or ends.
 */
export async function recover(leftover: Leftover, parts: Parts): Promise<Recovered> {
  const { claim, lostBefore } = leftover;
  const { job, attempt } = claim;
  const { emit, telemetry } = parts;
  const { redactor } = parts.settings;
  const place = placeOf(parts.paths.jobs, job.id, job.pipelineId);
  if (!(await parts.keepers.endSilent())) return { kind: 'unkillable' };
  const group = leftover.process ? groupOf(leftover.process, readBootId()) : null;
  const cgroups = cgroupsOf(leftover, parts.settings.cgroups);
  const { units } = parts.settings;
  const killed = await killSurvivors({
    units: units && new AttemptUnits(units, job.id, attempt),
    cgroups,
    groups: group === null ? [] : [group],
    mark: markOf(place, attempt),
  });
  if (killed === null) return { kind: 'unkillable' };
  for (const cgroup of cgroups) removeCgroup(cgroup);
  const poisonous = lostBefore + 1 >= parts.maxLost;
  const again = job.spec.onInterrupt === 'retry' && !poisonous && leftover.cancelled === null;
  const exit: Exit = {
    kind: 'lost',
    message: `lost: the supervisor ended while it ran${poisonous ? `, ${lostBefore + 1} times now: put aside` : ''}`,
  };
  const log = leftover.recoveries > maxRecoveries ? null : readLogTail(logPath(place, attempt), redactor);
  const endedAt = instant(Date.now());
  const durationMs = Math.max(0, endedAt - claim.startedAt);
  const capture =
    leftover.cancelled === null
      ? await captureBeforeReport(
          parts.capture,
          () => ({
            job,
            attempt,
            attemptLimit: job.spec.onInterrupt === 'retry' ? parts.maxLost : attempt,
            step: null,
            argv: [],
            workdir: place.workdir,
            cause: 'lost',
            exit,
            reason: exit.message,
            startedAt: claim.startedAt,
            endedAt,
            durationMs,
            usage: null,
            final: !again,
            reading: log ? readCrash(log.tail.toString('utf8'), '') : null,
            sources: noSources,
            crumbs: withLogged(
              firstCrumbs(job, attempt, claim.startedAt),
              redactor.deep(loggedCrumbs(job, place, job.spec.steps)),
            ),
            lastLine: null,
            tails: log ? [{ fileName: 'output.txt', data: log.tail }] : [],
          }),
          emit,
        )
      : null;
  const ending = { reason: exit.message, step: null, exitCode: null, signal: null };
  const judgement = judgementOf(again, leftover.cancelled, ending);
  const finish = redactor.deep({
    judgement,
    capture,
    endedAt,
    durationMs,
    usage: null,
    outputs: readOutputs(place, redactor),
    logBytes: log?.bytes ?? 0,
    again,
    retryAt: null,
    jitter: Math.random(),
    release: telemetry.release,
    environment: telemetry.environment,
  });
  if (again) tidyBeforeNext(parts, job);
  const finished = await parts.queue.finish(claim, finish);
  emit({
    kind: 'attempt.ended',
    id: job.id,
    attempt,
    outcome: judgement.outcome,
    durationMs,
    killed,
    again,
    retryMs: null,
    reason: null,
  });
  tidyAfter(parts, finished);
  return finished;
}

/** Where its processes may be: as was recorded, or as it is named here, should the supervisor have died before it was. */
function cgroupsOf({ claim: { job, attempt }, process }: Leftover, tree: CgroupTree | null): readonly string[] {
  const recorded = process?.bootId === readBootId() ? (process.cgroup ?? null) : null;
  const named = tree && join(tree.jobs, cgroupName(job.id, attempt));
  return [...new Set([recorded, named])].filter((path) => path !== null);
}

type Ending = Omit<Extract<Judgement, { outcome: 'cancelled' }>, 'outcome'>;

function judgementOf(again: boolean, cancelled: string | null, ending: Ending): Judgement {
  // That it died under the supervisor changes nothing for who did not want it any more.
  if (cancelled !== null) return { outcome: 'cancelled', ...ending, reason: cancelled };
  return again
    ? { outcome: 'interrupted', cause: 'lost', ...ending }
    : { outcome: 'crashed', cause: 'lost', ...ending };
}

/** The end of a log, of both streams as they came, and its whole length. An older Booty, or the job, may have written secrets there. */
function readLogTail(path: string, redactor: Redactor): { readonly tail: Buffer; readonly bytes: number } | null {
  let file: number;
  try {
    file = openUntrusted(path);
  } catch (error) {
    if (errorCode(error) !== null) return null;
    throw error;
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return null; // A job may have put anything in its place.
    const { size } = status;
    const buffer = Buffer.alloc(Math.min(size, tailBytes + maxPatternBytes));
    const length = readSync(file, buffer, 0, buffer.length, Math.max(0, size - buffer.length));
    const clean = Buffer.from(redactor.bytes(buffer.subarray(0, length)));
    // What begins the piece may be the end of a secret.
    return { tail: size > tailBytes ? clean.subarray(-tailBytes) : clean, bytes: size };
  } finally {
    closeSync(file);
  }
}
