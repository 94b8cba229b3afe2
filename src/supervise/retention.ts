import { opendir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RetentionLimits } from '../config/config.ts';
import type { Paths } from '../config/paths.ts';
import { errorCode, temporaryPattern } from '../disk/durable.ts';
import { BootyError } from '../job/error.ts';
import type { JobId } from '../job/id.ts';
import { instant } from '../job/units.ts';
import type { Emit } from '../journal/event.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';
import type { LedgerRetention } from '../ledger/retention.ts';
import { outcomePath } from '../report/outcome-file.ts';
import { removeTree } from '../run/remove-tree.ts';
import { isLogName } from '../run/workdir.ts';

const everyMs = 3_600_000;
/** A sweep begins early where this part of a budget has been used since the last; it leaves as much of it free. */
const earlyShare = 1 / 20;

/**
 * Removes what is kept no longer: ended jobs with their logs and outcome files, logs beyond their budget, rejected files.
 * Files go before the ledger's row, so that a sweep that was cut off is gone through again.
 */
export class Retention {
  readonly #paths: Paths;
  readonly #ledger: LedgerRetention;
  readonly #emit: Emit;
  #limits: RetentionLimits;
  #sweeping: Promise<void> | null = null;
  #stopping = false;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  readonly #startedAtMs = Date.now();
  #remainsRemoved = false;
  /** Jobs whose files cannot be removed, so that each is told once. */
  readonly #stuck = new Set<JobId>();
  #endedSince = 0;
  #logBytesSince = 0;

  constructor(paths: Paths, limits: RetentionLimits, ledger: LedgerRetention, emit: Emit) {
    this.#paths = paths;
    this.#limits = limits;
    this.#ledger = ledger;
    this.#emit = emit;
  }

  /** New limits hold from the next sweep on, which then comes at once. */
  setLimits(limits: RetentionLimits): void {
    this.#limits = limits;
    this.#sweptAtMs = Number.NEGATIVE_INFINITY;
  }

  /** A job has ended, and has left so much log. */
  note(logBytes: number): void {
    this.#endedSince += 1;
    this.#logBytesSince += logBytes;
  }

  /** Begins a sweep where one is due and none runs. It goes on beside everything else, in small parts. */
  sweepIfDue(own: (work: Promise<void>) => void): void {
    const { maxJobs, maxLogBytes } = this.#limits;
    const due =
      performance.now() - this.#sweptAtMs >= everyMs ||
      this.#endedSince >= Math.max(100, maxJobs * earlyShare) ||
      this.#logBytesSince >= maxLogBytes * earlyShare;
    if (!due || this.#sweeping || this.#stopping) return;
    this.#sweptAtMs = performance.now();
    this.#endedSince = this.#logBytesSince = 0;
    this.#sweeping = this.#sweep().finally(() => {
      this.#sweeping = null;
    });
    own(this.#sweeping);
  }

  /** What is under way ends after its present part. */
  stop(): void {
    this.#stopping = true;
  }

  async #sweep(): Promise<void> {
    const started = performance.now();
    try {
      await this.#removeRemains();
      const jobs = await this.#sweepJobs();
      const logs = await this.#sweepLogs();
      const rejected = await this.#sweepRejected();
      if (jobs + logs + rejected > 0)
        this.#emit({
          kind: 'retention.swept',
          jobs,
          logs,
          rejected,
          durationMs: Math.round(performance.now() - started),
        });
    } catch (error) {
      // The next sweep tries again; a disk that refuses is told where it holds something up.
      if (error instanceof BootyError) throw error;
      if (!(error instanceof LedgerRefusal) && errorCode(error) === null) throw error;
    }
  }

  /** Files that somebody began to write, and was killed. */
  async #removeRemains(): Promise<void> {
    if (this.#remainsRemoved) return;
    for (const directory of [this.#paths.outcomes, this.#paths.rejected]) {
      for await (const name of namesIfThere(directory)) {
        if (!temporaryPattern.test(name)) continue;
        const path = join(directory, name);
        const writtenAtMs = await lastWritten(path);
        if (writtenAtMs !== null && writtenAtMs < this.#startedAtMs) await remove(path);
      }
    }
    this.#remainsRemoved = true;
  }

  async #sweepJobs(): Promise<number> {
    let count = 0;
    while (!this.#stopping) {
      const ids = this.#ledger.expired(this.#limits, instant(Date.now()));
      const gone: JobId[] = [];
      for (const id of ids) if (await this.#removeFiles(id)) gone.push(id);
      // Those that are left are tried again by the next sweep.
      if (gone.length === 0) break;
      await this.#ledger.forget(gone);
      count += gone.length;
    }
    return count;
  }

  /** Whether all is gone. What one job left, and cannot be removed, must not keep the others. */
  async #removeFiles(id: JobId): Promise<boolean> {
    try {
      await remove(outcomePath(this.#paths.outcomes, id));
      await remove(join(this.#paths.jobs, id));
      return true;
    } catch (error) {
      this.#tellStuck(id, error);
      return false;
    }
  }

  #tellStuck(id: JobId, error: unknown): void {
    if (errorCode(error) === null) throw error;
    if (this.#stuck.has(id)) return;
    this.#stuck.add(id);
    this.#emit({ kind: 'workdir.left', id, error: error instanceof Error ? error.message : String(error) });
  }

  async #sweepLogs(): Promise<number> {
    let count = 0;
    while (!this.#stopping) {
      const { maxLogBytes } = this.#limits;
      const excessive = count > 0 || this.#ledger.logBytes() > maxLogBytes;
      const ids = excessive ? this.#ledger.excessLogs(maxLogBytes * (1 - earlyShare)) : [];
      if (ids.length === 0) break;
      for (const id of ids) await this.#removeLogs(id);
      await this.#ledger.forgetLogs(ids);
      count += ids.length;
    }
    return count;
  }

  async #removeLogs(id: JobId): Promise<void> {
    const directory = join(this.#paths.jobs, id);
    try {
      for (const name of (await listIfThere(directory)).filter(isLogName)) await remove(join(directory, name));
      if ((await listIfThere(directory)).length === 0) await remove(directory);
    } catch (error) {
      // They go with their job.
      this.#tellStuck(id, error);
    }
  }

  /** Rejected files, each with its reason. */
  async #sweepRejected(): Promise<number> {
    const { maxAgeMs, maxRejected } = this.#limits;
    const suffix = '.reason.json';
    const reasons = (await listIfThere(this.#paths.rejected)).filter((name) => name.endsWith(suffix));
    const dated: { readonly name: string; readonly atMs: number }[] = [];
    if (this.#stopping) return 0;
    for (const name of reasons) {
      // Whoever dropped it may have taken it away meanwhile.
      const atMs = await lastWritten(join(this.#paths.rejected, name));
      if (atMs !== null) dated.push({ name, atMs });
    }
    dated.sort((a, b) => b.atMs - a.atMs);
    const gone = dated.filter(({ atMs }, index) => index >= maxRejected || Date.now() - atMs > maxAgeMs);
    let count = 0;
    for (const { name } of gone) {
      if (this.#stopping) break;
      count += 1;
      await remove(join(this.#paths.rejected, name.slice(0, -suffix.length)));
      await remove(join(this.#paths.rejected, name));
    }
    return count;
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    // A job may have made its directory read-only, or a tree that is deeper than a path may be long.
    if (errorCode(error) === null) throw error;
    removeTree(path);
  }
}

/** Null where it is not there any more. */
async function lastWritten(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Of a directory that may hold a million: one after the other. */
async function* namesIfThere(path: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(path, { bufferSize: 1024 })) yield name;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error;
  }
}

async function listIfThere(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}
