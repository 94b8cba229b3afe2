import type { DatabaseSync } from 'node:sqlite';
import type { DropToken } from '../job/id.ts';
import type { Committer } from './committer.ts';
import { text } from './rows.ts';

/** What the next supervisor is told of dropped files that the last one had taken and not decided about when it died. */
export interface Suspicion {
  /** How many supervisors have died since each was taken. */
  readonly deaths: ReadonlyMap<DropToken, number>;
  /** The one that was being read, alone, when the last of them died. */
  readonly culprit: DropToken | null;
}

/** Finds a dropped file under which the supervisor dies each time, among others that are innocent. */
export class Suspects {
  readonly #database: DatabaseSync;
  readonly #committer: Committer;

  constructor(database: DatabaseSync, committer: Committer) {
    this.#database = database;
    this.#committer = committer;
  }

  /** Counts a death for each of the files that are still there. Resolves once that is durable. */
  count(tokens: readonly DropToken[]): Promise<Suspicion> {
    return this.#committer.commit(() => {
      const culprit = this.#database.prepare('SELECT token FROM suspect WHERE reading = 1').get();
      const before = new Map(
        this.#database
          .prepare('SELECT token, deaths FROM suspect')
          .all()
          .map((row) => [text(row.token) as DropToken, Number(row.deaths)]),
      );
      const deaths = new Map(tokens.map((token) => [token, (before.get(token) ?? 0) + 1]));
      this.#database.exec('DELETE FROM suspect');
      const insert = this.#database.prepare('INSERT INTO suspect (token, deaths) VALUES (?, ?)');
      for (const [token, count] of deaths) insert.run(token, count);
      return { deaths, culprit: culprit ? (text(culprit.token) as DropToken) : null };
    });
  }

  /** From here on, until the next call, a death is this file's. Resolves once that is durable. */
  reading(token: DropToken): Promise<void> {
    return this.#committer.commit(() => {
      this.#database.prepare('UPDATE suspect SET reading = (token = ?)').run(token);
    });
  }

  /** All have been decided about. */
  clear(): Promise<void> {
    return this.#committer.commitSoon(() => this.#database.exec('DELETE FROM suspect'));
  }
}
