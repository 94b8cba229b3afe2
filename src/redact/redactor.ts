import { Automaton } from './automaton.ts';
import { patternsOf } from './patterns.ts';
import type { Secret } from './secrets.ts';
import { withoutCredentials } from './shapes.ts';
import { StreamRedactor } from './stream.ts';

const maxDepth = 100;
/** Of {@link Redactor} for keys that were looked at and are clean. */
const maxCleanKeys = 500;
/** No value of secrets.env that is looked for, and nothing that looks like a credential, is shorter. */
const shortestHidden = 6;
/** Options whose value follows as an argument of its own. */
const secretOption =
  /^--?(?:[a-z0-9]{1,20}[-_]){0,4}(?:pass|passwd|password|passphrase|pwd|secret|token|api-?key|auth)$/i;

/** Keeps the values of secrets.env, and what looks like a credential, out of what Booty writes. Holds no state of what it reads. */
export class Redactor {
  readonly #automaton: Automaton | null;
  readonly #labels: readonly Buffer[];
  readonly #cleanKeys = new Set<string>();
  /** Variables of which only the common forms are looked for. */
  readonly incomplete: readonly string[];

  constructor(secrets: readonly Secret[] = []) {
    const { patterns, names, incomplete } = patternsOf(secrets);
    this.incomplete = incomplete;
    this.#automaton = patterns.length > 0 ? new Automaton(patterns) : null;
    this.#labels = [];
    // A label must not be what is looked for: the check of what was redacted would find it again.
    const isClean = (label: string): boolean => !this.has(Buffer.from(label));
    this.#labels = names.map((name) => {
      const choices = [`[redacted:${name.slice(0, 64)}]`, '[redacted]', '[***]'];
      return Buffer.from(choices.find(isClean) ?? '');
    });
  }

  /** One for each stream of output; null where there is nothing to look for. */
  stream(): StreamRedactor | null {
    return this.#automaton ? new StreamRedactor(this.#automaton, this.#labels) : null;
  }

  /** Whether a value stands in it, in any form. */
  has(data: Uint8Array): boolean {
    const automaton = this.#automaton;
    return automaton !== null && new StreamRedactor(automaton, this.#labels).finds(data);
  }

  /** Without the values; itself where there is none. */
  bytes<Data extends Uint8Array>(data: Data): Data | Buffer {
    if (!this.#automaton || !this.has(data)) return data;
    const stream = new StreamRedactor(this.#automaton, this.#labels);
    return Buffer.concat([stream.push(asBuffer(data)), stream.end()]);
  }

  /** Without the values. */
  known(text: string): string {
    if (!this.#automaton) return text;
    const data = Buffer.from(text);
    const redacted = this.bytes(data);
    return redacted === data ? text : redacted.toString();
  }

  /** Without the values, and without what looks like a credential. */
  text(text: string): string {
    return withoutCredentials(this.known(text));
  }

  /** The end of what a program printed: the same for bytes, whatever their encoding is. */
  output(data: Uint8Array): Uint8Array {
    const known = asBuffer(this.bytes(data));
    // One character a byte, there and back: what looks like a credential is ASCII.
    const before = known.toString('latin1');
    const after = withoutCredentials(before);
    return after === before ? known : Buffer.from(after, 'latin1');
  }

  /**
   * The same for every text in it, keys too, and for bytes. What has a class of its own stays as it is: it is nothing that
   * becomes JSON by itself.
   */
  deep<Value>(value: Value): Value {
    return this.#deep(value, 0) as Value;
  }

  #deep(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return value.length < shortestHidden ? value : this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Uint8Array) return this.output(value);
    if (depth > maxDepth) return '[too deep]';
    if (Array.isArray(value)) {
      return value.length === 0
        ? value
        : value.map((item: unknown, index) => {
            const before: unknown = value[index - 1];
            const isSecret = typeof item === 'string' && typeof before === 'string' && secretOption.test(before);
            return isSecret ? '[redacted:argument]' : this.#deep(item, depth + 1);
          });
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    return this.#entries(value, depth);
  }

  /** Itself where nothing in it had to be changed, as mostly. */
  #entries(value: object, depth: number): object {
    const entries = Object.entries(value);
    let isChanged = false;
    for (const entry of entries) {
      const [key, item] = entry;
      entry[0] = this.#key(key);
      entry[1] = this.#deep(item, depth + 1);
      isChanged ||= entry[0] !== key || entry[1] !== item;
    }
    return isChanged ? Object.fromEntries(entries) : value;
  }

  /** Keys are few, and come again. */
  #key(key: string): string {
    if (this.#cleanKeys.has(key)) return key;
    const clean = this.text(key);
    if (clean === key && this.#cleanKeys.size < maxCleanKeys) this.#cleanKeys.add(key);
    return clean;
  }
}

const asBuffer = (data: Uint8Array): Buffer =>
  Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
