import type { DatabaseSync } from 'node:sqlite';
import { isOfTheDisk, translate } from './refusal.ts';

interface Entry {
  readonly work: () => void;
  readonly committed: () => void;
  readonly failed: (error: unknown) => void;
}

/** The most changes that one transaction takes: bounds how long the loop stands still for a commit. */
const maxBatch = 500;
const patienceMs = 20;

/**
 * Group commit: changes that are asked for in one turn of the loop become durable in one transaction, with one fsync.
 * Each runs in a savepoint of its own, so that one that fails takes no other with it.
 */
export class Committer {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #onState: (failure: unknown) => void;
  #queue: Entry[] = [];
  #scheduled = false;
  #patience: NodeJS.Timeout | null = null;

  /** @param onState told after each transaction: null where it is durable, else why the disk, not the work, has undone it */
  constructor(database: DatabaseSync, path: string, onState: (failure: unknown) => void = () => undefined) {
    this.#database = database;
    this.#path = path;
    this.#onState = onState;
  }

  /**
   * Resolves with what the work returned once it is durable. Rejects, with the change undone, where the work threw; with
   * a LedgerRefusal where the disk refused, with BootyError LEDGER_DAMAGED where the file is found damaged.
   */
  commit<Result>(work: () => Result): Promise<Result> {
    const done = this.#enqueue(work);
    this.#schedule();
    return done;
  }

  /** The same for what nobody waits for: it goes with the next commit, or after a short while with one of its own. */
  commitSoon<Result>(work: () => Result): Promise<Result> {
    const done = this.#enqueue(work);
    this.#patience ??= setTimeout(() => this.#schedule(), patienceMs);
    return done;
  }

  #enqueue<Result>(work: () => Result): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    let result: { readonly value: Result } | null = null;
    this.#queue.push({
      work: () => {
        result = { value: work() };
      },
      committed: () => {
        if (result) resolve(result.value);
      },
      failed: reject,
    });
    return promise;
  }

  /** Commits what waits now, without giving way. */
  flush(): void {
    if (this.#patience) clearTimeout(this.#patience);
    this.#patience = null;
    while (this.#queue.length > 0) this.#commitBatch(this.#queue.splice(0, maxBatch));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#patience) clearTimeout(this.#patience);
    this.#patience = null;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitBatch(this.#queue.splice(0, maxBatch));
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commitBatch(batch: readonly Entry[]): void {
    if (batch.length === 0) return;
    const done: Entry[] = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const entry of batch) if (this.#attempt(entry)) done.push(entry);
      this.#database.exec('COMMIT');
    } catch (cause) {
      this.#rollBack();
      const error = translate(cause, this.#path);
      for (const entry of batch) entry.failed(error);
      if (isOfTheDisk(cause)) this.#onState(error);
      return;
    }
    for (const entry of done) entry.committed();
    this.#onState(null);
  }

  #attempt(entry: Entry): boolean {
    this.#database.exec('SAVEPOINT entry');
    try {
      entry.work();
    } catch (error) {
      // What the disk refused to one it would refuse to all; SQLite may have ended the whole transaction already.
      if (isOfTheDisk(error) || !this.#database.isTransaction) throw error;
      this.#database.exec('ROLLBACK TO entry; RELEASE entry');
      entry.failed(error);
      return false;
    }
    this.#database.exec('RELEASE entry');
    return true;
  }

  #rollBack(): void {
    if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }
}
