import { existsSync, mkdirSync, mkdtempDisposableSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RetentionLimits } from '../../src/config/config.ts';
import { type Paths, resolvePaths } from '../../src/config/paths.ts';
import { isDirectory } from '../../src/disk/durable.ts';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import { bytes, instant, milliseconds } from '../../src/job/units.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import type { LedgerRetention } from '../../src/ledger/retention.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { outcomePath, writeOutcomeFile } from '../../src/report/outcome-file.ts';
import { removeTree } from '../../src/run/remove-tree.ts';
import { prepareDirectories } from '../../src/spool/directories.ts';
import { Retention } from '../../src/supervise/retention.ts';
import { contentOf } from '../ledger/files.ts';
import { acceptAll, claimOne, finishOf, idOf } from '../schedule/jobs.ts';

export const dayMs = 86_400_000;
export const keepAll: RetentionLimits = {
  maxAgeMs: milliseconds(366 * dayMs),
  maxJobs: 1_000_000,
  maxLogBytes: bytes(1024 ** 4),
  maxRejected: 1_000_000,
};

/** What a ledger owes a sweep. */
type Swept = Pick<LedgerRetention, 'expired' | 'excessLogs' | 'logBytes' | 'forget' | 'forgetLogs'>;

/** A supervisor's files and ledger, without a supervisor. */
export class Sweeps implements Disposable {
  readonly paths: Paths;
  readonly ledger: Ledger;
  readonly events: JournalEvent[] = [];
  readonly #directory = mkdtempDisposableSync(join(tmpdir(), 'booty-sweep-'));

  constructor() {
    this.paths = resolvePaths({ root: this.#directory.path }, {}, {});
    prepareDirectories(this.paths);
    this.ledger = new Ledger(this.paths.ledger);
  }

  /** Runs a job to its end, with its outcome file and, of so many bytes, its log. */
  async end(id: string, { logBytes = 0, daysAgo = 0 } = {}): Promise<void> {
    await acceptAll(this.ledger, [id, { priority: 1 }]);
    const finish = finishOf('succeeded', { logBytes, endedAt: instant(Date.now() - daysAgo * dayMs) });
    const finished = await this.ledger.finish(await claimOne(this.ledger), finish);
    if (logBytes > 0) this.write(id, '1.log', 'x'.repeat(logBytes));
    const records: readonly OutcomeRecord[] = finished.kind === 'ended' ? finished.records : [];
    for (const record of records) await writeOutcomeFile(this.paths.outcomes, record, new Redactor());
    await Promise.all([this.ledger.reported(idOf(id)), this.ledger.probe()]);
  }

  /** Puts a file into a job's directory. */
  write(id: string, name: string, content = 'x'): void {
    const path = join(this.paths.jobs, id, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
  }

  /** A file that was refused so many days ago. */
  reject(name: string, daysAgo: number): void {
    const path = join(this.paths.rejected, name);
    writeFileSync(path, 'run: [');
    writeFileSync(`${path}.reason.json`, '{}');
    const seconds = (Date.now() - daysAgo * dayMs) / 1000;
    utimesSync(`${path}.reason.json`, seconds, seconds);
  }

  /** What the ledger does for a sweep, for tests that stand in between. */
  get swept(): Swept {
    const { retention } = this.ledger;
    return {
      expired: (...args) => retention.expired(...args),
      excessLogs: (bytes) => retention.excessLogs(bytes),
      logBytes: () => retention.logBytes(),
      forget: (ids) => retention.forget(ids),
      forgetLogs: (ids) => retention.forgetLogs(ids),
    };
  }

  retention(limits: Partial<RetentionLimits> = {}, swept: Swept = this.ledger.retention): Retention {
    const emit = (event: JournalEvent): void => void this.events.push(event);
    return new Retention(this.paths, { ...keepAll, ...limits }, swept as LedgerRetention, emit);
  }

  /** What is there of each job: `id row outcome 1.log …`. */
  get jobs(): string[] {
    const rows = contentOf(this.paths.ledger).tables.job ?? [];
    const known = new Set(rows.filter(({ state }) => state === 'ended').map(({ id }) => String(id)));
    const ids = new Set([
      ...known,
      ...readdirSync(this.paths.jobs),
      ...readdirSync(this.paths.outcomes).map((name) => name.replace(/\.json$/, '')),
    ]);
    return [...ids].sort().map((id) => {
      const directory = join(this.paths.jobs, id);
      const parts = [
        ...(known.has(id) ? ['row'] : []),
        ...(existsSync(outcomePath(this.paths.outcomes, id)) ? ['outcome'] : []),
        ...(isDirectory(directory) ? ['directory', ...readdirSync(directory).sort()] : []),
      ];
      return [id, ...parts].join(' ');
    });
  }

  get rejected(): string[] {
    return readdirSync(this.paths.rejected).sort();
  }

  /** The sweeps that were told: `jobs logs rejected`. */
  get told(): string[] {
    return this.events.map((event) =>
      event.kind === 'retention.swept' ? `${event.jobs} ${event.logs} ${event.rejected}` : event.kind,
    );
  }

  [Symbol.dispose](): void {
    this.ledger[Symbol.dispose]();
    removeTree(this.#directory.path); // A test that fails may leave what is read-only.
  }
}

/** Has it sweep where that is due, and waits for the end. Answers whether it was. */
export async function sweep(retention: Retention): Promise<boolean> {
  const owned: Promise<void>[] = [];
  retention.sweepIfDue((work) => owned.push(work));
  await Promise.all(owned);
  return owned.length > 0;
}
