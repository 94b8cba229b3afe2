/** How many times as long as usual everything is waited for: a machine that is busy with other things proves nothing. */
export const patience = Number(process.env.BOOTY_PATIENCE || 1);

/** How long a test waits for something before it says what did not come. */
export const patienceMs = 20_000;

/** Conditions that somebody waits for; each is looked at again after every change. */
export class Waiting {
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Something may have come true. */
  notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Resolves with the first answer that is not null. Rejects at the limit, with what was awaited and what there was in its place. */
  async until<Found>(
    what: string,
    find: () => Found | null | undefined,
    { timeoutMs = patienceMs, state = () => '' }: { timeoutMs?: number; state?: () => string } = {},
  ): Promise<Found> {
    const expired = Promise.withResolvers<'expired'>();
    const limit = setTimeout(() => expired.resolve('expired'), patience * timeoutMs);
    try {
      for (;;) {
        const { promise } = this.#changed;
        const found = find();
        if (found !== null && found !== undefined) return found;
        if ((await Promise.race([promise, expired.promise])) === 'expired') {
          throw new Error(`waited ${patience * timeoutMs} ms in vain for ${what}\n${state()}`);
        }
      }
    } finally {
      clearTimeout(limit);
    }
  }
}

/** For what tells nobody that it changed, such as a file: looks every few milliseconds, up to the limit. */
export async function poll<Found>(
  what: string,
  find: () => Found | null | undefined,
  { timeoutMs = patienceMs, everyMs = 5, state = () => '' }: PollOptions = {},
): Promise<Found> {
  const waiting = new Waiting();
  const ticks = setInterval(() => waiting.notify(), everyMs);
  try {
    return await waiting.until(what, find, { timeoutMs, state });
  } finally {
    clearInterval(ticks);
  }
}

export interface PollOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  readonly state?: () => string;
}
