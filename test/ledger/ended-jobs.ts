import assert from 'node:assert/strict';
import { instant, milliseconds } from '../../src/job/units.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { retentionBatch } from '../../src/ledger/retention.ts';
import { acceptAll, claimOne, finishOf, idOf, now, type Wish } from '../schedule/jobs.ts';

/** A job that has ended. */
export interface EndedJob {
  readonly id: string;
  /** In milliseconds after {@link now}. */
  readonly at: number;
  readonly wish?: Wish;
  readonly logBytes?: number;
  /** Whether its report is still to be made. */
  readonly owed?: boolean;
}

/** Accepts jobs and ends them, one after the other. A pipeline's verifier ends with it. */
export async function end(ledger: Ledger, ends: readonly EndedJob[]): Promise<void> {
  const reports: Promise<void>[] = [];
  for (const { id, at, wish = {}, logBytes = 0, owed = false } of ends) {
    const finish = finishOf('succeeded', { endedAt: instant(now + at), logBytes });
    await acceptAll(ledger, [id, wish]);
    await ledger.finish(await claimOne(ledger), finish);
    if (wish.verify) await ledger.finish(await claimOne(ledger, 'verifier'), finish);
    const reported = [id, ...(wish.verify ? [`${id}+verify`] : [])];
    if (!owed) reports.push(...reported.map((one) => ledger.reported(idOf(one))));
  }
  // Reports are noted with the next commit, or after a while.
  await Promise.all([...reports, ledger.probe()]);
}

export const forever = { maxAgeMs: milliseconds(Number.MAX_SAFE_INTEGER), maxJobs: Number.MAX_SAFE_INTEGER };
export const upTo = (limits: Partial<typeof forever>) => ({ ...forever, ...limits });

/** All that goes, in order. */
export async function sweep(ledger: Ledger, limits: typeof forever, at: number = now): Promise<string[]> {
  const gone: string[] = [];
  for (;;) {
    const ids = ledger.retention.expired(limits, instant(at));
    if (ids.length === 0) return gone;
    assert.ok(ids.length <= retentionBatch);
    gone.push(...ids);
    await ledger.retention.forget(ids);
  }
}
