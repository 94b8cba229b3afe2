import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withoutCredentials } from '../../src/redact/shapes.ts';

const corpus = join(import.meta.dirname, '../corpus');
const texts = readdirSync(corpus, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(?:txt|json)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));

/** .NET names an assembly by a hash of its public key, which is no secret: it stays. */
void test('of what real programs printed, and of what is to be read from it, nothing is taken for a credential', () => {
  assert.ok(texts.length > 1500, `${texts.length} files`);
  for (const path of texts) {
    const text = readFileSync(path, 'latin1');
    assert.equal(withoutCredentials(text), text, path);
  }
});
