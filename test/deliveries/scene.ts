import type { Report, ReportTarget } from '../../src/job/report.ts';
import type { ReportPolicy } from '../../src/job/report-policy.ts';
import { instant, milliseconds } from '../../src/job/units.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { Commands } from '../../src/report/command.ts';
import type { Deliverer, Delivery } from '../../src/report/delivery.ts';
import { Webhooks } from '../../src/report/webhook.ts';
import { type Deliverers, Deliveries } from '../../src/supervise/deliveries.ts';
import type { Routes } from '../../src/supervise/routes.ts';
import { Waiting } from '../harness/waiting.ts';
import { claimOne, drop, finishOf, idOf, specOf } from '../schedule/jobs.ts';

export const webhookTo = (url: string, timeoutMs = 1000): ReportTarget => ({
  kind: 'webhook',
  url,
  secret: null,
  timeoutMs: milliseconds(timeoutMs),
});

export const commandOf = (...argv: readonly [string, ...string[]]): ReportTarget => ({
  kind: 'command',
  argv,
  timeoutMs: milliseconds(10_000),
});

export const reportTo = (target: ReportTarget, askedBy: Report['askedBy'] = 'configuration'): Report => ({
  target,
  on: ['crashed'],
  askedBy,
});

/** Ends a job that crashed, and names these. */
export async function crash(
  ledger: Ledger,
  id: string,
  reports: readonly Report[],
  endedAt = Date.now(),
): Promise<void> {
  const { spec, ...rest } = drop(id);
  await ledger.accept([{ ...rest, spec: { ...spec, report: reports } }], instant(endedAt - 1000));
  const finish = finishOf('crashed', { endedAt: instant(endedAt) });
  await ledger.finish(await claimOne(ledger), finish);
}

/** Many at once. */
export async function crashAll(ledger: Ledger, ids: readonly string[], reports: readonly Report[]): Promise<void> {
  const now = instant(Date.now());
  const drops = ids.map((id) => ({ ...drop(id), spec: { ...specOf(id), report: reports } }));
  await ledger.accept(drops, now);
  const claims = await ledger.claim('pipeline', ids.length, now);
  await Promise.all(claims.map((claim) => ledger.finish(claim, finishOf('crashed', { endedAt: now }))));
  await Promise.all(ids.map((id) => ledger.reported(idOf(id))));
}

export const everything: ReportPolicy = {
  webhooks: ['http://127.0.0.1', 'http://localhost'],
  github: [],
  commands: 'allow',
  secrets: [],
};

export interface LoopOptions {
  readonly policy?: ReportPolicy;
  readonly delays?: readonly number[];
  readonly routes?: Routes;
  readonly webhook?: (attempt: {
    readonly id: string;
    readonly number: number;
    readonly signal: AbortSignal;
  }) => Promise<Delivery>;
  /** Where commands find their input. */
  readonly directory?: string;
}

/** The loop that makes reports, as a supervisor has it, and what it says. */
export class Loop implements AsyncDisposable {
  readonly events: JournalEvent[] = [];
  readonly deliveries: Deliveries;
  readonly #waiting = new Waiting();

  constructor(ledger: Ledger, options: LoopOptions = {}) {
    const { policy = everything, delays, routes, directory = '/nonexistent', webhook } = options;
    const nobody: Deliverer<unknown> = { deliver: () => Promise.reject(new Error('not here')) };
    const deliverers: Deliverers = {
      webhook: webhook ? { deliver: (_record, _target, attempt) => webhook(attempt) } : new Webhooks(() => null),
      command: new Commands({ machine: { PATH: '/usr/bin:/bin' }, outcomes: directory, directory }),
      github: nobody,
    };
    const emit = (event: JournalEvent): void => {
      this.events.push(event);
      this.#waiting.notify();
    };
    const parts = { ledger: ledger.deliveries, deliverers, policy, redactor: new Redactor(), emit };
    this.deliveries = new Deliveries({ ...parts, ...(delays ? { delays } : {}), ...(routes ? { routes } : {}) });
  }

  /** Events of a kind, once there are at least so many. */
  told<Kind extends JournalEvent['kind']>(
    kind: Kind,
    count = 1,
    timeoutMs = 20_000,
  ): Promise<readonly Extract<JournalEvent, { kind: Kind }>[]> {
    const find = () => {
      const found = this.toldOf(kind);
      return found.length >= count ? found : null;
    };
    const state = (): string => JSON.stringify(this.events.slice(-5));
    return this.#waiting.until(`${count} ${kind}`, find, { timeoutMs, state });
  }

  toldOf<Kind extends JournalEvent['kind']>(kind: Kind): readonly Extract<JournalEvent, { kind: Kind }>[] {
    return this.events.filter((event): event is Extract<JournalEvent, { kind: Kind }> => event.kind === kind);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.deliveries[Symbol.asyncDispose]();
  }
}
