import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PathChoices } from '../config/paths.ts';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { History } from '../ledger/history.ts';
import { logPath, placeOf } from '../run/workdir.ts';
import { LogFollower, printLogFile, readOutcome } from './follow.ts';
import { findJob } from './lookup.ts';
import { findPlace } from './place.ts';
import { note } from './terminal.ts';

export interface LogsOptions extends PathChoices {
  readonly attempt?: number | undefined;
  readonly follow?: boolean | undefined;
}

/** What a job printed: its last attempt, or the one asked for. @throws BootyError JOB_UNKNOWN, LEDGER_MISSING */
export async function logs(id: string, options: LogsOptions): Promise<void> {
  const place = findPlace(options);
  using history = new History(place.paths.ledger);
  const job = findJob(history, id);
  if (options.follow) {
    const follower = new LogFollower(place, job.id, job.pipelineId);
    for (;;) {
      const ended = readOutcome(place, job.id) !== null;
      follower.printNew();
      if (ended) return;
      await sleep(50);
    }
  }
  if (options.attempt !== undefined && options.attempt > job.attempt) {
    throw new BootyError('JOB_UNKNOWN', `${job.id} has had ${job.attempt} attempt${job.attempt === 1 ? '' : 's'}`, {
      hint: `booty show ${job.id} lists them`,
    });
  }
  const attempt = options.attempt ?? job.attempt;
  const jobPlace = placeOf(place.paths.jobs, job.id, job.pipelineId);
  const path = logPath(jobPlace, attempt);
  if (existsSync(path)) {
    printLogFile(path);
    return;
  }
  if (existsSync(jobPlace.directory) && !isReadable(jobPlace.directory)) {
    throw new BootyError('STATE_NOT_WRITABLE', `${jobPlace.directory} cannot be read by this user`, {
      hint: 'become a member of the group booty, or root',
    });
  }
  note(job.attempt === 0 ? `${job.id} has not started yet` : `${job.id} printed nothing in attempt ${attempt}`);
}

function isReadable(directory: string): boolean {
  try {
    readdirSync(directory);
    return true;
  } catch (error) {
    if (errorCode(error) !== null) return false;
    throw error;
  }
}
