import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, writeDurablySync } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { makeDropToken } from '../job/id.ts';
import { instant } from '../job/units.ts';
import { supervisorHolding } from '../ledger/lock.ts';
import type { Reason } from '../spool/refuse.ts';
import type { Place } from './place.ts';

/** A job on its way into the spool. */
export interface Dropped {
  readonly id: string;
  readonly fileName: string;
}

/**
 * Puts a job into the spool, durably and at once.
 * @param fileName default: a name of its own for each drop, so that its refusal is known from another's
 * @throws BootyError SPOOL_MISSING, SPOOL_NOT_WRITABLE
 */
export function drop(
  job: { readonly id: string; readonly content: string },
  place: Place,
  fileName = `${job.id}.${makeDropToken(instant(Date.now()))}.json`,
): Dropped {
  const { incoming } = place.paths;
  try {
    writeDurablySync(join(incoming, fileName), job.content, { mode: 0o640 });
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    if (code === 'ENOENT') {
      throw new BootyError('SPOOL_MISSING', `no spool at ${place.paths.spool}`, {
        hint: 'start a supervisor there (booty supervise), or name the right place with --root or BOOTY_ROOT',
        cause: error,
      });
    }
    throw new BootyError('SPOOL_NOT_WRITABLE', `cannot write to ${incoming} (${code})`, {
      hint:
        code === 'EACCES'
          ? 'ask to be made a member of the group booty: usermod -aG booty USER, then log in again'
          : 'check the disk and the mount',
      cause: error,
    });
  }
  return { id: job.id, fileName };
}

/** The supervisor that takes what is dropped here; null where none runs, `hidden` where this user may not know. */
export const supervisorPid = (place: Place): number | 'hidden' | null => {
  try {
    return supervisorHolding(place.paths.lock);
  } catch (error) {
    if (errorCode(error) !== null) return 'hidden';
    throw error;
  }
};

const pollMs = 10;
const takenLimitMs = 3000;
const refusalLimitMs = 250;

/**
 * Waits until a supervisor has taken the file, a few seconds at most. The refusal, where it refused; `taken`; or `waiting`,
 * where the file still lies there.
 */
export async function awaitTaking(
  dropped: Dropped,
  place: Place,
  isAccepted: () => boolean,
): Promise<Reason | 'taken' | 'waiting'> {
  const { incoming, rejected } = place.paths;
  const began = performance.now();
  let gone: number | null = null;
  while (performance.now() - began < takenLimitMs) {
    if (gone === null && !existsSync(join(incoming, dropped.fileName))) gone = performance.now();
    if (gone !== null) {
      const refusal = readReason(join(rejected, `${dropped.fileName}.reason.json`));
      if (refusal) return refusal;
      if (isAccepted() || performance.now() - gone > refusalLimitMs) return 'taken';
    }
    await sleep(pollMs);
  }
  return gone === null ? 'waiting' : 'taken';
}

function readReason(path: string): Reason | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Reason;
  } catch (error) {
    if (errorCode(error) !== null) return null;
    throw error;
  }
}
