import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documentPath, withExamples } from '../../scripts/document-crashes.ts';

const document = readFileSync(documentPath, 'utf8');

void test('the examples of docs/CRASHES.md are what arrives: else make examples', () => {
  assert.equal(withExamples(document), document);
  assert.ok((document.match(/<!-- example: /g)?.length ?? 0) >= 14);
  assert.notEqual(withExamples(document.replace('KeyError', 'ValueError')), document.replace('KeyError', 'ValueError'));
});
