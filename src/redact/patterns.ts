import type { Pattern } from './automaton.ts';
import { type Form, formsOf } from './encodings.ts';
import type { Secret } from './secrets.ts';

/**
 * Longer forms are looked for in pieces: what is held back of a stream, and what a cut may leave of a long key, is never
 * more than this.
 */
export const maxPatternBytes = 256;
const pieceBytes = 128;

/** All patterns together, in bytes: each costs some 25 bytes of memory. A file of ordinary secrets makes a hundredth. */
const maxTotalBytes = 4 * 1024 * 1024;

export interface Patterns {
  readonly patterns: readonly Pattern[];
  /** What the labels stand for: the names of the variables. */
  readonly names: readonly string[];
  /** Variables of which rare forms are not looked for: there are too many secrets. */
  readonly incomplete: readonly string[];
}

/** The patterns of all secrets in all forms, the commonest forms of all of them first. */
export function patternsOf(secrets: readonly Secret[]): Patterns {
  const names = [...new Set(secrets.map(({ name }) => name))];
  const labels = new Map(names.map((name, index) => [name, index]));
  const incomplete = new Set<string>();
  const patterns: Pattern[] = [];
  const seen = new Set<string>();
  let total = 0;
  const add = (form: Form, name: string): void => {
    for (const bytes of piecesOf(form.bytes)) {
      const key = Buffer.from(bytes).toString('latin1');
      if (seen.has(key)) continue;
      if (total + bytes.length > maxTotalBytes) {
        incomplete.add(name);
        return;
      }
      seen.add(key);
      total += bytes.length;
      patterns.push({ bytes, label: labels.get(name) ?? 0, isWrapped: form.isWrapped });
    }
  };
  for (const forms of formsOf)
    for (const { name, value } of secrets) {
      if (incomplete.size > 0) incomplete.add(name);
      else for (const form of forms(value)) add(form, name);
    }
  return { patterns, names, incomplete: [...incomplete] };
}

/** None shorter than half of the rest, so that no piece is a word by chance. */
function piecesOf(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length <= maxPatternBytes) return [bytes];
  const count = Math.floor(bytes.length / pieceBytes);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * pieceBytes, index === count - 1 ? bytes.length : (index + 1) * pieceBytes),
  );
}
