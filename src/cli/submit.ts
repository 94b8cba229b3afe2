import type { PathChoices } from '../config/paths.ts';
import { BootyError } from '../job/error.ts';
import { awaitTaking, type DropOptions, drop, type JobSource, readJob, supervisorPid } from './drop.ts';
import { isKnown } from './lookup.ts';
import { findSoundPlace } from './place.ts';
import { note, print, printJson } from './terminal.ts';

export interface SubmitOptions extends PathChoices, DropOptions {
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Drops one job and tells its id on stdout. @throws BootyError JOB_REFUSED, SPOOL_MISSING, SPOOL_NOT_WRITABLE */
export async function submit(source: JobSource, options: SubmitOptions): Promise<void> {
  const place = findSoundPlace(options);
  const job = readJob(source, options, place);
  if (options.dryRun) {
    print(job.content);
    return;
  }
  const dropped = drop(job, place);
  const pid = supervisorPid(place);
  const taking = pid === null ? 'waiting' : await awaitTaking(dropped, place, () => isKnown(place, job.id, dropped));
  if (typeof taking === 'object') throw new BootyError('JOB_REFUSED', taking.message, { hint: taking.hint });
  if (options.json) printJson({ id: job.id, state: taking === 'taken' ? 'accepted' : 'dropped' });
  else print(job.id);
  if (taking === 'waiting')
    note('booty: no supervisor has taken it yet; it is safe in the spool, and runs once one does');
}
