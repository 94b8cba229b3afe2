import type { Leftover } from '../ledger/leftover.ts';
import { LedgerRefusal } from '../ledger/refusal.ts';
import type { Claim } from '../schedule/queue.ts';
import { JobRun } from './job-run.ts';
import { type Recovered, type RecoveryParts, recover } from './recover.ts';
import type { Troubles } from './troubles.ts';

/** What cannot be killed is tried again so often. */
const retryMs = 10_000;

/**
 * The attempts that the last supervisor left: those that a keeper has go on, each other is settled once it is proven gone, however
 * long that takes.
 */
export class Leftovers {
  readonly #parts: RecoveryParts;
  readonly #troubles: Troubles;
  readonly #onRecovered: (recovered: Recovered) => void;
  #unkillable: readonly Leftover[] = [];
  #triedAtMs = 0;
  readonly #kept = new Map<Claim, Leftover>();

  constructor(parts: RecoveryParts, troubles: Troubles, onRecovered: (recovered: Recovered) => void) {
    this.#parts = parts;
    this.#troubles = troubles;
    this.#onRecovered = onRecovered;
  }

  /**
   * Settles them all, but for those that are kept or cannot be killed.
   * @param patiently tries again while the ledger refuses
   * @returns how many were settled, and what goes on
   */
  async recover(
    patiently: (work: () => Promise<void>) => Promise<void>,
  ): Promise<{ readonly recovered: number; readonly kept: readonly JobRun[] }> {
    const { ledger, keepers } = this.#parts;
    const all = ledger.leftovers();
    const adopted = await keepers.adopt(all);
    for (const leftover of adopted.keys()) this.#kept.set(leftover.claim, leftover);
    const leftovers = all.filter((leftover) => !adopted.has(leftover));
    if (leftovers.length > 0) await patiently(() => ledger.noteRecovery());
    for (const leftover of leftovers) await patiently(() => this.#settle(leftover));
    const kept = [...adopted].map(([{ claim }, attempt]) => new JobRun(claim, this.#parts, attempt));
    return { recovered: leftovers.length, kept };
  }

  /** One that was kept, and whose keeper is gone. */
  async lose(claim: Claim): Promise<void> {
    const leftover = this.#kept.get(claim);
    if (!leftover) throw new Error(`nobody kept attempt ${claim.attempt} of job ${claim.job.id}`);
    this.#kept.delete(claim);
    this.#unkillable = [...this.#unkillable, leftover];
    await this.#retry();
  }

  /** Tries those again that could not be killed; null where there are none, or it is too early. */
  retry(): Promise<void> | null {
    if (this.#unkillable.length === 0 || performance.now() - this.#triedAtMs < retryMs) return null;
    // Until the end of this try nobody begins another.
    this.#triedAtMs = Number.POSITIVE_INFINITY;
    return this.#retry();
  }

  async #retry(): Promise<void> {
    const before = this.#unkillable;
    this.#unkillable = [];
    for (const leftover of before) {
      try {
        await this.#settle(leftover, false);
      } catch (error) {
        if (!(error instanceof LedgerRefusal)) throw error;
        this.#unkillable = [...this.#unkillable, leftover];
      }
    }
    this.#triedAtMs = performance.now();
    if (this.#unkillable.length === 0) this.#troubles.ended('processes');
  }

  async #settle(leftover: Leftover, isFirst = true): Promise<void> {
    const recovered = await recover(leftover, this.#parts);
    if (recovered.kind !== 'unkillable') return this.#onRecovered(recovered);
    const { job, attempt } = leftover.claim;
    if (isFirst) this.#parts.emit({ kind: 'attempt.unkillable', id: job.id, attempt });
    this.#troubles.began('processes', `of attempt ${attempt} of job ${job.id} some survive SIGKILL`);
    this.#unkillable = [...this.#unkillable, leftover];
    this.#triedAtMs = performance.now();
  }
}
