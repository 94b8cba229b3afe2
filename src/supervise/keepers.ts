import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../disk/durable.ts';
import type { JobId } from '../job/id.ts';
import type { Emit } from '../journal/event.ts';
import type { Leftover } from '../ledger/leftover.ts';
import type { Redactor } from '../redact/redactor.ts';
import { emptyCgroup, removeCgroup } from '../run/cgroup-end.ts';
import type { CgroupTree } from '../run/cgroup-tree.ts';
import { markOf } from '../run/environment.ts';
import { keeperCgroup, keeperPids } from '../run/keeper-cgroups.ts';
import { resultOf } from '../run/told-result.ts';
import { placeOf } from '../run/workdir.ts';
import { type FromKeeper, KeeperLine, type KeptName, protocolVersion, type ToKeeper } from './keeper-lines.ts';
import { KeptAttempt } from './kept-attempt.ts';

/** A keeper that does not answer for so long has died, or hangs. */
const answerMs = 10_000;
const killMs = 5000;
/** A keeper is asked so often whether it turns, and given up once so many questions have no answer. */
const ping = { everyMs: 60_000, most: 3 } as const;
/** How long a stop waits for keepers of which all is recorded. */
const goMs = 2000;

/** The socket of a keeper, as the service manager has passed it on. */
export interface PassedKeeper {
  readonly pid: number;
  readonly file: number;
}

export interface KeepersParts {
  readonly passed: readonly PassedKeeper[];
  /** Null where attempts have no cgroups: nothing is kept there. */
  readonly cgroups: CgroupTree | null;
  /** A directory: see `keeper.ts`. */
  readonly marks: string;
  /** Of the jobs' files. */
  readonly jobs: string;
  readonly redactor: Redactor;
  readonly emit: Emit;
}

/** The keepers of attempts that earlier supervisors began. */
export class Keepers implements AsyncDisposable {
  readonly #parts: KeepersParts;
  /** Those that answer, by pid. */
  readonly #links = new Map<number, Link>();

  constructor(parts: KeepersParts) {
    this.#parts = parts;
  }

  /**
   * Takes those of the attempts that run under a keeper, or have ended there. A keeper that does not answer is killed: what it
   * kept is lost.
   */
  async adopt(leftovers: readonly Leftover[]): Promise<ReadonlyMap<Leftover, KeptAttempt>> {
    const { cgroups, passed, marks } = this.#parts;
    if (!cgroups) {
      await Promise.all(passed.map(endKeeper));
      return new Map();
    }
    await Promise.all(passed.map((keeper) => this.#greet(keeper, cgroups)));
    await this.endSilent();
    if (this.#links.size === 0) rmSync(marks, { recursive: true, force: true });
    const kept = [...this.#links.values()].flatMap((link) => [...link.attempts.values()]);
    const adopted = new Map<Leftover, KeptAttempt>();
    for (const attempt of kept) {
      const leftover = leftovers.find(({ claim }) => isOf(attempt.name, claim));
      if (leftover) adopted.set(leftover, attempt);
      // Its end was recorded, and the supervisor died before it said so.
      else attempt.forget();
    }
    return adopted;
  }

  /**
   * Kills the keepers that do not answer, or not any more. False where one of them does not die: no attempt is proven gone then,
   * as that might begin another step of it.
   */
  async endSilent(): Promise<boolean> {
    const { cgroups } = this.#parts;
    for (const pid of cgroups ? keeperPids(cgroups) : []) {
      if (!cgroups || this.#links.has(pid)) continue;
      const cgroup = keeperCgroup(cgroups, pid);
      if ((await emptyCgroup(cgroup, killMs)) === null) return false;
      removeCgroup(cgroup);
    }
    return true;
  }

  /** Leaves them alone. Those of which all is recorded have a moment to go. */
  async [Symbol.asyncDispose](): Promise<void> {
    const links = [...this.#links.values()];
    const gone = Promise.all(links.filter(({ attempts }) => attempts.size === 0).map(({ closed }) => closed));
    await Promise.race([gone, sleep(goMs, undefined, { ref: false })]);
    this.#links.clear();
    for (const link of links) link.close();
  }

  async #greet({ pid, file }: PassedKeeper, cgroups: CgroupTree): Promise<void> {
    const { redactor, jobs, emit } = this.#parts;
    const link = new Link(file, redactor, (name, say) => {
      const place = placeOf(jobs, name.id as JobId, null);
      return new KeptAttempt(name, cgroups, markOf(place, name.attempt), say);
    });
    if (!(await link.greet())) {
      link.close();
      emit({ kind: 'keeper.lost', pid, attempts: null });
      return;
    }
    this.#links.set(pid, link);
    emit({ kind: 'keeper.adopted', pid, attempts: link.attempts.size });
    void link.closed.then(() => {
      if (this.#links.get(pid) !== link) return;
      this.#links.delete(pid);
      if (link.attempts.size > 0) emit({ kind: 'keeper.lost', pid, attempts: link.attempts.size });
      else removeCgroup(keeperCgroup(cgroups, pid));
      for (const attempt of link.attempts.values()) attempt.orphan();
    });
  }
}

/** Where its cgroup is out of reach. As long as its socket is open, the pid is its own. */
async function endKeeper({ pid, file }: PassedKeeper): Promise<void> {
  const line = new KeeperLine<FromKeeper, ToKeeper>(file, () => undefined);
  const gone = await Promise.race([line.closed.then(() => true), sleep(0).then(() => false)]);
  try {
    if (!gone) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
  await line.closed;
}

const isOf = (name: KeptName, claim: Leftover['claim']): boolean =>
  name.id === claim.job.id && name.attempt === claim.attempt && name.token === claim.token;

type Answer = Extract<FromKeeper, { kind: 'kept' }>;

/** One keeper, and what it keeps of which the end is not recorded. */
class Link {
  readonly attempts = new Map<string, KeptAttempt>();
  readonly #line: KeeperLine<FromKeeper, ToKeeper>;
  readonly #redactor: Redactor;
  readonly #makeAttempt: (name: KeptName, say: (message: ToKeeper) => void) => KeptAttempt;
  readonly #nonce = crypto.randomUUID();
  readonly #greeted = Promise.withResolvers<boolean>();
  #isGreeted = false;
  #unanswered = 0;
  #pinging: NodeJS.Timeout | null = null;

  constructor(
    file: number,
    redactor: Redactor,
    makeAttempt: (name: KeptName, say: (message: ToKeeper) => void) => KeptAttempt,
  ) {
    this.#redactor = redactor;
    this.#makeAttempt = makeAttempt;
    this.#line = new KeeperLine(file, (message) => this.#act(message));
    void this.#line.closed.then(() => {
      clearInterval(this.#pinging ?? undefined);
      this.#greeted.resolve(false);
    });
  }

  get closed(): Promise<void> {
    return this.#line.closed;
  }

  /** False where it does not answer, or not in our words. */
  async greet(): Promise<boolean> {
    this.#line.say({ kind: 'hello', nonce: this.#nonce });
    const limit = setTimeout(() => this.#greeted.resolve(false), answerMs);
    const isGreeted = await this.#greeted.promise;
    clearTimeout(limit);
    return isGreeted;
  }

  close(): void {
    this.#line.close();
  }

  #act(message: FromKeeper): void {
    switch (message.kind) {
      case 'kept':
        if (message.nonce === this.#nonce) this.#onAnswer(message);
        return;
      case 'pong':
        this.#unanswered = 0;
        return;
      case 'ended':
        // What comes before the answer was told to the supervisor before us.
        if (this.#isGreeted)
          this.attempts.get(message.id)?.tell(resultOf(message.result, this.#redactor), message.endedAtMs);
        return;
    }
  }

  #onAnswer({ version, attempts }: Answer): void {
    this.#isGreeted = version === protocolVersion;
    if (this.#isGreeted)
      for (const name of attempts)
        this.attempts.set(
          name.id,
          this.#makeAttempt(name, (message) => this.#say(message)),
        );
    this.#pinging = setInterval(() => this.#ping(), ping.everyMs);
    this.#greeted.resolve(this.#isGreeted);
  }

  #ping(): void {
    if (this.#unanswered >= ping.most) return this.close();
    this.#unanswered += 1;
    this.#line.say({ kind: 'ping' });
  }

  #say(message: ToKeeper): void {
    if (message.kind === 'forget') this.attempts.delete(message.id);
    this.#line.say(message);
  }
}
