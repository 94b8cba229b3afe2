import type { PathChoices } from '../config/paths.ts';
import { BootyError } from '../job/error.ts';
import type { JobId } from '../job/id.ts';
import { awaitTaking, drop, supervisorPid } from './drop.ts';
import { exitStatus, statusOfOutcome } from './exit-status.ts';
import { follow } from './follow.ts';
import { isKnown } from './lookup.ts';
import { describeOutcome } from './outcome-text.ts';
import { findSoundPlace } from './place.ts';
import { type DropOptions, type JobSource, readJob } from './read-job.ts';
import { note, printJson } from './terminal.ts';

export interface RunOptions extends PathChoices, DropOptions {
  readonly json?: boolean | undefined;
}

/** Submits a job, prints what it prints, and resolves with the exit status of its outcome. @throws BootyError as submit does, and NO_SUPERVISOR */
export async function run(source: JobSource, options: RunOptions): Promise<number> {
  const place = findSoundPlace(options);
  const job = readJob(source, options, place);
  const supervisor = supervisorPid(place);
  if (supervisor === 'hidden') {
    throw new BootyError(
      'NOT_PERMITTED',
      `this user may not look into ${place.paths.state}, and could not see how the job ends`,
      {
        hint: 'as root: usermod --append --groups booty USER, then log in again; or use booty submit',
      },
    );
  }
  if (supervisor === null) {
    throw new BootyError('NO_SUPERVISOR', `no supervisor runs at ${place.paths.state}`, {
      hint: 'start one (systemctl start booty, or booty supervise), or use booty submit: the job then waits in the spool',
    });
  }
  const dropped = drop(job, place);
  process.on('SIGINT', () => {
    note(`\nbooty: ${job.id} goes on without you: booty show ${job.id}`);
    process.exit(exitStatus.interrupted);
  });
  const taking = await awaitTaking(dropped, place, () => isKnown(place, job.id, dropped));
  if (typeof taking === 'object') throw new BootyError('JOB_REFUSED', taking.message, { hint: taking.hint });
  const outcome = await follow(place, job.id as JobId);
  if (options.json) printJson(outcome);
  note(`booty: ${describeOutcome(outcome)}`);
  return statusOfOutcome(outcome.outcome);
}
