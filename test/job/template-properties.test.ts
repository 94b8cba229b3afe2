import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseTemplate } from '../../src/job/parse-template.ts';
import { parseUse, templateOf } from './templates.ts';

const template = templateOf(`
parameters:
  a: { type: string, multiline: true, allowDash: true, minLength: 0, maxLength: 2000 }
  b: { type: string, default: b }
  n: { type: integer, default: 1 }
  p: { type: path, below: /srv/imports, default: p }
job:
  env: { A: "<\${{ with.a }}>", B: "\${{ with.b }}\${{ with.a }}" }
  steps:
    - command: [one, "\${{ with.a }}", "x=\${{ with.a }};\${{ with.b }}", literal, "\${{ with.n }}", "\${{ with.p }}"]
    - run: 'two "$BOOTY_WITH_a"'
    - command: [sh, -c, 'three "$1"', sh, "\${{ with.a }}"]
    - script: "#!/bin/sh\\nfour"
  verify: { command: [five, "\${{ with.b }}"] }
`);

const pieces = [
  '${{ with.b }}',
  '${{',
  '}}',
  '$(id)',
  '`id`',
  ';',
  '&&',
  '"',
  "'",
  '\\',
  ' ',
  '-',
  '--',
  '$&',
  '$1',
  '\n',
  '../',
  '/',
  '{',
  '%',
  'a',
];
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...pieces), maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 50 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
);

void test('whatever the values are, a job has the arguments of its template, and no shell reads a value', () => {
  let taken = 0;
  fc.assert(
    fc.property(text, fc.option(text), fc.option(fc.oneof(fc.integer(), text)), fc.option(text), (a, b, n, p) => {
      const given = Object.fromEntries(Object.entries({ a, b, n, p }).filter(([, value]) => value !== null));
      const parsed = parseUse(template, JSON.stringify({ uses: 'deploy', with: given }));
      if (!parsed.ok) return;
      taken += 1;
      const { steps, verify, env } = parsed.value.spec;
      const valueOfB = b ?? 'b';
      assert.equal(env.A, `<${a}>`);
      assert.equal(env.B, `${valueOfB}${a}`);
      assert.equal(env.BOOTY_WITH_a, a);
      const path = env.BOOTY_WITH_p ?? '';
      assert.ok(path.startsWith('/srv/imports/') && !path.split('/').includes('..'), path);
      assert.deepEqual(
        steps.map(({ action }) => action),
        [
          { kind: 'command', argv: ['one', a, `x=${a};${valueOfB}`, 'literal', env.BOOTY_WITH_n, path] },
          { ...steps[1]?.action, kind: 'run', line: 'two "$BOOTY_WITH_a"' },
          { kind: 'command', argv: ['sh', '-c', 'three "$1"', 'sh', a] },
          { kind: 'script', text: '#!/bin/sh\nfour' },
        ],
      );
      assert.deepEqual(verify[0]?.steps[0].action, { kind: 'command', argv: ['five', valueOfB] });
    }),
    { numRuns: 1000 },
  );
  assert.ok(taken > 100, `${taken} were taken`);
});

void test('no text is too odd to be looked at as a template', () => {
  const odd = fc.oneof(
    text,
    text.map((value) => `parameters: { x: { type: string, pattern: ${JSON.stringify(value)} } }\njob: { run: a }\n`),
    text.map((value) => JSON.stringify({ parameters: { x: { type: 'string' } }, job: { command: ['a', value] } })),
    text.map((value) => JSON.stringify({ job: { run: value, tags: { [value]: value } } })),
  );
  fc.assert(
    fc.property(odd, (content) => {
      const parsed = parseTemplate('odd', Buffer.from(content));
      assert.ok(parsed.ok || parsed.refusal.message.length > 0);
    }),
    { numRuns: 500 },
  );
});
