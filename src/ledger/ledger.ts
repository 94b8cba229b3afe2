import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { identityOf } from '../disk/identity.ts';
import { type JobId, jobIdOfDrop } from '../job/id.ts';
import type { Job, JobKind, JobSpec } from '../job/job.ts';
import type { AttemptRecord, OutcomeRecord } from '../job/outcome.ts';
import { type Instant, instant, type Milliseconds } from '../job/units.ts';
import type { Answer, Command, Scope } from '../schedule/control.ts';
import type {
  Acceptable,
  Acceptance,
  Cancelling,
  Claim,
  EndOrigin,
  Finish,
  Finished,
  JobQueue,
} from '../schedule/queue.ts';
import { Arrivals } from './arrivals.ts';
import { Commands } from './commands.ts';
import { Committer } from './committer.ts';
import { LedgerDeliveries } from './deliveries.ts';
import { Ends } from './ends.ts';
import { Lanes } from './lanes.ts';
import { type Leftover, leftoverOf, type ProcessRecord, verifiedOf } from './leftover.ts';
import { LogFile } from './log-file.ts';
import { Needs } from './needs.ts';
import { openLedgerFile } from './open.ts';
import { readPauses } from './pauses.ts';
import { prepareAll } from './prepared.ts';
import { attemptRecord, cancelledFinish, jobEnd } from './records.ts';
import { isOfTheDisk, readFrom } from './refusal.ts';
import { LedgerRetention } from './retention.ts';
import { jobOf, nullableText, type Row, recordOf, specOf, text } from './rows.ts';
import { schemaVersion } from './schema.ts';
import { statementTexts } from './statements.ts';
import { Suspects } from './suspects.ts';

export type Counts = Readonly<Record<'waiting' | 'running' | 'verifying', number>>;

/** The durable record of every job: the queue of one machine, in one SQLite file. */
export class Ledger implements JobQueue {
  readonly retention: LedgerRetention;
  readonly suspects: Suspects;
  readonly deliveries: LedgerDeliveries;
  readonly #path: string;
  readonly #file: string | null;
  readonly #database: DatabaseSync;
  readonly #committer: Committer;
  readonly #log: LogFile;
  readonly #lanes: Lanes;
  readonly #needs: Needs;
  readonly #commands: Commands;
  readonly #arrivals: Arrivals;
  readonly #ends: Ends;
  /** Whether the change under way lets others run, or ends them. */
  #makesRoom = false;
  readonly #sql: Readonly<Record<keyof typeof statementTexts, StatementSync>>;

  /**
   * @param onState told after each transaction: null where it is durable, else why the disk has undone it
   * @throws BootyError LEDGER_UNUSABLE, LEDGER_NEWER, LEDGER_DAMAGED
   */
  constructor(path: string, onState?: (failure: unknown) => void) {
    this.#path = path;
    this.#database = openLedgerFile(path);
    this.#file = identityOf(path);
    this.#log = new LogFile(path);
    this.#committer = new Committer(this.#database, path, this.#log, onState);
    this.retention = new LedgerRetention(this.#database, path, this.#committer);
    this.suspects = new Suspects(this.#database, this.#committer);
    this.deliveries = new LedgerDeliveries(this.#database, path, this.#committer);
    this.#sql = prepareAll(this.#database, statementTexts);
    const onRoom = (): void => {
      this.#makesRoom = true;
    };
    this.#lanes = new Lanes(this.#database, onRoom);
    this.#needs = new Needs(this.#database);
    this.#arrivals = new Arrivals(this.#sql, this.#lanes, this.#needs);
    this.#ends = new Ends(this.#sql, this.#lanes, this.#needs, this.#arrivals, this.deliveries, onRoom);
    this.#commands = new Commands(this.#database, this.#lanes, this.#needs, this.#arrivals);
  }

  accept(drops: readonly Acceptable[], now: Instant): Promise<Acceptance[]> {
    return this.#committer.commit(() => drops.map((drop) => this.#acceptOne(drop, now)));
  }

  async claim(kind: JobKind, limit: number, now: Instant): Promise<Claim[]> {
    if (this.#committer.isIdle && !this.#mayClaim(kind, now)) return [];
    // A power cut ends the attempts as well: that they had begun need not outlive it. Where it must: confirm.
    return this.#committer.write(() => {
      const hindrance = this.#sql.hindrance.get(now, `kind:${kind}`);
      if (hindrance?.early) this.#lanes.bringBackStarts(now);
      if (hindrance?.paused) return [];
      const claims: Claim[] = [];
      // Of a wide lane only so many are let through at a time.
      for (let more = true; more && claims.length < limit; ) {
        const taken = this.#sql.nextReady.all(kind, now, limit - claims.length).map((row) => this.#take(row, now));
        this.#lanes.noteStarts(taken, now);
        claims.push(...taken);
        more = taken.length > 0;
      }
      return claims;
    });
  }

  /** What was written before an empty change is durable with it. */
  confirm(_claim: Claim): Promise<void> {
    return this.#committer.commit(() => undefined);
  }

  release(claim: Claim): Promise<void> {
    return this.#committer.commit(() => {
      if (this.#sql.releaseJob.run(claim.job.id, claim.token).changes === 0) return;
      this.#sql.deleteAttempt.run(claim.job.id, claim.attempt, claim.token);
      this.#lanes.undoStart(claim);
      this.#lanes.settleFor(claim.job, claim.startedAt);
    });
  }

  finish(claim: Claim, finish: Finish): Promise<Finished> {
    return this.#committer.commit(() => {
      this.#makesRoom = false;
      return this.#finishOne(claim, finish);
    });
  }

  nextChange(): Instant | null {
    const times = this.#read(() => [
      this.#sql.nextDue.get()?.at,
      this.#sql.nextExpiry.get()?.at,
      this.#lanes.nextReopening(),
      this.#sql.ending.get() && 0,
    ]);
    const known = times.flatMap((at) => (typeof at === 'number' ? [at] : []));
    return known.length === 0 ? null : instant(Math.min(...known));
  }

  advance(now: Instant, origin: EndOrigin): Promise<OutcomeRecord[]> {
    return this.#committer.commit(() => {
      this.#lanes.settleAll(
        this.#sql.letGo.all(now).map((row) => nullableText(row.lane)),
        now,
      );
      this.#lanes.reopen(now);
      const ended = this.#sql.ending.all().flatMap((row) => this.#ends.endUnrun(row, now, origin));
      const expired = this.#sql.expired.all(now).flatMap((row) => this.#ends.endUnrun(row, now, origin));
      return [...ended, ...expired];
    });
  }

  control(command: Command, now: Instant): Promise<Answer> {
    return this.#committer.commit(() => this.#commands.perform(command, now));
  }

  cancelling(): readonly Cancelling[] {
    return this.#read(() => this.#sql.cancelling.all()).map((row) => ({
      id: text(row.id) as JobId,
      reason: text(row.ending_reason),
    }));
  }

  async setAging(agingMs: Milliseconds | null, now: Instant): Promise<void> {
    const before = this.#arrivals.agingMs;
    if (agingMs === before) return;
    try {
      await this.#committer.commit(() => this.#arrivals.setAging(agingMs, now));
    } catch (error) {
      // Nothing has changed: asked again, it is to be done.
      this.#arrivals.agingMs = before;
      throw error;
    }
  }

  /** Records which process runs an attempt, for the recovery after our own death. */
  noteProcess(claim: Claim, process: ProcessRecord): Promise<void> {
    return this.#committer.write(() => {
      this.#sql.noteProcess.run(JSON.stringify(process), claim.job.id, claim.attempt, claim.token);
    });
  }

  /** What a job asks for, ended or not; null where there is no such job. @throws LedgerRefusal */
  specOf(id: string): JobSpec | null {
    const row = this.#read(() => this.#sql.findSpec.get(id));
    return row ? specOf(row) : null;
  }

  /** Spares the transaction of a claim that finds nothing: that of the kind of which there are few, or where nobody has anything to do. */
  #mayClaim(kind: JobKind, now: Instant): boolean {
    try {
      return this.#sql.mayClaim.get(kind, now)?.may !== 0;
    } catch (error) {
      if (!isOfTheDisk(error)) throw error;
      return true; // The transaction tells what is wrong with it.
    }
  }

  /** How a job ended; null where it has not, or is not kept any longer. @throws LedgerRefusal */
  endedRecord(id: JobId): OutcomeRecord | null {
    const row = this.#read(() => this.#sql.endedRecord.get(id));
    return row ? recordOf(row) : null;
  }

  /** The attempts of a job that have ended. @throws LedgerRefusal */
  attemptsOf(id: JobId): readonly AttemptRecord[] {
    return this.#read(() => this.#ends.attemptsOf(id));
  }

  /** The pipeline whose steps have succeeded and whose verifiers have not all ended, as its outcome would be; null where there is none. */
  verifying(id: JobId): OutcomeRecord | null {
    return this.#read(() => this.#ends.verifying(id));
  }

  /** How often a pipeline that is being verified may run again, where it is rejected now. @throws LedgerRefusal */
  rerunsLeft(id: JobId): number {
    return this.#read(() => this.#ends.rerunsLeft(id));
  }

  /** Outcomes whose reports are still owed, by id. @param after the id after which to begin */
  reportsDue(after: string, limit: number): OutcomeRecord[] {
    return this.#read(() => this.#sql.dueReports.all(after, limit).map(recordOf));
  }

  /** Resolves where the disk takes what the ledger writes; rejects with a LedgerRefusal where it does not. */
  probe(): Promise<void> {
    return this.#committer.commit(() => this.#database.exec(`PRAGMA user_version = ${schemaVersion}`));
  }

  /** The report of this job has been made, durably. Soon: until then it would only be made again. */
  reported(id: JobId): Promise<void> {
    return this.#committer.commitSoon(() => {
      this.#sql.reported.run(id);
      this.deliveries.wakeFor(id);
    });
  }

  /** How often something was refused that had been done all the same, so that its end may be untold. */
  get doubts(): number {
    return this.#committer.doubts;
  }

  /** Whether its file is still where it was opened: what is written to one that was taken away is not there for the next supervisor. */
  isInPlace(): boolean {
    return identityOf(this.#path) === this.#file;
  }

  /** Counts that what was running is about to be recovered: where that ends the supervisor, the next one goes about it with more care. */
  noteRecovery(): Promise<void> {
    return this.#committer.commit(() => {
      this.#sql.noteRecovery.run();
    });
  }

  /** What was running when the last supervisor went. */
  leftovers(): Leftover[] {
    return this.#read(() =>
      this.#sql.leftovers.all().map((row) => leftoverOf(row, this.#ends.attemptsOf(text(row.id)))),
    );
  }

  #read<Result>(look: () => Result): Result {
    return readFrom(this.#path, look);
  }

  counts(): Counts {
    const rows = this.#read(() => this.#sql.counts.all()).map((row) => [row.state, Number(row.count)]);
    return { waiting: 0, running: 0, verifying: 0, ...Object.fromEntries(rows) };
  }

  /** What is paused, the oldest first. */
  pauses(): readonly Scope[] {
    return this.#read(() => readPauses(this.#database));
  }

  /** Commits what is under way, and closes the file. May be called again. */
  [Symbol.dispose](): void {
    if (!this.#database.isOpen) return;
    this.#committer.flush();
    this.#log[Symbol.dispose]();
    this.#database.close();
  }

  #acceptOne({ id, spec, drop }: Acceptable, now: Instant): Acceptance {
    const chosen = id ?? jobIdOfDrop(spec.name, drop.token);
    const taken = this.#sql.findJob.get(chosen);
    if (taken)
      return taken.drop_token === drop.token ? { kind: 'repeated', id: chosen } : { kind: 'duplicate', id: chosen };
    const objection = this.#needs.objection(chosen, spec.needs);
    if (objection !== null) return { kind: 'circular', id: chosen, message: objection };
    const job: Job = {
      id: chosen,
      spec,
      pipelineId: null,
      droppedAt: drop.droppedAt,
      acceptedAt: now,
      droppedBy: drop.uid,
    };
    this.#arrivals.add(job, drop.token, drop.fileName, null);
    return { kind: 'accepted', job };
  }

  #take(row: Row, now: Instant): Claim {
    const claim = {
      job: jobOf(row),
      attempt: Number(row.attempt) + 1,
      token: Number(row.token) + 1,
      startedAt: now,
      ...verifiedOf(row),
    };
    this.#sql.takeJob.run(now, claim.job.id);
    this.#sql.insertAttempt.run(claim.job.id, claim.attempt, claim.token, now);
    return claim;
  }

  #finishOne(claim: Claim, asked: Finish): Finished {
    const { job } = claim;
    const row = this.#sql.runningJob.get(job.id, claim.token);
    if (!row) return { kind: 'stale' };
    const finish = row.ending === null ? asked : cancelledFinish(asked, text(row.ending_reason));
    const attempt = attemptRecord(claim, finish);
    this.#sql.endAttempt.run(JSON.stringify(attempt), job.id, claim.attempt);
    if (finish.logBytes > 0) this.#sql.noteLog.run(job.id, finish.endedAt, finish.logBytes);
    if (finish.again) {
      this.#sql.waitAgain.run(finish.retryAt, job.id);
      this.#lanes.settleFor(job, finish.endedAt);
      return { kind: 'waiting', retryAt: finish.retryAt, makesRoom: this.#makesRoom };
    }
    if (finish.judgement.outcome === 'succeeded' && job.spec.verify.length > 0) {
      if (row.ending === null) return { kind: 'verifying', verifiers: this.#ends.startVerifying(job, finish) };
      const end = { ...jobEnd(finish), outcome: 'cancelled', reason: text(row.ending_reason) } as const;
      return { kind: 'ended', records: [this.#ends.end(job, end)], makesRoom: this.#makesRoom, rerun: null };
    }
    const own = this.#ends.end(job, jobEnd(finish), claim.attempt === 1 ? [attempt] : undefined);
    const { record, rerun } = this.#ends.settlePipeline(job.pipelineId, finish);
    return { kind: 'ended', records: record ? [own, record] : [own], makesRoom: this.#makesRoom, rerun };
  }
}
