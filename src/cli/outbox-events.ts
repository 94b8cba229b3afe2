import { createInterface } from 'node:readline/promises';
import { errorCode } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import { instant, timestamp } from '../job/units.ts';
import { eventIn } from '../outbox/envelope.ts';
import { type Listed, listEnvelopes, readEnvelope } from '../outbox/listing.ts';
import { jobIdIn, standsFor, titleOf } from '../outbox/summary.ts';

/** An event of the outbox as people look for it. */
export interface ListedEvent {
  readonly eventId: string;
  readonly storedAt: string;
  readonly ageMs: number;
  readonly bytes: number;
  readonly group: string;
  readonly jobId: string | null;
  readonly title: string;
  /** For how many crashes it stands. */
  readonly crashes: number;
}

export function describeListed(listed: Listed): ListedEvent {
  const { eventId, storedAtMs, bytes, group } = listed;
  const envelope = readEnvelope(listed);
  const event = envelope && eventIn(envelope);
  return {
    eventId,
    storedAt: timestamp(instant(storedAtMs)),
    ageMs: Math.max(0, Date.now() - storedAtMs),
    bytes,
    group,
    jobId: jobIdIn(event),
    title: event ? titleOf(event) : 'cannot be read',
    crashes: standsFor(event),
  };
}

/** The one event whose id begins so. @throws BootyError EVENT_UNKNOWN, NOT_PERMITTED */
export function findEvent(all: readonly Listed[], id: string, where = 'the outbox'): Listed {
  const wanted = id.toLowerCase();
  const found = /^[0-9a-f]{1,32}$/.test(wanted) ? all.filter(({ eventId }) => eventId.startsWith(wanted)) : [];
  const [first, ...others] = found;
  if (!first)
    throw new BootyError('EVENT_UNKNOWN', `no event ${JSON.stringify(id.slice(0, 40))} in ${where}`, {
      hint: 'booty outbox list shows them; what is not there was delivered, counted or dropped',
    });
  if (others.some(({ eventId }) => eventId !== first.eventId))
    throw new BootyError(
      'EVENT_UNKNOWN',
      `${id} could be ${found
        .slice(0, 5)
        .map(({ eventId }) => eventId)
        .join(', ')}`,
      { hint: 'type more of it' },
    );
  return first;
}

/** Does something with the directory of the outbox. @throws BootyError NOT_PERMITTED */
export function permitted<Result>(outbox: string, command: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new BootyError('NOT_PERMITTED', `this user may not look into ${outbox}, or not change it`, {
      hint: `as root: ${command}`,
      cause: error,
    });
  }
}

export const listPermitted = (outbox: string, command: string): readonly Listed[] =>
  permitted(outbox, command, () => listEnvelopes(outbox));

/** Asks a person at a terminal. @throws BootyError USAGE where there is none */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new BootyError('USAGE', `${question} Nobody is there to be asked`, { hint: 'say --yes' });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
