import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const home = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(home, path), 'utf8');

/** The codes in the first columns of a document's tables. */
const codesIn = (text: string): Set<string> =>
  new Set(Array.from(text.matchAll(/^\| ([A-Z_, \d]+) \|/gm), ([, codes = '']) => codes.split(', ')).flat());

/** The words of a union of texts. */
function wordsOf(path: string, type: string): string[] {
  const [, union = ''] = new RegExp(`export type ${type} =([^;]+);`).exec(read(path)) ?? [];
  return Array.from(union.matchAll(/'([A-Z_\d]+)'/g), ([, word = '']) => word);
}

void test('docs/RUNBOOK.md says of every refusal and every error what to do', () => {
  const known = codesIn(read('docs/RUNBOOK.md'));
  for (const [path, type, least] of [
    ['src/job/refusal.ts', 'RefusalCode', 19],
    ['src/job/error.ts', 'ErrorCode', 15],
  ] as const) {
    const words = wordsOf(path, type);
    assert.ok(words.length >= least, `${type}: ${words.join()}`);
    assert.deepEqual(
      words.filter((word) => !known.has(word)),
      [],
      type,
    );
  }
});
