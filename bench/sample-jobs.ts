import { setTimeout as sleep } from 'node:timers/promises';
import { syncPaceMs } from '../src/disk/durable.ts';
import type { DropToken, JobId } from '../src/job/id.ts';
import { noLimits } from '../src/job/limits.ts';
import { type JobDefaults, parseJobFile } from '../src/job/parse.ts';
import { defaultReportPolicy } from '../src/job/report-policy.ts';
import { bytes, instant, milliseconds } from '../src/job/units.ts';
import type { Acceptable, Finish } from '../src/schedule/queue.ts';

/* What a ledger that is measured by itself is given. */

const defaults: JobDefaults = {
  timeoutMs: milliseconds(3_600_000),
  outputMaxBytes: bytes(1024),
  limits: noLimits,
  isolation: null,
  reports: { always: [], policy: defaultReportPolicy },
};
export const now = instant(Date.UTC(2026, 10, 24));
export const origin = { release: null, environment: 'bench', jitter: 0 };
export const success: Finish = {
  ...origin,
  judgement: { outcome: 'succeeded' },
  capture: null,
  endedAt: now,
  durationMs: 1,
  usage: null,
  outputs: {},
  logBytes: 0,
  again: false,
  retryAt: null,
};

/** Resolves when a transaction waits for no sync but its own: one that came right after another would share the next one, however little it costs. */
export const alone = (): Promise<void> => sleep(2 * syncPaceMs);

/** A job file as it would be dropped. */
export function acceptable(job: { readonly id: string } & Record<string, unknown>): Acceptable {
  const parsed = parseJobFile(
    { fileName: `${job.id}.json`, content: Buffer.from(JSON.stringify(job)), executable: false },
    defaults,
  );
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  const drop = { fileName: `${job.id}.json`, token: job.id as DropToken, droppedAt: now, uid: 0 };
  return { id: job.id as JobId, spec: parsed.value.spec, drop };
}
