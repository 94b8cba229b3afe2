/** A text to look for, and whose it is. */
export interface Pattern {
  readonly bytes: Uint8Array;
  /** Index of its label. */
  readonly label: number;
  /** Whether it is also looked for with line ends in it. */
  readonly isWrapped: boolean;
}

/** So far into a wrapped pattern a line end counts as part of it: before, it is a line end like any other. */
const minWrapDepth = 7;
/** States that are reached from everywhere have a table of all bytes; deeper ones know their one way on. */
const tableDepth = 2;
export const root = 0;

/**
 * Looks for many texts at once, in one step a byte whatever they are (Aho and Corasick, Efficient string matching,
 * 1975). A state is the longest end of what was read that some pattern begins with.
 */
export class Automaton {
  readonly states: number;
  /** Of the state, in bytes of its pattern. */
  readonly depth: Uint16Array;
  /** The length of the longest pattern that ends in the state; 0: none. */
  readonly matchLength: Uint16Array;
  readonly matchLabel: Int32Array;
  /** Where to go on after a match: a state from which there is a way. */
  readonly afterMatch: Int32Array;
  /** 1: a line end may stand within it. */
  readonly wraps: Uint8Array;
  /** The length of the longest pattern. */
  readonly longest: number;
  /** Index of a state's table, or -1. */
  readonly tableOf: Int32Array;
  readonly tables: Int32Array;
  readonly onlyByte: Int16Array;
  readonly onlyChild: Int32Array;
  readonly fail: Int32Array;

  /** @param patterns none longer than 65,535 bytes */
  constructor(patterns: readonly Pattern[]) {
    const trie = new Trie(patterns);
    const count = trie.count;
    this.states = count;
    this.depth = trie.depth.slice(0, count);
    this.matchLength = new Uint16Array(count);
    this.matchLabel = trie.label.slice(0, count);
    this.wraps = new Uint8Array(count);
    this.fail = new Int32Array(count);
    this.afterMatch = new Int32Array(count);
    this.onlyByte = new Int16Array(count).fill(-1);
    this.onlyChild = new Int32Array(count);
    this.tableOf = new Int32Array(count).fill(-1);
    this.longest = patterns.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
    let tables = 0;
    for (let state = 0; state < count; state += 1) {
      const child = trie.firstChild[state] ?? 0;
      if (child !== 0) {
        this.onlyByte[state] = trie.byte[child] ?? 0;
        this.onlyChild[state] = child;
      }
      const branches = child !== 0 && trie.sibling[child] !== 0;
      if (state === root || branches || (this.depth[state] ?? 0) <= tableDepth) this.tableOf[state] = tables++;
    }
    this.tables = new Int32Array(tables * 256);
    this.#link(trie);
  }

  /** The state after one more byte. */
  step(state: number, byte: number): number {
    const { tableOf, tables, onlyByte, onlyChild, fail } = this;
    for (let from = state; ; ) {
      const table = tableOf[from] as number;
      if (table >= 0) return tables[table * 256 + byte] as number;
      if (onlyByte[from] === byte) return onlyChild[from] as number;
      from = fail[from] as number;
    }
  }

  /** Level by level, so that the shorter states are complete when a longer one refers to them. */
  #link(trie: Trie): void {
    const queue = new Int32Array(trie.count);
    let end = 1;
    for (let at = 0; at < end; at += 1) {
      const state = queue[at] as number;
      const fail = this.fail[state] as number;
      for (let child = trie.firstChild[state] as number; child !== 0; child = trie.sibling[child] as number) {
        this.fail[child] = state === root ? root : this.step(fail, trie.byte[child] as number);
        queue[end++] = child;
      }
      const isEnd = (trie.label[state] as number) >= 0;
      this.matchLength[state] = isEnd ? (this.depth[state] as number) : (this.matchLength[fail] as number);
      if (!isEnd) this.matchLabel[state] = this.matchLabel[fail] as number;
      const goesOn = trie.firstChild[state] !== 0;
      this.afterMatch[state] = goesOn ? state : (this.afterMatch[fail] as number);
      if (goesOn && trie.plain[state] === 0 && (this.depth[state] as number) >= minWrapDepth) this.wraps[state] = 1;
      this.#fillTable(state, trie);
    }
  }

  #fillTable(state: number, trie: Trie): void {
    const table = this.tableOf[state] as number;
    if (table < 0) return;
    if (state !== root) {
      const fail = this.fail[state] as number;
      for (let byte = 0; byte < 256; byte += 1) this.tables[table * 256 + byte] = this.step(fail, byte);
    }
    for (let child = trie.firstChild[state] as number; child !== 0; child = trie.sibling[child] as number)
      this.tables[table * 256 + (trie.byte[child] as number)] = child;
  }
}

/** The patterns as a tree; state 0 is its root, so that 0 also says «none» of a child. */
class Trie {
  count = 1;
  readonly firstChild: Int32Array;
  readonly sibling: Int32Array;
  readonly byte: Uint8Array;
  readonly depth: Uint16Array;
  readonly label: Int32Array;
  /** 1: a pattern that is not wrapped leads through it. */
  readonly plain: Uint8Array;

  constructor(patterns: readonly Pattern[]) {
    const most = patterns.reduce((sum, { bytes }) => sum + bytes.length, 1);
    this.firstChild = new Int32Array(most);
    this.sibling = new Int32Array(most);
    this.byte = new Uint8Array(most);
    this.depth = new Uint16Array(most);
    this.label = new Int32Array(most).fill(-1);
    this.plain = new Uint8Array(most);
    for (const pattern of patterns) this.#add(pattern);
  }

  #add({ bytes, label, isWrapped }: Pattern): void {
    let state = root;
    for (const byte of bytes) {
      state = this.#child(state, byte);
      if (!isWrapped) this.plain[state] = 1;
    }
    if (state !== root && this.label[state] === -1) this.label[state] = label;
  }

  #child(state: number, byte: number): number {
    for (let child = this.firstChild[state] as number; child !== 0; child = this.sibling[child] as number)
      if (this.byte[child] === byte) return child;
    const child = this.count++;
    this.byte[child] = byte;
    this.depth[child] = (this.depth[state] as number) + 1;
    this.sibling[child] = this.firstChild[state] as number;
    this.firstChild[state] = child;
    return child;
  }
}
