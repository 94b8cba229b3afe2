import { createHash } from 'node:crypto';

/*
 * What was counted and not sent, as a journal of lines; replayed it is the state. A line that is not one of these (the
 * last one, torn by a power cut) says nothing, and nobody was told that it is safe.
 *
 *   count ──▶ open (of its group) ──close──▶ closed (an event of this id tells it) ──told──▶ gone
 */

export interface Counted {
  /** 32 hex digits. */
  readonly group: string;
  /** The event that the crash would have had: it makes the same crash, captured again, count once. */
  readonly eventId: string;
  readonly atMs: number;
  readonly jobId: string;
  /** More than one where an event that told of several is counted itself. */
  readonly count: number;
}

export type TallyEntry =
  | ({ readonly kind: 'count' } & Counted)
  /** What a group had before the file was made shorter. */
  | { readonly kind: 'sum'; readonly group: string; readonly sum: Sum }
  | { readonly kind: 'close'; readonly group: string; readonly summaryId: string }
  | { readonly kind: 'told'; readonly summaryId: string }
  /** The event of this crash was delivered. */
  | { readonly kind: 'sent'; readonly eventId: string }
  /** This crash is in one of the sums. */
  | { readonly kind: 'seen'; readonly eventId: string };

/** Crashes of one group that were counted. */
export interface Sum {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Some of them, the newest last. */
  readonly jobIds: readonly string[];
}

/** A crash is captured again only where its attempt's end was not recorded, so that it is among the last few thousand. */
const maxRecent = 8192;
const maxJobIds = 10;

export function tallyLine(entry: TallyEntry): string {
  switch (entry.kind) {
    case 'count':
      return `count ${entry.group} ${entry.eventId} ${entry.atMs} ${entry.count} ${entry.jobId}\n`;
    case 'sum':
      return `sum ${entry.group} ${entry.sum.count} ${entry.sum.firstMs} ${entry.sum.lastMs} ${entry.sum.jobIds.join(',') || '-'}\n`;
    case 'close':
      return `close ${entry.group} ${entry.summaryId}\n`;
    case 'told':
      return `told ${entry.summaryId}\n`;
    case 'sent':
    case 'seen':
      return `${entry.kind} ${entry.eventId}\n`;
  }
}

const linePattern =
  /^(?:count (?<counted>\w{32}) (?<event>\w{32}) (?<at>\d+) (?<n>\d+) (?<job>\S+)|sum (?<summed>\w{32}) (?<sum>\d+) (?<first>\d+) (?<last>\d+) (?<jobs>\S+)|close (?<closed>\w{32}) (?<summary>\w{32})|told (?<told>\w{32})|(?<state>sent|seen) (?<known>\w{32}))$/;

/** Null where the line is not whole. */
export function parseTallyLine(line: string): TallyEntry | null {
  const found = linePattern.exec(line)?.groups;
  if (!found) return null;
  const { counted, event = '', summed, closed, summary = '', told, state, known = '' } = found;
  if (counted !== undefined)
    return {
      kind: 'count',
      group: counted,
      eventId: event,
      atMs: Number(found.at),
      count: Number(found.n),
      jobId: found.job ?? '',
    };
  if (summed !== undefined) {
    const jobIds = found.jobs === '-' ? [] : (found.jobs ?? '').split(',');
    const sum = { count: Number(found.sum), firstMs: Number(found.first), lastMs: Number(found.last), jobIds };
    return { kind: 'sum', group: summed, sum };
  }
  if (closed !== undefined) return { kind: 'close', group: closed, summaryId: summary };
  if (told !== undefined) return { kind: 'told', summaryId: told };
  return { kind: state === 'sent' ? 'sent' : 'seen', eventId: known };
}

export class TallyState {
  readonly #open = new Map<string, Sum>();
  readonly #closed = new Map<string, { readonly group: string; readonly sum: Sum }>();
  readonly #recent = new Map<string, 'sent' | 'counted'>();

  /** Whether it changed anything. */
  apply(entry: TallyEntry): boolean {
    switch (entry.kind) {
      case 'count': {
        if (this.#recent.get(entry.eventId) === 'counted') return false;
        this.#remember(entry.eventId, 'counted');
        const { count, atMs, jobId } = entry;
        this.#add(entry.group, { count, firstMs: atMs, lastMs: atMs, jobIds: [jobId] });
        return true;
      }
      case 'sum':
        this.#add(entry.group, entry.sum);
        return true;
      case 'close': {
        const sum = this.#open.get(entry.group);
        if (!sum) return false;
        this.#open.delete(entry.group);
        this.#closed.set(entry.summaryId, { group: entry.group, sum });
        return true;
      }
      case 'told':
        return this.#closed.delete(entry.summaryId);
      case 'sent':
      case 'seen':
        this.#remember(entry.eventId, entry.kind === 'sent' ? 'sent' : 'counted');
        return true;
    }
  }

  /** What became of a crash, where it is not too long ago. */
  fateOf(eventId: string): 'sent' | 'counted' | null {
    return this.#recent.get(eventId) ?? null;
  }

  /** Groups with something to tell. */
  get groups(): readonly string[] {
    return [...new Set([...this.#open.keys(), ...[...this.#closed.values()].map(({ group }) => group)])];
  }

  openSum(group: string): Sum | null {
    return this.#open.get(group) ?? null;
  }

  /** What is to be told of a group, by the id of the event that tells it. */
  closedOf(group: string): readonly { readonly summaryId: string; readonly sum: Sum }[] {
    return [...this.#closed].flatMap(([summaryId, closed]) =>
      closed.group === group ? [{ summaryId, sum: closed.sum }] : [],
    );
  }

  /** How many crashes are still to be told of. */
  get untold(): number {
    return [...this.#open.values(), ...[...this.#closed.values()].map(({ sum }) => sum)].reduce(
      (total, { count }) => total + count,
      0,
    );
  }

  /** The shortest lines that mean the same. */
  lines(): string {
    const closed = [...this.#closed].flatMap(([summaryId, { group, sum }]): TallyEntry[] => [
      { kind: 'sum', group, sum },
      { kind: 'close', group, summaryId },
    ]);
    const open = [...this.#open].map(([group, sum]): TallyEntry => ({ kind: 'sum', group, sum }));
    const recent = [...this.#recent].map(
      ([eventId, fate]): TallyEntry => ({ kind: fate === 'sent' ? 'sent' : 'seen', eventId }),
    );
    return [...closed, ...open, ...recent].map(tallyLine).join('');
  }

  #add(group: string, more: Sum): void {
    const sum = this.#open.get(group);
    if (!sum) {
      this.#open.set(group, { ...more, jobIds: more.jobIds.slice(-maxJobIds) });
      return;
    }
    this.#open.set(group, {
      count: sum.count + more.count,
      firstMs: Math.min(sum.firstMs, more.firstMs),
      lastMs: Math.max(sum.lastMs, more.lastMs),
      jobIds: [...sum.jobIds, ...more.jobIds].slice(-maxJobIds),
    });
  }

  #remember(eventId: string, fate: 'sent' | 'counted'): void {
    this.#recent.delete(eventId);
    this.#recent.set(eventId, fate);
    if (this.#recent.size <= maxRecent) return;
    for (const [oldest] of this.#recent) {
      this.#recent.delete(oldest);
      return;
    }
  }
}

export function replayTally(text: string): TallyState {
  const state = new TallyState();
  // The last line may be torn: whole lines end.
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const entry = parseTallyLine(line);
    if (entry) state.apply(entry);
  }
  return state;
}

/** The id of the event that tells a sum: made once and written down before it is used, so that it is one event. */
export const summaryIdOf = (group: string, sum: Sum): string =>
  createHash('sha256')
    .update(`booty counted ${group} ${sum.count} ${sum.firstMs} ${sum.lastMs} ${sum.jobIds.join(' ')}`)
    .digest('hex')
    .slice(0, 32);
