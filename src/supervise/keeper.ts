import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptResult } from '../run/attempt.ts';
import { cgroupName } from '../run/cgroup-tree.ts';
import type { Shortage } from '../run/shortage.ts';
import { tellResult } from '../run/told-result.ts';
import type { Claim } from '../schedule/queue.ts';
import { type FromKeeper, KeeperLine, protocolVersion, type ToKeeper } from './keeper-lines.ts';

/** An attempt that runs, or has ended: a `JobRun`. */
export interface KeptRun {
  readonly claim: Claim;
  cancel(reason: null): void;
  kill(): void;
}

/** How long those that are killed may take to go. */
const lastMs = 10_000;

interface Kept {
  readonly run: KeptRun;
  /** Null while it runs. */
  ended: Extract<FromKeeper, { kind: 'ended' }> | null;
  /** Nobody knows it: it is killed, and nobody is told of its end. */
  isUnknown: boolean;
}

/**
 * What becomes of a supervisor that goes while its attempts run on: it runs them to their end, and tells each supervisor
 * after it of the ends until one has recorded them.
 *
 *   kept ──▶ ended ──told again to each supervisor──▶ forgotten ──▶ nothing is left: it goes
 *     └── its socket is closed everywhere (the service was stopped), SIGTERM: all are killed, and it goes
 */
export class Keeper {
  readonly #line: KeeperLine<ToKeeper, FromKeeper>;
  readonly #marks: string;
  readonly #kept = new Map<string, Kept>();
  readonly #gone = Promise.withResolvers<void>();
  /** Whether a supervisor has said hello. */
  #isHeard = false;

  /**
   * @param file the socket whose other end the next supervisor gets
   * @param marks a directory: in it a file for each attempt that is kept, with our pid, for whoever cleans up behind a supervisor
   */
  constructor(file: number, marks: string, runs: readonly KeptRun[]) {
    this.#line = new KeeperLine(file, (message) => this.#act(message));
    this.#marks = marks;
    mkdirSync(marks, { recursive: true, mode: 0o700 });
    for (const run of runs) {
      this.#kept.set(run.claim.job.id, { run, ended: null, isUnknown: false });
      writeFileSync(this.#markOf(run), `${process.pid}\n`);
    }
  }

  /** An attempt has ended, or one that had could not be recorded any more. */
  take(run: KeptRun, result: AttemptResult | Shortage): void {
    const { id } = run.claim.job;
    const kept = this.#kept.get(id) ?? { run, ended: null, isUnknown: false };
    this.#kept.set(id, kept);
    rmSync(this.#markOf(run), { force: true });
    kept.ended = { kind: 'ended', id, endedAtMs: Date.now(), result: tellResult(result) };
    if (kept.isUnknown) this.#forget(id);
    else if (this.#isHeard) this.#line.say(kept.ended);
  }

  /** Resolves once nothing is kept any more. */
  async run(): Promise<void> {
    const lost = this.#line.closed.then(() => 'closed' as const);
    if ((await Promise.race([lost, this.#gone.promise])) === 'closed') await this.end();
    this.#line.close();
  }

  /** Kills all that it keeps. */
  async end(): Promise<void> {
    const until = performance.now() + lastMs;
    // Again and again: what is being started has nothing yet that could be killed.
    for (let runs = this.#running; runs.length > 0 && performance.now() < until; runs = this.#running) {
      for (const run of runs) run.kill();
      await sleep(50);
    }
    for (const { run } of this.#kept.values()) rmSync(this.#markOf(run), { force: true });
    this.#kept.clear();
    this.#gone.resolve();
  }

  #act(message: ToKeeper): void {
    switch (message.kind) {
      case 'hello':
        this.#isHeard = true;
        this.#line.say({ kind: 'kept', nonce: message.nonce, version: protocolVersion, attempts: this.#names() });
        for (const { ended } of this.#kept.values()) if (ended) this.#line.say(ended);
        this.#goIfEmpty();
        return;
      case 'ping':
        this.#line.say({ kind: 'pong' });
        return;
      case 'end':
        this.#kept.get(message.id)?.run.cancel(null);
        return;
      case 'kill':
        this.#kept.get(message.id)?.run.kill();
        return;
      case 'forget': {
        const kept = this.#kept.get(message.id);
        if (!kept || kept.ended) return this.#forget(message.id);
        kept.isUnknown = true;
        kept.run.kill();
        return;
      }
    }
  }

  #forget(id: string): void {
    this.#kept.delete(id);
    this.#goIfEmpty();
  }

  get #running(): readonly KeptRun[] {
    return [...this.#kept.values()].flatMap(({ run, ended }) => (ended ? [] : [run]));
  }

  #goIfEmpty(): void {
    if (this.#kept.size === 0) this.#gone.resolve();
  }

  #names() {
    return [...this.#kept.values()].map(({ run: { claim } }) => ({
      id: claim.job.id,
      attempt: claim.attempt,
      token: claim.token,
    }));
  }

  #markOf({ claim: { job, attempt } }: KeptRun): string {
    return join(this.#marks, cgroupName(job.id, attempt));
  }
}
