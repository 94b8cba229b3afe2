import { type Automaton, root } from './automaton.ts';

/** What is to be replaced: `[start, end)` of the bytes that are held. */
interface Hit {
  start: number;
  end: number;
  label: number;
  /** Its label has gone out; what is left of it is only dropped. */
  labelled: boolean;
}

/** A line end within a wrapped pattern is at most CR and LF. */
const maxLineEnd = 2;

/**
 * Replaces what an automaton finds in bytes that come in pieces. However they are cut, the result is the same. Held back
 * is no more than the longest pattern: the end that a pattern may begin with. Hits that overlap or touch are one.
 */
export class StreamRedactor {
  readonly #automaton: Automaton;
  readonly #labels: readonly Buffer[];
  #held: Buffer = Buffer.alloc(0);
  #state = root;
  #hits: Hit[] = [];
  /** Where line ends within the pattern under way were passed over. */
  #passed: number[] = [];
  #lineEnd = 0;

  constructor(automaton: Automaton, labels: readonly Buffer[]) {
    this.#automaton = automaton;
    this.#labels = labels;
  }

  /** What may go out now. It may be a part of the chunk itself. */
  push(chunk: Buffer): Buffer {
    const data = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#scan(data, this.#held.length);
    const open = this.#startOf(data.length, this.#automaton.depth[this.#state] as number);
    return this.#letGo(data, open);
  }

  /** Whether there is anything to replace in it: of a stream that has seen nothing else. */
  finds(data: Uint8Array): boolean {
    this.#scan(data, 0);
    return this.#hits.length > 0;
  }

  /** The rest. */
  end(): Buffer {
    const data = this.#held;
    const out = this.#letGo(data, data.length);
    this.#state = root;
    this.#hits = [];
    this.#passed = [];
    this.#lineEnd = 0;
    return out;
  }

  #scan(data: Uint8Array, from: number): void {
    const automaton = this.#automaton;
    const { tableOf, tables, onlyByte, onlyChild, fail, matchLength, wraps } = automaton;
    const length = data.length;
    let state = this.#state;
    for (let at = from; at < length; at += 1) {
      let byte = data[at] as number;
      if (state === root) {
        // The table of the root is the first.
        while (tables[byte] === root && ++at < length) byte = data[at] as number;
        if (at >= length) break;
      }
      let next = state;
      for (;;) {
        const table = tableOf[next] as number;
        if (table >= 0) {
          next = tables[table * 256 + byte] as number;
          break;
        }
        if (onlyByte[next] === byte) {
          next = onlyChild[next] as number;
          break;
        }
        next = fail[next] as number;
      }
      if (next === root) {
        if (wraps[state] === 1 && (byte === 0x0a || byte === 0x0d) && this.#lineEnd < maxLineEnd) {
          this.#pass(at, automaton.depth[state] as number);
          continue;
        }
        this.#passed.length = 0;
      }
      this.#lineEnd = 0;
      state = next;
      const matched = matchLength[state] as number;
      if (matched > 0) {
        this.#hit(this.#startOf(at + 1, matched), at + 1, automaton.matchLabel[state] as number);
        state = automaton.afterMatch[state] as number;
      }
    }
    this.#state = state;
  }

  #pass(at: number, depth: number): void {
    this.#lineEnd += 1;
    if (this.#passed.length > 4 * this.#automaton.longest) {
      const start = this.#startOf(at, depth);
      this.#passed = this.#passed.filter((passed) => passed >= start);
    }
    this.#passed.push(at);
  }

  /** Where something begins that ends before `end` and has so many bytes, without the line ends that were passed over. */
  #startOf(end: number, length: number): number {
    let start = end - length;
    for (let index = this.#passed.length - 1; index >= 0 && (this.#passed[index] as number) >= start; index -= 1)
      start -= 1;
    return start;
  }

  #hit(start: number, end: number, label: number): void {
    const hit: Hit = { start, end, label, labelled: false };
    for (let last = this.#hits.at(-1); last && last.end >= hit.start; last = this.#hits.at(-1)) {
      this.#hits.pop();
      if (last.start < hit.start || last.labelled) {
        hit.start = last.start;
        hit.label = last.label;
        hit.labelled = last.labelled;
      }
      hit.end = Math.max(hit.end, last.end);
    }
    this.#hits.push(hit);
  }

  /** Gives out what stands before `open`: no hit to come begins there. */
  #letGo(data: Buffer, open: number): Buffer {
    const parts: Buffer[] = [];
    const kept: Hit[] = [];
    let at = 0;
    for (const hit of this.#hits) {
      if (hit.start >= open && !hit.labelled) {
        kept.push({ ...hit, start: hit.start - open, end: hit.end - open });
        continue;
      }
      if (hit.start > at) parts.push(data.subarray(at, hit.start));
      if (!hit.labelled) parts.push(this.#labels[hit.label] as Buffer);
      at = Math.max(at, Math.min(hit.end, open));
      if (hit.end >= open) kept.push({ ...hit, start: 0, end: hit.end - open, labelled: true });
    }
    if (at < open) parts.push(data.subarray(at, open));
    this.#hits = kept;
    this.#passed = this.#passed.filter((passed) => passed >= open).map((passed) => passed - open);
    this.#held = Buffer.from(data.subarray(open));
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }
}
