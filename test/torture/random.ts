/** Decisions that are the same for the same seed, however the time between them varies. */
export class Random {
  #state: number;

  /** @param numbers what the decisions are for: the run's seed, and the number of the round, say */
  constructor(...numbers: readonly number[]) {
    this.#state = numbers.reduce((state, number) => mixed(state ^ mixed(number + 0x6d2b79f5)), 0x9e3779b9);
  }

  /** From 0 to 1, without 1 (mulberry32). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    return mixed(this.#state) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.between(0, items.length - 1)] ?? items[0];
  }

  /** One of the keys, each as often as its weight says. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const entries = Object.entries<number>(weights) as [Key, number][];
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    throw new Error('nothing has a weight');
  }
}

function mixed(number: number): number {
  let state = Math.imul(number ^ (number >>> 15), 1 | number);
  state = (state + Math.imul(state ^ (state >>> 7), 61 | state)) ^ state;
  return (state ^ (state >>> 14)) >>> 0;
}
