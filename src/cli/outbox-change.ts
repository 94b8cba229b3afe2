import { userInfo } from 'node:os';
import type { PathChoices } from '../config/paths.ts';
import { BootyError } from '../job/error.ts';
import { type Listed, putBack, removeEnvelope } from '../outbox/listing.ts';
import { confirm, findEvent, listPermitted, permitted } from './outbox-events.ts';
import { findPlace } from './place.ts';
import { note, print } from './terminal.ts';

export interface ChangeOptions extends PathChoices {
  readonly all?: boolean | undefined;
}

export interface DropOptions extends ChangeOptions {
  readonly dead?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

/** Puts events that were given up among those that wait. @throws BootyError EVENT_UNKNOWN, NOT_PERMITTED, USAGE */
export function outboxRetry(ids: readonly string[], options: ChangeOptions): void {
  const { outbox } = findPlace(options).paths;
  const command = 'booty outbox retry';
  const all = listPermitted(outbox, command);
  const waiting = new Set(all.flatMap(({ eventId, isDead }) => (isDead ? [] : [eventId])));
  const chosen = choose(
    ids,
    all.filter(({ isDead }) => isDead),
    options,
    'dead/: only what was given up can be tried again',
  );
  const done = chosen.filter((listed) =>
    permitted(outbox, command, () =>
      // It waits already: the other one is the same event.
      waiting.has(listed.eventId) ? removeEnvelope(outbox, listed, 'the same event waits') : putBack(outbox, listed),
    ),
  );
  print(`${events(done.length)} will be sent again`);
}

/** Removes events for good. @throws BootyError EVENT_UNKNOWN, NOT_PERMITTED, USAGE */
export async function outboxDrop(ids: readonly string[], options: DropOptions): Promise<void> {
  const { outbox } = findPlace(options).paths;
  const command = 'booty outbox drop';
  const all = listPermitted(outbox, command);
  const chosen = choose(
    ids,
    all.filter(({ isDead }) => !options.dead || isDead),
    options,
    options.dead ? 'dead/' : 'the outbox',
  );
  if (chosen.length === 0) {
    print('nothing to drop');
    return;
  }
  if (
    !options.yes &&
    !(await confirm(`Drop ${events(chosen.length)}? Sentry will never get ${chosen.length === 1 ? 'it' : 'them'}.`))
  ) {
    note('nothing was dropped');
    return;
  }
  const who = `dropped by ${userInfo().username}`;
  const done = chosen.filter((listed) => permitted(outbox, command, () => removeEnvelope(outbox, listed, who)));
  print(`${events(done.length)} dropped`);
}

function choose(ids: readonly string[], from: readonly Listed[], { all }: ChangeOptions, where: string): Listed[] {
  if ((all === true) === ids.length > 0)
    throw new BootyError('USAGE', all ? 'ids, or --all: not both' : 'no event is named', {
      hint: 'booty outbox list shows their ids; --all takes all of them',
    });
  return all ? [...from] : [...new Set(ids.map((id) => findEvent(from, id, where)))];
}

const events = (count: number): string => `${count} event${count === 1 ? '' : 's'}`;
