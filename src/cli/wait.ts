import { setTimeout as sleep } from 'node:timers/promises';
import type { PathChoices } from '../config/paths.ts';
import { BootyError } from '../job/error.ts';
import { idFor } from './control.ts';
import { supervisorPid } from './drop.ts';
import { exitStatus, statusOfOutcome } from './exit-status.ts';
import { readOutcome } from './follow.ts';
import { describeOutcome } from './outcome-text.ts';
import { findPlace, type Place } from './place.ts';
import { note, printJson } from './terminal.ts';

export interface WaitOptions extends PathChoices {
  readonly json?: boolean | undefined;
}

const pollMs = 100;
/** What was submitted just now has still to be taken: for so long an id may be unknown. */
const takingLimitMs = 5000;

/** Resolves with the exit status of a job's outcome, once it has one. @throws BootyError JOB_UNKNOWN, NO_SUPERVISOR */
export async function wait(id: string, options: WaitOptions): Promise<number> {
  const place = findPlace(options);
  const whole = await takenId(place, id);
  process.on('SIGINT', () => process.exit(exitStatus.interrupted));
  for (let isFirst = true; ; isFirst = false) {
    const outcome = readOutcome(place, whole);
    if (outcome) {
      if (options.json) printJson(outcome);
      note(`booty: ${describeOutcome(outcome)}`);
      return statusOfOutcome(outcome.outcome);
    }
    if (isFirst && supervisorPid(place) === null)
      throw new BootyError('NO_SUPERVISOR', `${whole} has not ended, and no supervisor runs at ${place.paths.state}`, {
        hint: 'start one: systemctl start booty, or booty supervise',
      });
    await sleep(pollMs);
  }
}

async function takenId(place: Place, id: string): Promise<string> {
  for (const began = performance.now(); ; await sleep(pollMs)) {
    try {
      return idFor(place, id);
    } catch (error) {
      if (supervisorPid(place) === null || performance.now() > began + takingLimitMs) throw error;
    }
  }
}
