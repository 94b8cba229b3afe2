import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusals, specOf } from './parsing.ts';

void test('a step may be a function of a module, with its input', () => {
  const { steps, verify } = specOf(`
steps:
  - module: ./load.ts
    export: load
    with: { tables: [prices, rates], limit: 5, deep: { yes: true, none: null } }
  - { name: alone, module: /srv/jobs/a.mjs }
verify: { module: check.cts }
`);
  assert.deepEqual(
    steps.map(({ action }) => action),
    [
      {
        kind: 'module',
        path: './load.ts',
        export: 'load',
        with: { tables: ['prices', 'rates'], limit: 5, deep: { yes: true, none: null } },
      },
      { kind: 'module', path: '/srv/jobs/a.mjs', export: null, with: null },
    ],
  );
  assert.deepEqual(verify[0]?.steps[0].action, { kind: 'module', path: 'check.cts', export: null, with: null });
  const { action } = specOf('module: a/../b.js\nexport: default\nwith: text').steps[0];
  assert.deepEqual(action, { kind: 'module', path: 'a/../b.js', export: 'default', with: 'text' });
});

const wrong: readonly (readonly [string, string, string, RegExp])[] = [
  ['a path that leaves the modules', 'module: ../a.ts', 'module', /must not leave the directory of modules/],
  ['one that leaves them on the way', 'module: a/../../b/a.ts', 'module', /must not leave/],
  ['a file of another language', 'module: ./a.py', 'module', /ends in \.ts, \.mts/],
  ['a list for a path', 'module: [a.ts]', 'module', /expected the path of a module/],
  ['two things to run', 'module: a.ts\nrun: b', '', /found run and module/],
  ['an input without a module', 'run: a\nwith: {a: 1}', 'with', /only goes with module/],
  ['an export without a module', 'steps: [{run: a, export: b}]', 'steps[0].export', /only goes with module/],
  ['an export that has no name', 'module: a.ts\nexport: "a b"', 'export', /expected the name of an export/],
  ['an input that is too long', `module: a.ts\nwith: ${'x'.repeat(65_536)}`, 'with', /at most 65536 bytes/],
  ['an input that holds itself', 'module: a.ts\nwith: &a [*a]', 'with', /expected plain data/],
];
for (const [what, text, key, message] of wrong)
  void test(`refused: ${what}`, () => {
    const [first] = refusals(text);
    assert.match(first.message, message);
    assert.equal(first.key ?? '', key);
  });

void test('an input may be as long as its limit', () => {
  assert.ok(specOf(`module: a.ts\nwith: ${'x'.repeat(65_534)}`));
});
