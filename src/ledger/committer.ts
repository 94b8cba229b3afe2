import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { paceAfter } from '../disk/durable.ts';
import type { TransactionLog } from './log-file.ts';
import { prepareAll } from './prepared.ts';
import { isOfTheDisk, LedgerRefusal, translate } from './refusal.ts';

const statementTexts = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  mark: 'SAVEPOINT entry',
  undo: 'ROLLBACK TO entry',
  release: 'RELEASE entry',
} as const;

interface Entry {
  readonly work: () => void;
  /** When its caller is told: once it has outlived us, or once it has outlived a power cut too; `soon` does not ask for a sync. */
  readonly until: 'written' | 'durable' | 'soon';
  readonly committed: () => void;
  readonly failed: (error: unknown) => void;
}

/** The most changes that one transaction takes: bounds how long the loop stands still for a commit. */
const maxBatch = 500;
/** How long something that nobody waits for may stay undone, and then not be durable. */
const patienceMs = 20;

/**
 * Group commit: changes that are asked for in one turn of the loop are one transaction, and what is committed while the
 * log is synced, or right after, shares the next sync. A change that fails takes no other with it: they are then done anew, each in a
 * savepoint of its own. So the work of a change may run twice, and only what the ledger has of it counts.
 *
 *   asked ──▶ committed ──sync──▶ durable
 *                          └────▶ in doubt: refused, and there all the same; nothing else is committed until a sync has
 *                                 worked, which is tried with each change that is asked for
 */
export class Committer {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #sql: Readonly<Record<keyof typeof statementTexts, StatementSync>>;
  readonly #log: TransactionLog;
  readonly #onState: (failure: unknown) => void;
  #queue: Entry[] = [];
  /** Committed, and not durable yet. */
  #undurable: Entry[] = [];
  #syncing: readonly Entry[] | null = null;
  /** When the last sync began, by the monotonic clock. */
  #syncedAtMs = Number.NEGATIVE_INFINITY;
  /** From then to the begin of the next one, where somebody asks. */
  #paceMs = 0;
  #pace: NodeJS.Timeout | null = null;
  #inDoubt = false;
  /** The last transaction was refused: that an earlier one is durable by now mends nothing. */
  #isRefused = false;
  /** How often something was refused that had been done all the same. */
  doubts = 0;
  #scheduled = false;
  #patience: NodeJS.Timeout | null = null;

  /** @param onState told after each sync: null where what was asked for is durable, else why the disk, not the work, refuses it */
  constructor(
    database: DatabaseSync,
    path: string,
    log: TransactionLog,
    onState: (failure: unknown) => void = () => undefined,
  ) {
    this.#database = database;
    this.#sql = prepareAll(database, statementTexts);
    this.#path = path;
    this.#log = log;
    this.#onState = onState;
  }

  /**
   * Resolves with what the work returned once it is durable. Rejects, with the change undone, where the work threw; with
   * a LedgerRefusal where the disk refused, with BootyError LEDGER_DAMAGED where the file is found damaged. What the disk
   * took and did not make durable is refused too, and has been done: whoever asks again must be ready for that.
   */
  commit<Result>(work: () => Result): Promise<Result> {
    const done = this.#enqueue(work, 'durable');
    this.#schedule();
    return done;
  }

  /** The same, but told at once: what was written outlives us now, and a power cut in a moment. */
  write<Result>(work: () => Result): Promise<Result> {
    const done = this.#enqueue(work, 'written');
    this.#schedule();
    return done;
  }

  /** As {@link commit} for what nobody waits for: it goes with the next one, or after a short while with one of its own. */
  commitSoon<Result>(work: () => Result): Promise<Result> {
    const done = this.#enqueue(work, 'soon');
    this.#hurry();
    return done;
  }

  /** Whether all that was asked for has been done. */
  get isIdle(): boolean {
    return this.#queue.length === 0;
  }

  /** Commits what waits now and makes it durable, without giving way. What the disk refuses is rejected. */
  flush(): void {
    this.#calm();
    if (this.#inDoubt) this.#syncNow();
    while (this.#queue.length > 0) this.#commitBatch(this.#queue.splice(0, maxBatch));
    this.#syncNow();
  }

  #enqueue<Result>(work: () => Result, until: Entry['until']): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    let result: { readonly value: Result } | null = null;
    this.#queue.push({
      work: () => {
        result = { value: work() };
      },
      until,
      committed: () => {
        if (result) resolve(result.value);
      },
      failed: reject,
    });
    return promise;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#calm();
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #hurry(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = null;
      if (this.#queue.length > 0) this.#schedule();
      else this.#sync();
    }, patienceMs);
  }

  #calm(): void {
    if (this.#patience) clearTimeout(this.#patience);
    this.#patience = null;
  }

  #turn(): void {
    if (this.#inDoubt) return this.#sync();
    this.#commitBatch(this.#queue.splice(0, maxBatch));
    if (this.#queue.length > 0) this.#schedule();
    this.#syncWhereAsked();
  }

  #commitBatch(batch: readonly Entry[]): void {
    if (batch.length === 0) return;
    let done: readonly Entry[];
    try {
      done = this.#performTogether(batch) ?? this.#performApart(batch);
    } catch (cause) {
      this.#rollBack();
      const error = translate(cause, this.#path);
      for (const entry of batch) entry.failed(error);
      this.#isRefused = isOfTheDisk(cause);
      if (this.#isRefused) this.#onState(error);
      return;
    }
    this.#isRefused = false;
    for (const entry of done) if (entry.until === 'written') entry.committed();
    this.#undurable.push(...done);
  }

  /** Null, and nothing done, where one of them cannot be done. */
  #performTogether(batch: readonly Entry[]): readonly Entry[] | null {
    this.#sql.begin.run();
    try {
      for (const { work } of batch) work();
    } catch (error) {
      if (isOfTheDisk(error)) throw error;
      this.#rollBack();
      return null;
    }
    this.#sql.commit.run();
    return batch;
  }

  /** Each in a savepoint. That is seldom needed, and not cheap: SQLite may make a file for them. Answers which could be done. */
  #performApart(batch: readonly Entry[]): readonly Entry[] {
    this.#sql.begin.run();
    const done = batch.filter((entry) => this.#attempt(entry));
    this.#sql.commit.run();
    return done;
  }

  #syncWhereAsked(): void {
    if (this.#undurable.length === 0 || this.#syncing) return;
    if (this.#undurable.some(({ until }) => until === 'durable')) this.#syncInTime();
    else this.#hurry();
  }

  #syncInTime(): void {
    const waitMs = this.#syncedAtMs + this.#paceMs - performance.now();
    if (waitMs <= 0) this.#sync();
    else this.#pace ??= setTimeout(() => this.#sync(), waitMs);
  }

  #sync(): void {
    if (this.#syncing) return;
    this.#noteSync();
    const entries = this.#undurable.splice(0);
    this.#syncing = entries;
    this.#log.sync().then(
      () => this.#syncing === entries && this.#onDurable(entries),
      (error: unknown) => this.#syncing === entries && this.#onDoubt(entries, error),
    );
  }

  #syncNow(): void {
    const entries = [...(this.#syncing ?? []), ...this.#undurable.splice(0)];
    if (entries.length === 0 && !this.#inDoubt) return;
    this.#noteSync();
    this.#syncing = entries;
    try {
      this.#log.syncNow();
      this.#onDurable(entries);
    } catch (error) {
      this.#onDoubt(entries, error);
    }
  }

  #noteSync(): void {
    clearTimeout(this.#pace ?? undefined);
    this.#pace = null;
    this.#syncedAtMs = performance.now();
  }

  #onDurable(entries: readonly Entry[]): void {
    this.#paceMs = paceAfter(performance.now() - this.#syncedAtMs);
    this.#syncing = null;
    this.#inDoubt = false;
    for (const { committed } of entries) committed();
    if (!this.#isRefused) this.#onState(null);
    if (this.#queue.length > 0) this.#schedule();
    this.#syncWhereAsked();
  }

  #onDoubt(entries: readonly Entry[], cause: unknown): void {
    this.#syncing = null;
    this.#inDoubt = true;
    this.doubts += 1;
    const refusal = new LedgerRefusal(`what was written is not durable: ${messageOf(cause)}`, { cause });
    for (const { failed } of [...entries, ...this.#undurable.splice(0), ...this.#queue.splice(0)]) failed(refusal);
    this.#onState(refusal);
  }

  #attempt(entry: Entry): boolean {
    this.#sql.mark.run();
    try {
      entry.work();
    } catch (error) {
      // What the disk refused to one it would refuse to all; SQLite may have ended the whole transaction already.
      if (isOfTheDisk(error) || !this.#database.isTransaction) throw error;
      this.#sql.undo.run();
      this.#sql.release.run();
      entry.failed(error);
      return false;
    }
    this.#sql.release.run();
    return true;
  }

  #rollBack(): void {
    if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
