import { existsSync } from 'node:fs';
import type { Paths } from '../config/paths.ts';
import type { Telemetry } from '../config/telemetry.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import { type ResumePoint, resumePoint } from '../job/step.ts';
import type { Emit } from '../journal/event.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AttemptInputs, VerifierFiles } from '../run/environment.ts';
import { needsText } from '../run/needs.ts';
import type { AttemptSettings } from '../run/step-run.ts';
import { type JobPlace, makeWorkdir, replaceFile } from '../run/workdir.ts';
import type { Claim } from '../schedule/queue.ts';
import { tidyForResumeOrTell, tidyOrTell } from './tidying.ts';

interface Parts {
  readonly paths: Pick<Paths, 'jobs'>;
  readonly emit: Emit;
  readonly ledger: Pick<Ledger, 'attemptsOf' | 'endedRecord' | 'verifying'>;
  readonly telemetry: Pick<Telemetry, 'release' | 'environment'>;
  readonly settings: Pick<AttemptSettings, 'directories' | 'redactor'>;
}

/**
 * Puts the files of a job in order for its next attempt, and gathers what that begins with.
 * @throws LedgerRefusal, or the system's error
 */
export function begin(
  { job, attempt }: Claim,
  place: JobPlace,
  verifier: VerifierFiles | null,
  parts: Parts,
): AttemptInputs {
  const resume = attempt > 1 ? resumeOf({ job, attempt }, place, parts) : null;
  // Whoever died after the last attempt may not have come to remove its files.
  if (resume) tidyForResumeOrTell(parts, job);
  else if (existsSync(place.directory)) tidyOrTell(parts, job, false);
  const { needs } = job.spec;
  return {
    before: resume?.before ?? [],
    outputs: tellPipeline(job.pipelineId, place, verifier, parts)?.outputs ?? {},
    needs: needs.length === 0 ? null : needsText(needs, (id) => parts.ledger.endedRecord(id)),
  };
}

/** Only the attempt right before this one left what is in the working directory now; where that is gone, nothing can be gone on from. */
function resumeOf(
  { job, attempt }: Pick<Claim, 'job' | 'attempt'>,
  place: JobPlace,
  { ledger }: Parts,
): ResumePoint | null {
  if (job.spec.resumeFrom === 'first-step' || job.pipelineId !== null || !existsSync(place.workdir)) return null;
  const last = ledger.attemptsOf(job.id).at(-1);
  return last?.attempt === attempt - 1 ? resumePoint(job.spec, last.steps) : null;
}

/** A verifier finds the outcome-to-be of its pipeline in a file. */
function tellPipeline(
  id: Claim['job']['pipelineId'],
  place: JobPlace,
  verifier: VerifierFiles | null,
  { ledger, telemetry, settings }: Parts,
): OutcomeRecord | null {
  const pipeline = id === null ? null : ledger.verifying(id);
  if (!pipeline || !verifier) return null;
  const record: OutcomeRecord = settings.redactor.deep({
    ...pipeline,
    release: telemetry.release,
    environment: telemetry.environment,
  });
  makeWorkdir(place, settings.directories);
  replaceFile(verifier.outcomePath, `${JSON.stringify(record, null, 2)}\n`, 0o666);
  return record;
}
