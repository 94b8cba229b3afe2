import { setTimeout as sleep } from 'node:timers/promises';
import type { PathChoices } from '../config/paths.ts';
import { History } from '../ledger/history.ts';
import { supervisorHolding } from '../ledger/lock.ts';
import { exitStatus } from './exit-status.ts';
import { findPlace, type Place } from './place.ts';
import { demandSupervisor, signalSupervisor } from './signal.ts';
import { note, print } from './terminal.ts';

export interface DrainOptions extends PathChoices {
  readonly now?: boolean | undefined;
}

const pollMs = 200;

/**
 * Has the supervisor stop: no job is started any more, running ones finish within `drain.limit`, and what is interrupted
 * runs again after the next start. Resolves once it has gone.
 * @throws BootyError NO_SUPERVISOR, NOT_PERMITTED
 */
export async function drain(options: DrainOptions): Promise<number> {
  const place = findPlace(options);
  const supervisor = demandSupervisor(place, 'systemctl stop booty');
  const { pid } = supervisor;
  signalSupervisor(supervisor, 'SIGTERM');
  if (options.now) {
    // The second one counts as such only once the first was seen.
    await sleep(pollMs);
    if (supervisorHolding(place.paths.lock) === pid) signalSupervisor(supervisor, 'SIGTERM');
  }
  process.once('SIGINT', () => {
    note('the supervisor goes on draining; booty drain --now hurries it');
    process.exit(exitStatus.interrupted);
  });
  for (let told = ''; supervisorHolding(place.paths.lock) === pid; await sleep(pollMs)) {
    const progress = `draining: ${running(place)} running`;
    if (progress !== told) note(progress);
    told = progress;
  }
  const { waiting, unfinished } = countsOf(place);
  print(`stopped; ${waiting + unfinished} waiting for the next start`);
  return exitStatus.succeeded;
}

const running = (place: Place): number => countsOf(place).unfinished;

/** `unfinished`: still recorded as running. */
function countsOf(place: Place): { readonly waiting: number; readonly unfinished: number } {
  using history = new History(place.paths.ledger);
  const { waiting = 0, running: unfinished = 0 } = history.openCounts();
  return { waiting, unfinished };
}
