import type { Paths } from '../config/paths.ts';
import { errorCode, isDirectory, probeDirectory } from '../disk/durable.ts';
import { LedgerRefusal, mayPass } from '../ledger/refusal.ts';
import { pause } from './pause.ts';
import type { Troubles } from './troubles.ts';

export interface Patience {
  readonly troubles: Troubles;
  /** To systemd. */
  readonly notify: (state: string) => void;
  readonly stopAsked: AbortSignal;
}

const retryMs = 2000;
/** So long systemd waits without another word from us. */
const extendUsec = 30_000_000;

/** A large ledger is read through, or migrated, in one go: nothing can be said meanwhile. */
const openingUsec = 15 * 60_000_000;

/** What passes by itself, or when somebody makes room. A read-only disk at the start is how it was set up. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * Opens what a disk without room, or a machine without descriptors, refuses, as soon as it takes it: nobody should have to
 * start a service by hand because a disk was full for a while. What is wrong in another way is thrown at once.
 * @returns null where it was told to stop meanwhile
 */
export async function openPatiently<State>(
  open: () => State,
  paths: Pick<Paths, 'state' | 'spool'>,
  { troubles, notify, stopAsked }: Patience,
): Promise<State | null> {
  notify(`EXTEND_TIMEOUT_USEC=${openingUsec}\nSTATUS=Opening the ledger`);
  while (!stopAsked.aborted) {
    try {
      const state = open();
      troubles.ended('state');
      return state;
    } catch (error) {
      const shortage = shortageBehind(error, paths);
      if (shortage === null) throw error;
      troubles.began('state', shortage);
      notify(`EXTEND_TIMEOUT_USEC=${extendUsec}\nSTATUS=Waiting to start: ${shortage}`);
      await pause(retryMs, stopAsked);
    }
  }
  return null;
}

/** Does at the start what must be done before anything else, as soon as the ledger takes it. Rejects where it was told to stop meanwhile. */
export async function workPatiently(
  work: () => Promise<void>,
  { troubles, notify, stopAsked }: Patience,
): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LedgerRefusal) || stopAsked.aborted) throw error;
      notify(`EXTEND_TIMEOUT_USEC=${extendUsec}\nSTATUS=Waiting to start; trouble with ${troubles.status}`);
      await pause(retryMs, stopAsked);
    }
  }
}

/** What the system says of the disk when asked plainly: SQLite only says that it cannot open a file. */
function shortageBehind(error: unknown, paths: Pick<Paths, 'state' | 'spool'>): string | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (passing.has(errorCode(cause) ?? '') || mayPass(cause)) return cause.message;
  for (const path of [paths.state, paths.spool].filter(isDirectory)) {
    try {
      probeDirectory(path);
    } catch (refusal) {
      if (refusal instanceof Error && passing.has(errorCode(refusal) ?? '')) return refusal.message;
    }
  }
  return null;
}
