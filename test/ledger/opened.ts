import { copyFileSync, existsSync, mkdirSync, mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../../src/ledger/ledger.ts';
import type { OpenQueue } from '../schedule/open-queue.ts';

/** A ledger in a directory of its own. */
export interface OpenLedger extends OpenQueue {
  readonly queue: Ledger;
  readonly path: string;
  /** A ledger on what is on disk at this moment: what the next supervisor finds after a kill -9. The first stays open. */
  restart(): Promise<Ledger>;
  /** The path of the ledger that {@link restart} opened last, or of the first. */
  latest(): string;
  /** Ends it before the test does. */
  close(ledger: Ledger): void;
  /** A file of this name beside the ledger. */
  beside(name: string): string;
}

/** @param place where its directory is to be */
export function openLedger(place = tmpdir()): OpenLedger {
  const directory = mkdtempDisposableSync(join(place, 'booty-ledger-'));
  const path = join(directory.path, 'ledger.db');
  const queue = new Ledger(path);
  const opened = new Set([queue]);
  let copies = 0;
  let latest = path;
  return {
    queue,
    path,
    latest: () => latest,
    beside: (name) => join(directory.path, name),
    restart: () => {
      const place = join(directory.path, `copy-${(copies += 1)}`);
      mkdirSync(place);
      latest = copyLedger(latest, join(place, 'ledger.db'));
      const ledger = new Ledger(latest);
      opened.add(ledger);
      return Promise.resolve(ledger);
    },
    close: (ledger) => {
      if (opened.delete(ledger)) ledger[Symbol.dispose]();
    },
    [Symbol.asyncDispose]: () => {
      for (const ledger of opened) ledger[Symbol.dispose]();
      directory.remove();
      return Promise.resolve();
    },
  };
}

/** Copies the file and its log, as they are. */
export function copyLedger(from: string, to: string): string {
  copyFileSync(from, to);
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`);
  return to;
}
