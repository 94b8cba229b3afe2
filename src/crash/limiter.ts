import type { CrashLimits } from '../config/config.ts';

/** `count-with-others`: its own group is calm, but there are too many different ones. */
export type Decision = 'send' | 'count' | 'count-with-others';

/*
 *            no token left                      window over, and more in it than would come free by then
 *   calm ───────────────────▶ storm ◀──────────────────────────────────────────┐
 *     ▲                         │ ─────────────────────────────────────────────┘  (twice as long)
 *     └─────────────────────────┘ window over, and it was nearly quiet
 */
type Group =
  | { readonly kind: 'calm'; readonly tokens: number; readonly atMs: number }
  | { readonly kind: 'storm'; readonly endsAtMs: number; readonly windowMs: number; readonly counted: number };

const longestWindowMs = 3_600_000;
const hourMs = 3_600_000;
/** Beyond it the group that was quiet for longest is forgotten: it may then have a burst again. */
const maxGroups = 2000;
const maxStorms = 1000;

/** Decides for each crash whether it is sent or counted. Knows nothing but groups and the monotonic clock. */
export class Limiter {
  #limits: CrashLimits;
  readonly #groups = new Map<string, Group>();
  #storms = 0;
  #all: { readonly tokens: number; readonly atMs: number };

  constructor(limits: CrashLimits, nowMs: number) {
    this.#limits = limits;
    this.#all = { tokens: limits.maxPerHour, atMs: nowMs };
  }

  setLimits(limits: CrashLimits): void {
    this.#limits = limits;
  }

  decide(group: string, nowMs: number): Decision {
    const { burst, windowMs, maxPerHour } = this.#limits;
    const known = this.#groups.get(group) ?? { kind: 'calm', tokens: burst, atMs: nowMs };
    if (known.kind === 'storm') {
      this.#set(group, { ...known, counted: known.counted + 1 });
      return 'count';
    }
    const tokens = Math.min(burst, known.tokens + (nowMs - known.atMs) / windowMs);
    if (tokens < 1) {
      if (this.#storms >= maxStorms) return 'count-with-others';
      this.#set(group, { kind: 'storm', endsAtMs: nowMs + windowMs, windowMs, counted: 1 });
      return 'count';
    }
    const all = Math.min(maxPerHour, this.#all.tokens + ((nowMs - this.#all.atMs) * maxPerHour) / hourMs);
    this.#all = { tokens: all < 1 ? all : all - 1, atMs: nowMs };
    this.#set(group, { kind: 'calm', tokens: all < 1 ? tokens : tokens - 1, atMs: nowMs });
    return all < 1 ? 'count-with-others' : 'send';
  }

  /** Something of this group was counted for another reason: its window is open, if it was not. */
  noteCounted(group: string, nowMs: number): void {
    const known = this.#groups.get(group);
    const { windowMs } = this.#limits;
    if (known?.kind === 'storm') this.#set(group, { ...known, counted: known.counted + 1 });
    else this.#set(group, { kind: 'storm', endsAtMs: nowMs + windowMs, windowMs, counted: 1 });
  }

  /** The groups whose window is over by now. */
  endWindows(nowMs: number): string[] {
    const { windowMs: shortestMs } = this.#limits;
    const ended: string[] = [];
    for (const [group, known] of this.#groups) {
      if (known.kind === 'calm' || known.endsAtMs > nowMs) continue;
      ended.push(group);
      const windowMs = Math.min(Math.max(longestWindowMs, shortestMs), known.windowMs * 2);
      const goesOn = known.counted > known.windowMs / shortestMs;
      this.#set(
        group,
        goesOn
          ? { kind: 'storm', endsAtMs: nowMs + windowMs, windowMs, counted: 0 }
          : { kind: 'calm', tokens: Math.min(1, this.#limits.burst), atMs: nowMs },
      );
    }
    return ended;
  }

  isStorm(group: string): boolean {
    return this.#groups.get(group)?.kind === 'storm';
  }

  /** When the next window is over; null where none is open. */
  get nextEndMs(): number | null {
    let next: number | null = null;
    for (const known of this.#groups.values())
      if (known.kind === 'storm') next = Math.min(next ?? known.endsAtMs, known.endsAtMs);
    return next;
  }

  #set(group: string, state: Group): void {
    const before = this.#groups.get(group);
    this.#storms += Number(state.kind === 'storm') - Number(before?.kind === 'storm');
    this.#groups.delete(group);
    this.#groups.set(group, state);
    if (this.#groups.size <= maxGroups) return;
    for (const [oldest, { kind }] of this.#groups) {
      if (kind === 'storm') continue;
      this.#groups.delete(oldest);
      return;
    }
  }
}
