import type { Submitter } from '../config/policy.ts';
import { findGroupName, findGroups, findUser, type User } from '../native/accounts.ts';

/** What the user database knows of a user. */
export type Account = Pick<Submitter, 'user' | 'groups' | 'flaw'>;

const keptMs = 60_000;
const maxKept = 1000;
/** A user database that is asked over a network may not answer. */
const patienceMs = 5000;

export const nameless: Account = { user: null, groups: [], flaw: null };

/** Who the owners of dropped files are: asked for once a minute each. Its one user asks one question after the other. */
export class Submitters {
  readonly #kept = new Map<number, { readonly account: Account; readonly atMs: number }>();
  #asking = false;

  /** Never rejects, and takes seconds at most: where nobody answers, the account says so. */
  async accountOf(uid: number): Promise<Account> {
    const kept = this.#kept.get(uid);
    if (kept && performance.now() - kept.atMs < keptMs) return kept.account;
    const account = await this.#ask(uid);
    if (account.flaw === null) {
      if (this.#kept.size >= maxKept) this.#kept.clear();
      this.#kept.set(uid, { account, atMs: performance.now() });
    }
    return account;
  }

  async #ask(uid: number): Promise<Account> {
    // A question that hangs holds one of few threads: no second one is put beside it.
    if (this.#asking) return late;
    this.#asking = true;
    const answer = lookUp(uid)
      .catch(
        (error: unknown): Account => ({ ...nameless, flaw: `the user database cannot be asked (${String(error)})` }),
      )
      .finally(() => (this.#asking = false));
    const limit = Promise.withResolvers<Account>();
    const timer = setTimeout(() => limit.resolve(late), patienceMs);
    const account = await Promise.race([answer, limit.promise]);
    clearTimeout(timer);
    return account;
  }
}

const late: Account = { ...nameless, flaw: `the user database has not answered within ${patienceMs / 1000} seconds` };

async function lookUp(uid: number): Promise<Account> {
  const user = await findUser(uid);
  return user ? accountOfUser(user) : nameless;
}

/** A user with its groups. @throws where the user database cannot be asked */
export async function accountOfUser(user: User): Promise<Account> {
  const groups: Account['groups'][number][] = [];
  for (const gid of new Set(await findGroups(user))) groups.push({ gid, name: await findGroupName(gid) });
  return { user: user.name, groups, flaw: null };
}
