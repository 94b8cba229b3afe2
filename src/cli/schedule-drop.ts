import { statSync } from 'node:fs';
import type { PathChoices } from '../config/paths.ts';
import { type JobId, jobIdOfElapse } from '../job/id.ts';
import { isJournal } from '../journal/journal.ts';
import { describeEvent } from '../journal/line.ts';
import { History } from '../ledger/history.ts';
import { drop } from './drop.ts';
import { findSoundPlace, type Place } from './place.ts';
import { readJob } from './read-job.ts';
import { demandScheduleName, jobFileOf, readJobOf, refuseOwnId } from './recurring.ts';
import { note, print, printJson } from './terminal.ts';
import { stampOf } from './timer-unit.ts';

export interface ScheduleDropOptions extends PathChoices {
  /** At most once for each elapse of its timer. */
  readonly once?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Drops a recurring job into the spool, and waits for nothing: what the service of its timer runs, and whoever wants it now.
 * With `once` its id is that of the elapse: however often that one is repeated, the job runs once.
 * @throws BootyError SCHEDULE_UNKNOWN, JOB_REFUSED, SPOOL_MISSING, SPOOL_NOT_WRITABLE
 */
export function scheduleDrop(name: string, options: ScheduleDropOptions): void {
  demandScheduleName(name);
  const place = findSoundPlace(options);
  const read = readJobOf(name, place);
  const what = jobFileOf(name, place);
  refuseOwnId(read, what);
  const elapsedAtUs = options.once ? elapseOf(name) : null;
  const id = elapsedAtUs === null ? undefined : jobIdOfElapse(name, elapsedAtUs);
  const job = readJob({ read, what }, { id }, place);
  const known = id !== undefined && isInLedger(place, id);
  // One name for one elapse: where nobody has taken the first, a second takes its place.
  if (!known) drop(job, place, id === undefined ? undefined : `${id}.json`);
  if (options.json) printJson({ id: job.id, state: known ? 'repeated' : 'dropped' });
  else if (isJournal(1, process.env.JOURNAL_STREAM))
    print(describeEvent({ kind: known ? 'recurring.repeated' : 'recurring.dropped', name, id: job.id as JobId }));
  else {
    print(job.id);
    if (known) note('booty: this elapse was dropped already; nothing was done');
  }
}

/** A repetition comes soon after; what is started later, by hand, is a run of its own. */
const repetitionLimitMs = 5 * 60_000;

/**
 * When its timer elapsed, in microseconds since 1970: systemd writes it down as the time of a file for every timer with
 * Persistent=yes, before it starts the service. (Not TRIGGER_TIMER_REALTIME_USEC: systemd 252 says the first elapse again at
 * each later one, as long as the service stays loaded.) Null where it does not, or did not lately.
 */
function elapseOf(name: string): number | null {
  const status = statSync(stampOf(name), { bigint: true, throwIfNoEntry: false });
  if (!status) return null;
  const elapsedAtUs = Number(status.mtimeNs / 1000n);
  return Math.abs(Date.now() - elapsedAtUs / 1000) < repetitionLimitMs ? elapsedAtUs : null;
}

/** Whatever is wrong with the ledger, the drop must not be lost for it: the supervisor refuses a second one of the same id. */
function isInLedger({ paths }: Place, id: JobId): boolean {
  try {
    using history = new History(paths.ledger);
    const found = history.find(id);
    return !('candidates' in found) && found.id === id;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
