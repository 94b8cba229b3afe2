import { BootyError } from '../job/error.ts';
import { parseKnownId } from '../job/id.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import { History, type JobDetails } from '../ledger/history.ts';
import type { Dropped } from './drop.ts';
import type { Place } from './place.ts';

/** The job that a person names by its id, or by a beginning of it that no other has. @throws BootyError JOB_UNKNOWN, LEDGER_MISSING */
export function findJob(history: History, id: string): JobDetails {
  const found = parseKnownId(id) === null ? { candidates: [] } : history.find(id);
  if (!('candidates' in found)) return found;
  if (found.candidates.length > 0) {
    throw new BootyError('JOB_UNKNOWN', `${id} could be ${found.candidates.join(', ')}`, { hint: 'type more of it' });
  }
  throw new BootyError('JOB_UNKNOWN', `no job ${JSON.stringify(id.slice(0, 140))}`, {
    hint: 'booty list shows the newest; a refused file is in the spool, in rejected/',
  });
}

/** Whether the ledger has this very drop. False where this user may not read it. */
export function isKnown(place: Place, id: string, dropped: Dropped): boolean {
  try {
    using history = new History(place.paths.ledger);
    const found = history.find(id);
    return !('candidates' in found) && found.fileName === dropped.fileName;
  } catch (error) {
    if (error instanceof BootyError) return false;
    throw error;
  }
}

/** The outcome of an ended job as the ledger has it. Null where it has not ended, or this user may not read the ledger. */
export function recordInLedger(place: Place, id: string): OutcomeRecord | null {
  try {
    using history = new History(place.paths.ledger);
    const found = history.find(id);
    return 'candidates' in found || found.id !== id ? null : found.record;
  } catch (error) {
    if (error instanceof BootyError) return null;
    throw error;
  }
}
