import type { PathChoices } from '../config/paths.ts';
import { BootyError } from '../job/error.ts';
import { awaitTaking, drop, supervisorPid } from './drop.ts';
import { isKnown } from './lookup.ts';
import { findSoundPlace, type Place } from './place.ts';
import { type DropOptions, type JobSource, type ReadJob, readJob } from './read-job.ts';
import { note, print, printJson } from './terminal.ts';

export interface SubmitOptions extends PathChoices, DropOptions {
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Drops one job and tells its id on stdout. @throws BootyError JOB_REFUSED, SPOOL_MISSING, SPOOL_NOT_WRITABLE */
export async function submit(source: JobSource, options: SubmitOptions): Promise<void> {
  const place = findSoundPlace(options);
  const job = readJob(source, options, place);
  if (options.dryRun) return tryOut(job, place, options);
  const dropped = drop(job, place);
  const pid = supervisorPid(place);
  const taking = pid === null ? 'waiting' : await awaitTaking(dropped, place, () => isKnown(place, job.id, dropped));
  if (typeof taking === 'object') throw new BootyError('JOB_REFUSED', taking.message, { hint: taking.hint });
  if (options.json) printJson({ id: job.id, state: taking === 'taken' ? 'accepted' : 'dropped' });
  else print(job.id);
  if (taking === 'waiting')
    note('booty: no supervisor has taken it yet; it is safe in the spool, and runs once one does');
}

/** Prints what would be dropped; beside it, what the supervisor would make of it, for whoever asks. @throws BootyError JOB_REFUSED */
async function tryOut({ id, content }: ReadJob, place: Place, { json }: SubmitOptions): Promise<void> {
  const file = { fileName: `${id}.json`, content: Buffer.from(content), executable: false };
  const { describeExplanation, explain } = await import('./explain.ts');
  const [explanation] = await explain([{ path: 'the job', file }], place, undefined);
  if (!explanation) throw new Error('one file, and nothing to say of it');
  if (json) printJson({ ...explanation, file: JSON.parse(content) as unknown });
  else {
    print(content);
    note(describeExplanation(explanation));
  }
  const [first] = explanation.refusals;
  if (first) throw new BootyError('JOB_REFUSED', first.message, { hint: first.hint });
}
