import { Counts } from '../outbox/counts.ts';
import { type DeliveryFailing, DeliveryState } from '../outbox/delivery-state.ts';
import { type Dropped, DropRecord } from '../outbox/drop-record.ts';
import { type Listed, listEnvelopes } from '../outbox/listing.ts';

interface Size {
  readonly count: number;
  readonly bytes: number;
  readonly oldestMs: number | null;
}

export interface OutboxTotals {
  readonly waiting: Size;
  readonly dead: Size;
  /** Crashes that were counted, and that an event is still to tell of. */
  readonly untold: number;
  /** The newest last. */
  readonly dropped: readonly Dropped[];
  /** Null where deliveries go well, as far as it is known. */
  readonly failing: DeliveryFailing | null;
}

/** Reads the whole outbox beside whoever writes to it. @throws the system's error */
export function readOutbox(outbox: string): OutboxTotals & { readonly envelopes: readonly Listed[] } {
  const envelopes = listEnvelopes(outbox);
  return {
    envelopes,
    waiting: sizeOf(envelopes.filter(({ isDead }) => !isDead)),
    dead: sizeOf(envelopes.filter(({ isDead }) => isDead)),
    untold: new Counts(outbox, () => undefined).untold,
    dropped: new DropRecord(outbox).read(),
    failing: new DeliveryState(outbox).read(),
  };
}

const sizeOf = (envelopes: readonly Listed[]): Size => ({
  count: envelopes.length,
  bytes: envelopes.reduce((total, { bytes }) => total + bytes, 0),
  oldestMs: envelopes.reduce<number | null>(
    (oldest, { storedAtMs }) => Math.min(oldest ?? storedAtMs, storedAtMs),
    null,
  ),
});
