import type { JobKind } from '../../src/job/job.ts';
import type { OnNew } from '../../src/job/order.ts';

/** What a job of the model asks for. Times are absolute. */
export interface YardWish {
  readonly name: string;
  readonly kind: JobKind;
  readonly priority: number;
  readonly needs: readonly string[];
  readonly group: { readonly name: string; readonly limit: number; readonly onNew: OnNew } | null;
  readonly rate: { readonly starts: number; readonly perMs: number } | null;
  readonly notBefore: number | null;
  readonly expires: number | null;
  /** What its success makes. */
  readonly verify: YardWish | null;
}

export interface YardJob {
  readonly id: string;
  readonly wish: YardWish;
  readonly pipeline: YardJob | null;
  readonly cameAt: number;
  /** What it waits for to succeed: nothing where one of them had failed before it came. */
  readonly waitsFor: readonly string[];
  priority: number;
  state: 'waiting' | 'running' | 'verifying' | 'ended';
  held: boolean;
  dueAt: number | null;
  attempts: number;
  claims: number;
  ending: { readonly outcome: string; readonly reason: string } | null;
  outcome: string | null;
}

export type YardTarget = { readonly kind: 'id' | 'name' | 'group'; readonly value: string };

/** How an attempt ended, and whether the job is tried again: at once, or at a time. */
export interface YardEnding {
  readonly outcome: string;
  readonly reason: string | null;
  readonly again: boolean;
  readonly retryAt: number | null;
}

export const laneNameOf = ({ group, rate, name }: YardWish): string | null => {
  if (group !== null) return `group:${group.name}`;
  return rate === null ? null : `name:${name}`;
};

/**
 * What scheduling should be, told as plainly as can be: a list of jobs in the order of their arrival, and loops over it. It
 * remembers nothing that can be counted anew, and shares nothing with the ledger.
 */
export class Yard {
  readonly jobs: YardJob[] = [];
  readonly paused = new Set<string>();
  /** What the newest job of each lane said. */
  readonly #limits = new Map<string, Pick<YardWish, 'group' | 'rate'>>();
  #starts: { lane: string; job: string; claim: number; at: number }[] = [];
  aging: number | null = null;
  /** `id outcome reason`, in the order of the ends. */
  readonly ends: string[] = [];

  find(id: string): YardJob | null {
    return this.jobs.find((job) => job.id === id) ?? null;
  }

  open(): YardJob[] {
    return this.jobs.filter(({ state }) => state !== 'ended');
  }

  accept(id: string, wish: YardWish, now: number): 'accepted' | 'duplicate' | 'circular' {
    if (this.find(id)) return 'duplicate';
    if (this.#leadsTo(id, wish.needs)) return 'circular';
    this.#arrive(id, wish, null, now);
    return 'accepted';
  }

  /** Those of a kind that may run, best first, whether or not anything but their group is paused. */
  ready(kind: JobKind, now: number): YardJob[] {
    const lanes = new Map<string | null, YardJob[]>();
    for (const job of this.#inOrder(this.jobs.filter((one) => this.#isEligible(one)))) {
      const lane = laneNameOf(job.wish);
      lanes.set(lane, [...(lanes.get(lane) ?? []), job]);
    }
    const best: YardJob[] = [];
    for (const [lane, jobs] of lanes) best.push(...(lane === null ? jobs : jobs.slice(0, this.#placesIn(lane, now))));
    return this.#inOrder(best.filter((job) => job.wish.kind === kind));
  }

  claim(kind: JobKind, limit: number, now: number): YardJob[] {
    // The clock may have been set back.
    for (const start of this.#starts) start.at = Math.min(start.at, now);
    if (this.paused.has('all') || this.paused.has(`kind:${kind}`)) return [];
    const expired = ({ attempts, wish }: YardJob): boolean =>
      attempts === 0 && wish.expires !== null && wish.expires <= now;
    const claimed = this.ready(kind, now)
      .filter((job) => !expired(job))
      .slice(0, limit);
    for (const job of claimed) {
      job.state = 'running';
      job.attempts += 1;
      job.claims += 1;
      const lane = laneNameOf(job.wish);
      if (lane !== null && this.#limits.get(lane)?.rate)
        this.#starts.push({ lane, job: job.id, claim: job.claims, at: now });
    }
    return claimed;
  }

  release(id: string, claim: number): void {
    const job = this.#running(id, claim);
    if (!job) return;
    job.state = 'waiting';
    job.attempts -= 1;
    this.#starts = this.#starts.filter((start) => start.job !== id || start.claim !== claim);
    this.#tidy();
  }

  /** What the answer is: `stale`, `waiting`, `verifying`, or `ended`. */
  finish(id: string, claim: number, ending: YardEnding, now: number): string {
    const job = this.#running(id, claim);
    if (!job) return 'stale';
    if (job.ending !== null) {
      this.#finishCancelled(job, job.ending.reason, ending, now);
      return 'ended';
    }
    if (ending.again) {
      job.state = 'waiting';
      job.dueAt = ending.retryAt;
      return 'waiting';
    }
    if (ending.outcome === 'succeeded' && job.wish.verify !== null) {
      job.state = 'verifying';
      this.#arrive(`${id}+verify`, job.wish.verify, job, now);
      return 'verifying';
    }
    this.#end(job, ending.outcome === 'interrupted' ? 'crashed' : ending.outcome, ending.reason);
    return 'ended';
  }

  /** What time brings, until it brings nothing more. */
  attend(now: number): void {
    for (const job of this.open()) if (job.state === 'waiting' && (job.dueAt ?? now + 1) <= now) job.dueAt = null;
    for (;;) {
      const before = this.ends.length;
      const told = this.open().flatMap((job) =>
        job.state === 'waiting' && job.ending ? [[job, job.ending] as const] : [],
      );
      for (const [job, { outcome, reason }] of told) this.#end(job, outcome, reason);
      // What was told to end already ends by that.
      const late = this.open().flatMap((job) =>
        job.state === 'waiting' && job.attempts === 0 && (job.wish.expires ?? now + 1) <= now
          ? [[job, job.ending ?? expiry(job.wish)] as const]
          : [],
      );
      for (const [job, { outcome, reason }] of late) this.#end(job, outcome, reason);
      if (this.ends.length === before) break;
    }
    this.#starts = this.#starts.filter(({ lane, at }) => {
      const rate = this.#limits.get(lane)?.rate;
      return !rate || at > now - rate.perMs;
    });
    this.#tidy();
  }

  /** The open jobs that are meant. */
  meant({ kind, value }: YardTarget): YardJob[] {
    return this.open().filter(({ id, wish, pipeline }) => {
      if (kind === 'id') return id === value;
      return kind === 'name' ? wish.name === value && pipeline === null : laneNameOf(wish) === `group:${value}`;
    });
  }

  /** `id effect` of each. */
  cancel(target: YardTarget, reason: string): string[] {
    const jobs = this.meant(target);
    const told = jobs.map(({ id, state, ending }) => {
      if (ending !== null) return `${id} unchanged`;
      return `${id} ${state === 'waiting' ? 'cancelled' : 'cancelling'}`;
    });
    for (const job of jobs) this.#cancelWithVerifier(job, reason);
    return told;
  }

  hold(target: YardTarget, held: boolean): string[] {
    return this.#changeWaiting(target, held ? 'held' : 'released', (job) => {
      job.held = held;
    });
  }

  prioritize(target: YardTarget, priority: number): string[] {
    return this.#changeWaiting(target, 'prioritized', (job) => {
      job.priority = priority;
    });
  }

  /** `id effect detail`; the detail only of a copy. */
  retry(id: string, newId: string | null, now: number): string | null {
    const job = this.find(id);
    if (!job) return null;
    if (job.pipeline !== null) return `${id} unchanged`;
    if (job.state !== 'ended') {
      if (job.state !== 'waiting' || job.ending !== null || job.dueAt === null) return `${id} unchanged`;
      job.dueAt = null;
      return `${id} due`;
    }
    let copyId = newId;
    for (let count = 2; copyId === null; count += 1) {
      const free = `${id.replace(/\.\d+$/, '')}.${count}`;
      if (!this.find(free)) copyId = free;
    }
    if (this.find(copyId) || this.#leadsTo(copyId, job.wish.needs)) return `${id} unchanged`;
    const { expires } = job.wish;
    const late = expires === null || expires <= now;
    const wish = { ...job.wish, priority: job.priority, notBefore: null, expires: late ? null : expires };
    this.#arrive(copyId, wish, null, now);
    return `${id} retried ${copyId}`;
  }

  /** Those that run and are to be ended. */
  cancelling(): string[] {
    return this.jobs
      .filter(({ state, ending }) => state === 'running' && ending !== null)
      .map(({ id, ending }) => `${id} ${ending?.reason}`);
  }

  /** Those of a group that run or are being verified. */
  active(lane: string): YardJob[] {
    return this.open().filter(({ wish, state }) => laneNameOf(wish) === lane && state !== 'waiting');
  }

  limitsOf(lane: string): { readonly limit: number; readonly rate: YardWish['rate'] } {
    const said = this.#limits.get(lane);
    return { limit: said?.group?.limit ?? Number.POSITIVE_INFINITY, rate: said?.rate ?? null };
  }

  #arrive(id: string, wish: YardWish, pipeline: YardJob | null, now: number): void {
    const job: YardJob = {
      id,
      wish,
      pipeline,
      cameAt: now,
      waitsFor: wish.needs.some((needed) => (this.find(needed)?.outcome ?? 'succeeded') !== 'succeeded')
        ? []
        : wish.needs,
      priority: wish.priority,
      state: 'waiting',
      held: false,
      dueAt: wish.notBefore,
      attempts: 0,
      claims: 0,
      ending: null,
      outcome: null,
    };
    this.jobs.push(job);
    const lane = laneNameOf(wish);
    if (lane !== null) this.#limits.set(lane, wish);
    for (const needed of wish.needs) {
      const outcome = this.find(needed)?.outcome ?? 'succeeded';
      if (outcome !== 'succeeded') job.ending ??= { outcome: 'skipped', reason: needReason(needed, outcome) };
    }
    // One that is not to run takes nobody's place.
    if (job.ending === null && lane !== null && wish.group !== null) this.#compete(job, lane, wish.group);
  }

  #compete(job: YardJob, lane: string, { name, limit, onNew }: NonNullable<YardWish['group']>): void {
    const others = this.open().filter((other) => other !== job && laneNameOf(other.wish) === lane);
    const waiting = others.filter(({ state }) => state === 'waiting');
    const running = others.filter(({ state }) => state !== 'waiting');
    if (onNew === 'skip' && running.length + waiting.filter((one) => this.#isEligible(one)).length >= limit)
      job.ending = { outcome: 'skipped', reason: `group ${name} was busy when it came` };
    const reason = `replaced by ${job.id}, the newest of group ${name}`;
    if (onNew === 'cancel-running') for (const other of running) this.#cancelWithVerifier(other, reason);
    if (onNew === 'cancel-running' || onNew === 'replace-waiting')
      for (const other of waiting) this.#cancelWithVerifier(other, reason);
  }

  #cancelWithVerifier(job: YardJob, reason: string): void {
    const verifier = this.open().find(({ pipeline }) => pipeline === job);
    for (const one of [job, verifier]) if (one) one.ending ??= { outcome: 'cancelled', reason };
  }

  #changeWaiting(target: YardTarget, effect: string, change: (job: YardJob) => void): string[] {
    return this.meant(target).map((job) => {
      if (job.state !== 'waiting' || job.ending !== null) return `${job.id} unchanged`;
      change(job);
      return `${job.id} ${effect}`;
    });
  }

  #finishCancelled(job: YardJob, why: string, { outcome, reason }: YardEnding, _now: number): void {
    const stopped = outcome === 'interrupted' || (outcome === 'succeeded' && job.wish.verify !== null);
    this.#end(job, stopped ? 'cancelled' : outcome, stopped ? why : reason);
  }

  #end(job: YardJob, outcome: string, reason: string | null): void {
    job.state = 'ended';
    job.outcome = outcome;
    this.ends.push(`${job.id} ${outcome} ${reason}`);
    for (const other of this.open())
      if (outcome !== 'succeeded' && other.state === 'waiting' && other.wish.needs.includes(job.id))
        other.ending ??= { outcome: 'skipped', reason: needReason(job.id, outcome) };
    const { pipeline } = job;
    if (pipeline?.state === 'verifying') this.#end(pipeline, outcome, pipelineReason(pipeline, outcome, reason));
    this.#tidy();
  }

  /** A lane that nobody uses, and that has no rate, forgets what started in it. */
  #tidy(): void {
    this.#starts = this.#starts.filter(
      ({ lane }) => this.#limits.get(lane)?.rate || this.open().some(({ wish }) => laneNameOf(wish) === lane),
    );
  }

  #isEligible({ state, held, dueAt, ending, wish }: YardJob): boolean {
    const met = wish.needs.every((needed) => this.find(needed)?.outcome === 'succeeded');
    return state === 'waiting' && !held && dueAt === null && ending === null && met;
  }

  #placesIn(lane: string, now: number): number {
    if (this.paused.has(lane)) return 0;
    const { limit, rate } = this.limitsOf(lane);
    const byLimit = limit - this.active(lane).length;
    if (!rate) return Math.max(0, byLimit);
    const recent = this.#starts.filter((start) => start.lane === lane && start.at > now - rate.perMs);
    return Math.max(0, Math.min(byLimit, rate.starts - recent.length));
  }

  /** The urgent before the others, and of equals the first that came. With aging, urgency grows with the time of waiting. */
  #inOrder(jobs: readonly YardJob[]): YardJob[] {
    const urgency = ({ priority, cameAt }: YardJob): number =>
      this.aging === null ? priority : priority * this.aging - cameAt;
    return jobs.toSorted((a, b) => urgency(b) - urgency(a) || this.jobs.indexOf(a) - this.jobs.indexOf(b));
  }

  #leadsTo(id: string, needs: readonly string[], seen: readonly string[] = []): boolean {
    return needs.some((needed) => {
      if (needed === id) return true;
      const job = this.find(needed);
      return job !== null && job.state !== 'ended' && !seen.includes(needed)
        ? this.#leadsTo(id, job.waitsFor, [...seen, needed])
        : false;
    });
  }

  #running(id: string, claim: number): YardJob | null {
    const job = this.find(id);
    return job?.state === 'running' && job.claims === claim ? job : null;
  }
}

function needReason(id: string, outcome: string): string {
  return `it needs ${id}, which ${outcome === 'crashed' ? 'crashed' : `was ${outcome}`}`;
}

function pipelineReason(pipeline: YardJob, outcome: string, reason: string | null): string | null {
  if (outcome === 'crashed') return `its verifier crashed: ${reason}`;
  if (outcome === 'rejected') return reason;
  if (outcome === 'succeeded') return null;
  return (outcome === 'cancelled' ? pipeline.ending?.reason : undefined) ?? `its verifier was ${outcome}`;
}

const expiry = ({ expires }: YardWish): NonNullable<YardJob['ending']> => ({
  outcome: 'cancelled',
  reason: `expired: not started by ${new Date(expires ?? 0).toISOString()}`,
});
