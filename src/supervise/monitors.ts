import { errorCode } from '../disk/durable.ts';
import type { Job } from '../job/job.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import type { Instant } from '../job/units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CheckIns } from '../outbox/check-ins.ts';
import type { Redactor } from '../redact/redactor.ts';
import { type CheckIn, type CheckInOrigin, checkInOfEnd, checkInOfStart } from '../report/check-in.ts';

/** Tells the monitors of Sentry Crons when their jobs start and end. */
export class Monitors {
  readonly #checkIns: Pick<CheckIns, 'store'>;
  readonly #ledger: Pick<Ledger, 'specOf'>;
  readonly #origin: CheckInOrigin;
  readonly #redactor: Redactor;

  constructor(
    checkIns: Pick<CheckIns, 'store'>,
    ledger: Pick<Ledger, 'specOf'>,
    origin: CheckInOrigin,
    redactor: Redactor,
  ) {
    this.#redactor = redactor;
    this.#checkIns = checkIns;
    this.#ledger = ledger;
    this.#origin = origin;
  }

  /** Nothing waits for it: a start that the disk refuses is told by the end. */
  tellStart(job: Job, at: Instant): void {
    const { monitor } = job.spec;
    if (!monitor) return;
    this.#store(checkInOfStart(job, monitor, at, this.#origin)).catch((error: unknown) => {
      if (errorCode(error) === null) throw error;
    });
  }

  /** A part of the job's report, which is owed until it is made. @throws the system's error, LedgerRefusal */
  async tellEnd(record: OutcomeRecord): Promise<void> {
    const monitor = this.#ledger.specOf(record.id)?.monitor;
    if (monitor) await this.#store(checkInOfEnd(record, monitor));
  }

  /** A name of a monitor, release or time zone that has a secret in it cannot be told, nor anything in its place. */
  async #store(checkIn: CheckIn): Promise<void> {
    if (!this.#redactor.has(checkIn.envelope)) await this.#checkIns.store(checkIn);
  }
}
