import type { Paths } from '../config/paths.ts';
import { errorCode } from '../disk/durable.ts';
import type { JobId } from '../job/id.ts';
import type { Job } from '../job/job.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import type { Emit } from '../journal/event.ts';
import type { AttemptSettings } from '../run/step-run.ts';
import { tidy, tidyForResume } from '../run/workdir.ts';
import type { Finished } from '../schedule/queue.ts';
import { messageOf } from './troubles.ts';

interface Parts {
  readonly paths: Pick<Paths, 'jobs'>;
  readonly emit: Emit;
  readonly settings: Pick<AttemptSettings, 'directories'>;
}

/** Removes what an attempt needed. A disk that refuses must not undo an end that is in the ledger. */
export const tidyOrTell = (parts: Parts, job: Pick<Job, 'id' | 'pipelineId'>, ended: boolean): void =>
  orTell(parts, job, () => tidy(parts.paths.jobs, job.id, job.pipelineId, ended, parts.settings.directories));

/** The same where the next attempt goes on from it. */
export const tidyForResumeOrTell = (parts: Parts, job: Pick<Job, 'id'>): void =>
  orTell(parts, job, () => tidyForResume(parts.paths.jobs, job.id));

function orTell({ emit }: Parts, { id }: Pick<Job, 'id'>, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errorCode(error) === null) throw error;
    emit({ kind: 'workdir.left', id, error: messageOf(error) });
  }
}

/** The same for a job that has ended, by its record. */
export const tidyEnded = (parts: Parts, { id, pipelineId }: Pick<OutcomeRecord, 'id' | 'pipelineId'>): void =>
  tidyOrTell(parts, { id: id as JobId, pipelineId: pipelineId as JobId | null }, true);

/**
 * Removes what an attempt leaves that is not the job's last, before the ledger knows of its end: from then on the next one may
 * begin, whose files are made in the same place. @param resumes whether that goes on from this one
 */
export function tidyBeforeNext(parts: Parts, job: Job, resumes = false): void {
  if (resumes) tidyForResumeOrTell(parts, job);
  else tidyOrTell(parts, job, false);
}

/** Removes what nobody needs any more once the end is in the ledger. What a pipeline that runs again finds, it removes itself. */
export function tidyAfter(parts: Parts, finished: Finished): void {
  switch (finished.kind) {
    case 'ended':
      for (const record of finished.records) tidyEnded(parts, record);
      return;
    // A pipeline's workdir is its verifiers' next.
    case 'verifying':
    case 'waiting':
    case 'stale':
      return;
  }
}
