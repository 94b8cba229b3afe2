import assert from 'node:assert/strict';
import { mkdirSync, mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashLimits } from '../../src/config/config.ts';
import { CrashCapture } from '../../src/crash/capture.ts';
import type { Crash } from '../../src/crash/crash.ts';
import type { CaptureRecord, CaptureState } from '../../src/job/outcome.ts';
import { bytes, milliseconds } from '../../src/job/units.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import { Delivery } from '../../src/outbox/delivery.ts';
import { envelopeEndpoint } from '../../src/outbox/endpoint.ts';
import { Outbox } from '../../src/outbox/outbox.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { Storms } from '../../src/supervise/storms.ts';
import { crashOf, jobOf } from '../crash/crashes.ts';
import type { SentryEvent } from '../harness/envelope.ts';

/** A directory for an outbox, on whatever TMPDIR is. */
export function outboxDirectory(): Disposable & { readonly path: string } {
  const directory = mkdtempDisposableSync(join(tmpdir(), 'booty-storm-'));
  const path = join(directory.path, 'outbox');
  mkdirSync(path);
  return { path, [Symbol.dispose]: () => directory.remove() };
}

export interface StormOptions {
  readonly path: string;
  readonly limits?: Partial<CrashLimits>;
  readonly maxBytes?: number;
  readonly dsn?: string;
  readonly sampleRate?: number;
  readonly onState?: (failure: unknown) => void;
}

/** What a supervisor has of it: an outbox, the limiter before it, and the delivery where there is a DSN that answers. */
export class Storm implements AsyncDisposable {
  readonly outbox: Outbox;
  readonly storms: Storms;
  readonly told: JournalEvent[] = [];
  readonly #delivery: Delivery | null;

  constructor({ path, limits = {}, maxBytes = 256 * 1024 ** 2, dsn, sampleRate = 1, onState }: StormOptions) {
    this.outbox = new Outbox(path, { maxBytes: bytes(maxBytes), maxAgeMs: milliseconds(86_400_000) }, onState);
    this.#delivery = dsn === undefined ? null : new Delivery(this.outbox, envelopeEndpoint(dsn), () => undefined);
    const telemetry = {
      kind: 'on',
      dsn: dsn ?? 'https://abc@sentry.example/7',
      sampleRate,
      release: 'shop@1',
      environment: 'test',
    } as const;
    const all = { burst: 10, windowMs: milliseconds(60_000), maxPerHour: 300, ...limits };
    this.storms = new Storms(new CrashCapture(telemetry, this.outbox, new Redactor()), this.outbox, all, (event) =>
      this.told.push(event),
    );
  }

  capture(crash: Crash): Promise<CaptureRecord> {
    return this.storms.captureCrash(crash);
  }

  /** As a supervisor with a hundred slots does. */
  async captureAll(crashes: readonly Crash[]): Promise<readonly CaptureRecord[]> {
    const records: CaptureRecord[] = [];
    for (let at = 0; at < crashes.length; at += 100)
      records.push(...(await Promise.all(crashes.slice(at, at + 100).map((crash) => this.capture(crash)))));
    return records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.storms[Symbol.asyncDispose]();
    await this.#delivery?.[Symbol.asyncDispose]();
  }
}

/** The crash of one of many jobs, of the bug of that number. */
export const crashNumber = (index: number, bug = 0): Crash =>
  crashOf({
    job: jobOf(`job-${index}`),
    attempt: 1,
    lastLine: `the bug called ${'abcdefghijklmnopqrstuvwxyz'[bug] ?? ''}`,
  });

/** For how many crashes an event stands. */
export const standsFor = (event: SentryEvent): number => Number(event.tags?.repeated ?? 1);

export const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);

/** How many crashes all these events stand for; one that came twice, with the same id, is one. */
export const crashesIn = (events: readonly { readonly id: string; readonly event: SentryEvent }[]): number =>
  sum([...new Map(events.map(({ id, event }) => [id, event])).values()].map(standsFor));

export function countedBy(records: readonly CaptureRecord[]): Partial<Record<CaptureState, number>> {
  const counts: Partial<Record<CaptureState, number>> = {};
  for (const { capture } of records) counts[capture] = (counts[capture] ?? 0) + 1;
  assert.equal(counts.failed, undefined, JSON.stringify(records.find(({ capture }) => capture === 'failed')));
  return counts;
}
