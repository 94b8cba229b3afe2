import { join } from 'node:path';
import { type Instant, instant } from '../job/units.ts';
import type { AttemptResult } from '../run/attempt.ts';
import { removeCgroup } from '../run/cgroup-end.ts';
import { type CgroupTree, cgroupName } from '../run/cgroup-tree.ts';
import type { Shortage } from '../run/shortage.ts';
import { killSurvivors } from '../run/survivors.ts';
import type { KeptName, ToKeeper } from './keeper-lines.ts';

/** How an attempt ended that a keeper ran. */
export type KeptEnd =
  | { readonly kind: 'told'; readonly result: AttemptResult | Shortage; readonly endedAt: Instant }
  /** Its keeper is gone, and nobody knows. */
  | { readonly kind: 'orphaned' };

/** An attempt that an earlier supervisor began, and still runs as the keeper of it. */
export class KeptAttempt {
  readonly name: KeptName;
  readonly cgroup: string;
  readonly #mark: string;
  readonly #say: (message: ToKeeper) => void;
  readonly #end = Promise.withResolvers<KeptEnd>();

  /** @param mark in the environment of its processes */
  constructor(name: KeptName, { jobs }: Pick<CgroupTree, 'jobs'>, mark: string, say: (message: ToKeeper) => void) {
    this.name = name;
    this.cgroup = join(jobs, cgroupName(name.id, name.attempt));
    this.#mark = mark;
    this.#say = say;
  }

  get end(): Promise<KeptEnd> {
    return this.#end.promise;
  }

  /** It has ended. Told again, that changes nothing. */
  tell(result: AttemptResult | Shortage, endedAtMs: number): void {
    this.#end.resolve({ kind: 'told', result, endedAt: instant(endedAtMs) });
  }

  orphan(): void {
    this.#end.resolve({ kind: 'orphaned' });
  }

  cancel(): void {
    this.#say({ kind: 'end', id: this.name.id });
  }

  kill(): void {
    this.#say({ kind: 'kill', id: this.name.id });
  }

  /** Its end is recorded, or nobody has it: its keeper need not tell of it any more, and kills it where it runs. */
  forget(): void {
    this.#say({ kind: 'forget', id: this.name.id });
  }

  /** Once it has ended: kills what its keeper could not. Answers how many there were; null: some are still there. */
  async clearAgain(): Promise<number | null> {
    const killed = await killSurvivors({ cgroups: [this.cgroup], groups: [], mark: this.#mark });
    if (killed !== null) removeCgroup(this.cgroup);
    return killed;
  }
}
