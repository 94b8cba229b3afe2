import { describeTarget, type ReportKind, type ReportTarget } from '../job/report.ts';
import { forbidden, type ReportPolicy } from '../job/report-policy.ts';
import { type Instant, instant } from '../job/units.ts';
import type { Emit } from '../journal/event.ts';
import type { LedgerDeliveries, OwedDelivery } from '../ledger/deliveries.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';
import type { Redactor } from '../redact/redactor.ts';
import { delaysOf, maxAgeMs, nextTry } from '../report/backoff.ts';
import type { Deliverer, Delivery } from '../report/delivery.ts';
import { pause } from './pause.ts';
import { Routes } from './routes.ts';

export type Deliverers = {
  readonly [Kind in ReportKind]: Deliverer<Extract<ReportTarget, { readonly kind: Kind }>>;
};

export interface DeliveriesParts {
  readonly ledger: LedgerDeliveries;
  readonly deliverers: Deliverers;
  readonly policy: ReportPolicy;
  readonly redactor: Redactor;
  readonly emit: Emit;
  /** In place of those of each kind, and of the clock's, for tests. */
  readonly delays?: readonly number[];
  readonly routes?: Routes;
}

/** Looked again so often, so that a clock that was put forward is noticed. */
const longestWaitMs = 60_000;
/** The same while reports are under way on a route. */
const busyWaitMs = 5000;
/** One that is said to wait longer was put off under another clock. */
const implausibleWaitMs = 25 * 3_600_000;
const implausibleAgainMs = 1000;
/** After the ledger has refused. */
const refusedPauseMs = 2000;
/** How long a stop lets go on what is under way. */
const stopGraceMs = 500;

/**
 * Makes the reports that the ledger owes, for as long as it runs. Nothing waits for it.
 *
 *   owed ──due──▶ under way ──made───▶ made
 *    ▲                │ ├────refused, too often, too old──▶ given up
 *    └────delayed─────┘
 */
export class Deliveries implements AsyncDisposable {
  readonly #parts: DeliveriesParts;
  #policy: ReportPolicy;
  readonly #routes: Routes;
  readonly #underWay = new Map<string, { readonly route: string; readonly work: Promise<void> }>();
  readonly #stopping = new AbortController();
  readonly #leaving = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
    this.#policy = parts.policy;
    this.#routes = parts.routes ?? new Routes();
    parts.ledger.onOwed(() => this.#look());
    this.#look();
  }

  /** From the next try on. */
  setPolicy(policy: ReportPolicy): void {
    this.#policy = policy;
  }

  /** What is not made by then is still owed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort();
    this.#parts.ledger.onOwed(() => undefined);
    if (this.#timer) clearTimeout(this.#timer);
    const all = Promise.all([...this.#underWay.values()].map(({ work }) => work));
    // Where nothing is under way, no timer shall hold up the end of the process.
    const waited = new AbortController();
    await Promise.race([all, pause(stopGraceMs, waited.signal)]);
    waited.abort();
    this.#stopping.abort();
    await all;
  }

  /** Begins whatever is due and has room, and comes back when there will be more. */
  #look(): void {
    if (this.#leaving.signal.aborted) return;
    try {
      const now = instant(Date.now());
      const waits = this.#parts.ledger.routes().map(({ route, nextAt }) => this.#lookAt(route, nextAt, now));
      this.#lookAgain(Math.min(longestWaitMs, ...waits));
    } catch (error) {
      if (!(error instanceof LedgerRefusal)) throw error;
      this.#lookAgain(refusedPauseMs);
    }
  }

  /** Answers after how long there may be something to do on a route, unless something happens before. */
  #lookAt(route: string, nextAt: Instant, now: Instant): number {
    if (nextAt - now > implausibleWaitMs) {
      this.#own(this.#parts.ledger.bringForward(route, now));
      return implausibleAgainMs;
    }
    if (nextAt > now) return nextAt - now;
    const pauseMs = this.#routes.pauseLeft(route);
    if (pauseMs > 0) return pauseMs;
    const busy = this.#countUnderWay(route);
    const room = this.#routes.room(route, busy, this.#countUnderWay(kindOf(route)));
    if (room <= 0) return longestWaitMs;
    const due = this.#parts.ledger.due(route, now, room + busy).filter(({ id }) => !this.#underWay.has(id));
    for (const owed of due.slice(0, room)) this.#begin(owed);
    // While some are under way, the ledger does not say when the next of the others is due.
    return busyWaitMs;
  }

  #countUnderWay(beginning: string): number {
    return [...this.#underWay.values()].filter(({ route }) => `${route} `.startsWith(`${beginning} `)).length;
  }

  #lookAgain(afterMs: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), Math.max(1, afterMs));
  }

  #begin(owed: OwedDelivery): void {
    const work = this.#make(owed).finally(() => {
      this.#underWay.delete(owed.id);
      this.#look();
    });
    this.#underWay.set(owed.id, { route: owed.route, work });
  }

  async #make(owed: OwedDelivery): Promise<void> {
    const { target } = owed.report;
    const denied = forbidden(owed.report, this.#policy);
    if (denied) return this.#giveUp(owed, owed.tries, denied.message);
    // It may be this one under which supervisors die.
    if (owed.tries >= this.#delays(target.kind).length + 1)
      return this.#giveUp(owed, owed.tries, 'the supervisor ended each time while it was made');
    const tries = owed.tries + 1;
    if (!(await this.#noted(() => this.#parts.ledger.begin(owed.id)))) return;
    const record = this.#parts.redactor.deep(owed.record);
    const result = await this.#deliver(record, target, { id: owed.id, number: tries, signal: this.#stopping.signal });
    await this.#conclude(owed, tries, result);
  }

  #deliver(record: OwedDelivery['record'], target: ReportTarget, attempt: Parameters<Deliverer<never>['deliver']>[2]) {
    const { deliverers } = this.#parts;
    switch (target.kind) {
      case 'webhook':
        return deliverers.webhook.deliver(record, target, attempt);
      case 'command':
        return deliverers.command.deliver(record, target, attempt);
      case 'github':
        return deliverers.github.deliver(record, target, attempt);
    }
  }

  async #conclude(owed: OwedDelivery, tries: number, result: Delivery): Promise<void> {
    switch (result.kind) {
      case 'made':
        return this.#onMade(owed, tries, result.note);
      case 'refused':
        return this.#giveUp(owed, tries, result.why);
      case 'delayed':
        // Given up by us, and not by them: it was no try.
        if (this.#stopping.signal.aborted) return this.#putBack(owed);
        return this.#onDelayed(owed, tries, result);
    }
  }

  async #putBack({ id, tries }: OwedDelivery): Promise<void> {
    await this.#noted(() =>
      this.#parts.ledger.putOff(id, tries, instant(Date.now()), 'the supervisor was told to stop'),
    );
  }

  async #onMade(owed: OwedDelivery, tries: number, note: string | null): Promise<void> {
    const { emit, ledger } = this.#parts;
    const now = instant(Date.now());
    if (this.#routes.onMade(owed.route)) await this.#noted(() => ledger.bringForward(owed.route, now));
    if (!(await this.#noted(() => ledger.end(owed.id, 'made', tries, now, null)))) return;
    emit({ kind: 'report.made', ...this.#nameOf(owed), tries, note });
  }

  async #onDelayed(owed: OwedDelivery, tries: number, result: Extract<Delivery, { kind: 'delayed' }>): Promise<void> {
    const { emit, ledger, redactor } = this.#parts;
    const why = redactor.text(result.why);
    const isFirst = this.#routes.onDelayed(owed.route, result.of, result.retryAfterMs);
    const now = instant(Date.now());
    const delays = this.#delays(owed.report.target.kind);
    const at = nextTry(delays, { tries, owedAt: owed.owedAt }, now, result.retryAfterMs, Math.random());
    if (isFirst && at !== null) emit({ kind: 'report.delayed', ...this.#nameOf(owed), why, retryMs: at - now });
    if (at === null) await this.#giveUp(owed, tries, why);
    else await this.#noted(() => ledger.putOff(owed.id, tries, at, why));
    if (this.#routes.isLong(owed.route)) await this.#giveUpOld(owed.route, now, why);
  }

  /** Those that wait behind others on a route that has not worked for long are not tried one by one for ever. */
  async #giveUpOld(route: string, now: Instant, why: string): Promise<void> {
    await this.#noted(async () => {
      for (const owed of this.#parts.ledger.owedBefore(route, instant(now - maxAgeMs)))
        if (!this.#underWay.has(owed.id)) await this.#giveUp(owed, owed.tries, why);
    });
  }

  async #giveUp(owed: OwedDelivery, tries: number, why: string): Promise<void> {
    const { emit, ledger } = this.#parts;
    if (await this.#noted(() => ledger.end(owed.id, 'given-up', tries, instant(Date.now()), why)))
      emit({ kind: 'report.given-up', ...this.#nameOf(owed), tries, why });
  }

  #nameOf = ({ id, jobId, report }: OwedDelivery) => ({ id: jobId, to: describeTarget(report.target), report: id });

  #delays(kind: ReportKind): readonly number[] {
    return this.#parts.delays ?? delaysOf[kind];
  }

  /** Keeps at it while the ledger refuses: what was made is not to be made again. False where a stop comes before. */
  async #noted(note: () => Promise<void>): Promise<boolean> {
    for (;;) {
      try {
        await note();
        return true;
      } catch (error) {
        if (!(error instanceof LedgerRefusal)) throw error;
      }
      if (this.#leaving.signal.aborted) return false;
      await pause(refusedPauseMs, this.#leaving.signal);
    }
  }

  /** What nobody waits for, and is done again where the ledger refuses. */
  #own(work: Promise<void>): void {
    void work.catch((error: unknown) => {
      if (!(error instanceof LedgerRefusal)) throw error;
    });
  }
}

const kindOf = (route: string): string => route.split(' ', 1)[0] ?? '';
