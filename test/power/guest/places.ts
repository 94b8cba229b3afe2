import type { Place } from '../evidence.ts';

export const root = '/booty';

export const directories: Readonly<Record<Place, string>> = {
  incoming: `${root}/spool/incoming`,
  claimed: `${root}/spool/incoming/.claimed`,
  rejected: `${root}/spool/rejected`,
  outcomes: `${root}/spool/outcomes`,
  outbox: `${root}/lib/outbox`,
};

export const ledgerPath = `${root}/lib/ledger.db`;

/** In memory: the marks of the jobs witness the order of things until the next cut, and no longer. */
export const marksPath = '/run/marks';
