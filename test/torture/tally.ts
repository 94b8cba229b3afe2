import type { BatchEvidence, LifeRecord } from './evidence.ts';

/** Counts for the summary. */
export class Tally {
  kills = 0;
  readonly #startedMs = performance.now();
  readonly #blows = new Map<string, number>();
  readonly #outcomes = new Map<string, number>();
  readonly #moments = { met: 0, missed: 0 };
  #supervisors = 0;
  #attempts = 0;
  #lost = 0;
  #interrupted = 0;
  #events = 0;
  #marks = 0;
  #hits = 0;
  /** Of files that were refused again after a kill in between. */
  #reasons = 0;
  #noted: Readonly<Record<string, number>> = {};

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  count(done: string, isKill: boolean): void {
    if (isKill) this.kills += 1;
    increase(this.#blows, done);
  }

  /** @param met whether the sign came that was chosen for a blow */
  countMoment(met: boolean): void {
    this.#moments[met ? 'met' : 'missed'] += 1;
  }

  countLife({ killed, signal, rival }: LifeRecord): void {
    if (!rival) this.#supervisors += 1;
    if (!killed && signal === 'SIGKILL') increase(this.#blows, 'killed by a job');
  }

  countBatch({ sightings, received, marks, hits }: BatchEvidence): void {
    for (const { record } of sightings) {
      increase(this.#outcomes, [record.outcome, record.cause].filter((part) => part !== null).join(' '));
      this.#attempts += record.attempts.length;
      this.#lost += record.attempts.filter(({ cause }) => cause === 'lost').length;
      this.#interrupted += record.attempts.filter(
        ({ outcome, cause }) => outcome === 'interrupted' && cause === null,
      ).length;
    }
    this.#events += received.length;
    this.#marks += marks.length;
    this.#hits += hits.length;
  }

  countReasons(count: number): void {
    this.#reasons += count;
  }

  note(counts: Readonly<Record<string, number>>): void {
    this.#noted = counts;
  }

  /** What was done, and what came of it. */
  lines(): string[] {
    return [
      `${this.kills} kills in ${Math.round(this.seconds)} s: ${list(this.#blows)}`,
      `${this.#moments.met} blows fell at the sign that was chosen, ${this.#moments.missed} without it, the others at random`,
      `${this.#supervisors} supervisors; ${this.#noted.jobs ?? 0} jobs and ${this.#noted.badFiles ?? 0} files to refuse were dropped`,
      `outcomes: ${list(this.#outcomes)}`,
      `${this.#attempts} attempts, ${this.#lost} lost, ${this.#interrupted} interrupted by a stop; ${this.#marks} lines by jobs, ${this.#hits} of their processes hit`,
      `${this.#events} crashes received, in ${this.#noted.deliveries ?? 0} deliveries`,
      ...(this.#reasons > 0 ? [`${this.#reasons} reasons without their file, which was refused again`] : []),
    ];
  }
}

function increase(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

const list = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
