import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxDocumentBytes } from '../../src/job/document.ts';
import { parseText } from './parsing.ts';

const answerLimitMs = 1000;
/** A reason is written, fsynced and read by people. */
const maxAnswerBytes = 64 * 1024;

/** A document of at most so many bytes that somebody made to hold the supervisor up. */
type Bomb = (bytes: number) => string | Uint8Array;

const filled =
  (before: string, part: string, after = ''): Bomb =>
  (bytes) =>
    before + part.repeat(Math.floor((bytes - before.length - after.length) / part.length)) + after;

const counted =
  (part: (index: number) => string, before = '', after = ''): Bomb =>
  (bytes) => {
    const parts: string[] = [];
    for (let index = 0, length = before.length + after.length; ; index += 1) {
      const next = part(index);
      length += next.length;
      if (length > bytes) return before + parts.join('') + after;
      parts.push(next);
    }
  };

const nestedJson: Bomb = (bytes) => {
  const depth = Math.floor((bytes - 40) / 2);
  return `{"run":"x","env":{"A":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
};

const answered: readonly (readonly [what: string, bomb: Bomb])[] = [
  ['brackets in brackets', filled('', '[')],
  ['braces in braces', filled('', '{a: ')],
  ['lists in lists', filled('', '- ')],
  ['keys below keys', counted((level) => `${' '.repeat(level)}a:\n`)],
  ['complex keys', filled('', '? ')],
  ['60,000 keys on lines', counted((index) => `a${index}: 1\n`)],
  ['60,000 keys in braces', counted((index) => `a${index}: 1,`, '{', '}')],
  ['60,000 keys in JSON', counted((index) => `"a${index}":1,`, '{', '"z":1}')],
  ['nested JSON', nestedJson],
  ['an alias bomb', counted((index) => `b${index}: &b${index} [${`*b${index - 1},`.repeat(9)}]\n`, 'b-1: &b-1 [x]\n')],
  ['one line', filled('run: ', 'x')],
  ['one quoted line', filled('run: "', 'x', '"')],
  ['a quote that does not close', filled('run: "', '\\"')],
  ['a block of many lines', filled('run: |\n', ' x\n')],
  ['a sentence of many lines', filled('run: x\n', '  y\n')],
  ['blank lines', filled('', '\n')],
  ['carriage returns', filled('run: x', '\r')],
  ['spaces', filled('run: x', ' ', '\nx')],
  ['documents', filled('', '---\n')],
  ['one long key', filled('', 'k', ': 1')],
  ['one long indicator', filled('run: |', '9')],
  ['aliases', filled('a: &a x\nb: [', '*a,', ']')],
  ['anchors', filled('run: ', '&a ')],
  ['tags', filled('run: ', '!a ')],
  ['commas', filled('{', ',', '}')],
  ['comments', filled('', '#\n')],
  ['arguments that are none', filled('{"command":["a",', '1.5,', '1]}')],
  ['bad variables', counted((index) => `"${index}":1,`, '{"run":"x","env":{', '"z":1}}')],
];

/** Those that come nearest to the limit. */
const slow: readonly (readonly [what: string, bomb: Bomb])[] = [
  ['steps that are none', filled('{"steps":[', '1,', '1]}')],
  ['bad bytes after many lines', (bytes) => Buffer.concat([Buffer.alloc(bytes - 1, '\n'), Buffer.of(255)])],
];

/** Answers how much time of a processor the answer took: a machine may be busy with other things. */
function answerTo(content: string | Uint8Array): number {
  const before = process.threadCpuUsage();
  const answer = parseText(content);
  const { user, system } = process.threadCpuUsage(before);
  const tookMs = (user + system) / 1000;
  const told = answer.ok ? '' : JSON.stringify([answer.refusal, answer.also]);
  assert.ok(told.length <= maxAnswerBytes, `the answer has ${told.length} bytes: ${told.slice(0, 200)}`);
  return tookMs;
}

for (const [what, bomb] of [...answered, ...slow]) {
  void test(`1 MiB of ${what} is answered within a second, and briefly`, () => {
    const content = bomb(maxDocumentBytes);
    assert.ok(content.length > maxDocumentBytes * 0.99 && Buffer.byteLength(content) <= maxDocumentBytes);
    const tookMs = answerTo(content);
    assert.ok(tookMs < answerLimitMs, `took ${Math.round(tookMs)} ms`);
  });
}
