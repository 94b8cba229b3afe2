import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainLine } from '../../src/job/plain-line.ts';

void test('a text becomes one line that says nothing to a terminal', () => {
  assert.equal(plainLine('\u001b[31mred\u001b[0m\r\n\ttext \u001b]0;title\u0007end\u0000'), 'red text end');
  assert.equal(plainLine('\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\'), 'link');
});

void test('a code that is never closed costs no more than its length', () => {
  for (const opening of ['\u001b]', '\u001b[', '\u001b', '\u009b', '\u001b]x']) {
    const began = process.threadCpuUsage().user;
    plainLine(opening.repeat(65_536 / opening.length));
    assert.ok(process.threadCpuUsage().user - began < 100_000, JSON.stringify(opening));
  }
});
