import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { parseDocument, stringify } from 'yaml';
import { accepted, parseText } from './parsing.ts';

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,15}$/);
const letters = ' \t\n\r"\'\\:#-?[]{},&*!|>%@`~=\u0085\u2028\uFEFF\u001babcXYZ019_éß漢\u{1F4A5}';
const letter = fc.constantFrom(...Array.from(letters));
const line = fc.string({ unit: letter, minLength: 1, maxLength: 30 });
const duration = fc
  .tuple(fc.integer({ min: 1, max: 500 }), fc.constantFrom('ms', 's', 'm', 'h'))
  .map((parts) => parts.join(''));
const variables = fc.dictionary(
  fc.stringMatching(/^[A-Z][A-Z0-9_]{0,10}$/).filter((name) => !name.startsWith('BOOTY_')),
  fc.oneof(line, fc.integer(), fc.boolean()),
  { maxKeys: 4 },
);
const action = fc.oneof(
  fc.record({ run: line }),
  fc.record({ command: fc.tuple(word, fc.oneof(line, fc.integer())) }),
  fc.record({ script: line.map((text) => `#!/bin/sh\n${text}`) }),
);
const someOf = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });
const step = fc
  .tuple(action, someOf({ name: word, timeout: duration, env: variables }))
  .map(([what, rest]) => ({ ...what, ...rest }));
const jobFile = fc
  .tuple(
    fc.oneof(action, fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 4 }) })),
    someOf({
      id: word,
      name: word,
      timeout: duration,
      priority: fc.integer({ min: -1000, max: 1000 }),
      env: variables,
      tags: fc.dictionary(
        word.map((name) => `t.${name}`),
        word,
        { maxKeys: 3 },
      ),
      limits: fc.record({ output: fc.constantFrom('1K', '64M', '1.5G') }),
      onInterrupt: fc.constantFrom('retry', 'fail'),
      verify: step,
    }),
  )
  .map(([what, rest]) => ({ ...what, ...rest }));

/** Whether the library wrote what it was told to: it cannot write every text in every style. */
function says(yaml: string, file: unknown): boolean {
  const document = parseDocument(yaml);
  return document.errors.length === 0 && isDeepStrictEqual(document.toJS(), file);
}

void test('a job is the same job in JSON and in YAML, however the YAML is written', () => {
  const style = fc.record({
    defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'),
    defaultKeyType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE'),
    collectionStyle: fc.constantFrom('any', 'block'),
    indent: fc.integer({ min: 1, max: 8 }),
    lineWidth: fc.constantFrom(0, 80),
  } as const);
  fc.assert(
    fc.property(jobFile, style, (file, options) => {
      const fromJson = accepted(JSON.stringify(file));
      const yaml = stringify(file, options).toWellFormed();
      fc.pre(says(yaml, file));
      assert.deepEqual(accepted(yaml), fromJson);
      assert.deepEqual(accepted(JSON.stringify(file, null, '\t')), fromJson);
    }),
    { numRuns: 60 },
  );
});

/** Whatever comes of it, it is an answer, and what it names can be found. */
function answers(content: Uint8Array, executable: boolean): void {
  const parsed = parseText(content, { executable });
  if (parsed.ok) return;
  for (const { code, message, hint, line: at, column } of [parsed.refusal, ...(parsed.also ?? [])]) {
    assert.ok(code && message && hint);
    assert.ok(at === undefined || (Number.isInteger(at) && at >= 1), `line ${at}`);
    assert.ok(column === undefined || (Number.isInteger(column) && column >= 1), `column ${column}`);
  }
}

void test('no bytes bring the parser down', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), answers));
  fc.assert(fc.property(fc.uint8Array({ max: 0x7f, maxLength: 200 }), fc.boolean(), answers), { numRuns: 300 });
});

void test('no JSON brings the parser down', () => {
  const key = fc.constantFrom('run', 'steps', 'command', 'env', 'tags', 'verify', 'limits', 'timeout', 'id', 'x');
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(fc.dictionary(key, value), (file) => answers(Buffer.from(JSON.stringify(file)), false)),
    { numRuns: 150 },
  );
});

const words =
  String.raw`run: steps: env: command: x 5 1.5 ~ "" 'a " \ - ? : , [ ] { } | >- &a *a *b #c __proto__: <<:`.split(' ');
const tags = '!!str !!map !!seq !!set !!omap !!binary !!timestamp !!int !!pairs !!merge !x'
  .split(' ')
  .map((tag) => `${tag} `);
const spaces = [
  ' ',
  '  ',
  '\n',
  '\n  ',
  '\r\n',
  '\t',
  '---\n',
  '...\n',
  '%YAML 1.1\n---\n',
  '%TAG ! x:\n',
  '\0',
  '\u{1F4A5}',
  ', ',
];
const tokens = [...words, ...words.map((word) => `${word} `), ...tags, ...spaces];
const yamlOf = (parts: readonly string[]) =>
  fc.array(fc.constantFrom(...parts), { maxLength: 20 }).map((taken) => Buffer.from(taken.join('')));

void test('no YAML brings the parser down', () => {
  fc.assert(fc.property(yamlOf(tokens), fc.boolean(), answers), { numRuns: 1000 });
});
