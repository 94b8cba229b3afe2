import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Refusal } from '../../src/job/refusal.ts';
import { refusals, specOf } from './parsing.ts';

const shellsOf = (file: string) =>
  specOf(file).steps.map(({ action }) => (action.kind === 'run' ? action.shell : null));

void test('a shell and a directory of the job hold for each of its steps that has none, and for its verifier', () => {
  const file = `
shell: bash
cwd: app
steps: [{ run: a }, { run: b, shell: zsh, cwd: /srv }, { command: [c] }]
verify: { run: d }
`;
  assert.deepEqual(shellsOf(file), ['bash', 'zsh', null]);
  const { steps, verify } = specOf(file);
  assert.deepEqual(
    [...steps, verify[0]?.steps[0]].map((step) => step?.cwd),
    ['app', '/srv', 'app', 'app'],
  );
  const action = verify[0]?.steps[0].action;
  assert.equal(action?.kind === 'run' && action.shell, 'bash');
  const own = specOf('run: a\nshell: ksh\ncwd: x\nverify: { run: b, shell: dash, cwd: y }\n');
  assert.deepEqual([own.steps[0].cwd, own.verify[0]?.steps[0].cwd], ['x', 'y']);
});

void test('when a step runs, and what its failure means, is as the file says', () => {
  const { steps } = specOf(`
steps:
  - { run: a, if: success() }
  - { run: b, if: failure() }
  - { run: c, if: always(), continueOnError: true }
  - { run: d, continueOnError: false }
`);
  assert.deepEqual(
    steps.map(({ when, continueOnError }) => [when, continueOnError]),
    [
      ['success', false],
      ['failure', false],
      ['always', true],
      ['success', false],
    ],
  );
});

void test('the example of docs/JOBS.md is a job', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/JOBS.md'), 'utf8');
  const example = /^## Steps$.*?^```yaml\n(.*?)^```$/ms.exec(text)?.[1] ?? '';
  assert.deepEqual(
    specOf(example).steps.map(({ name, when, continueOnError }) => [name, when, continueOnError]),
    [
      ['cache', 'success', true],
      ['load', 'success', false],
      ['tell', 'failure', false],
      ['unlock', 'always', false],
    ],
  );
});

void test('a directory may be absolute, or anywhere below the working directory', () => {
  for (const cwd of ['/', '/srv/app', 'a', './a/b', 'a/../b', '.', 'with space'])
    assert.equal(specOf(JSON.stringify({ run: 'x', cwd })).steps[0].cwd, cwd);
});

const refused: readonly (readonly [what: string, file: string, told: Partial<Refusal>])[] = [
  [
    'a shell that Booty does not know',
    'run: a\nshell: fish\n',
    { key: 'shell', line: 2, message: 'shell: expected one of sh, bash, dash, ksh, zsh' },
  ],
  ['a path of a shell', 'steps:\n  - run: a\n    shell: /bin/bash\n', { key: 'steps[0].shell', line: 3, column: 12 }],
  [
    'a shell for a program',
    'steps:\n  - command: [a]\n    shell: bash\n',
    { key: 'steps[0].shell', line: 3, message: 'steps[0].shell: only goes with run' },
  ],
  ['a shell for a module that verifies', 'run: a\nverify: { module: ./a.ts, shell: sh }\n', { key: 'verify.shell' }],
  [
    'a directory above the working directory',
    'run: a\ncwd: a/../../b\n',
    {
      key: 'cwd',
      line: 2,
      message: 'cwd: must not leave the working directory: no .. there, or an absolute path',
    },
  ],
  ['two dots', 'steps:\n  - { run: a, cwd: .. }\n', { key: 'steps[0].cwd', line: 2 }],
  ['a directory without a name', 'run: a\ncwd: ""\n', { key: 'cwd', message: 'cwd: expected the path of a directory' }],
  ['a directory with a NUL', 'run: a\ncwd: "a\\0"\n', { key: 'cwd' }],
  ['a directory of 1001 letters', `run: a\ncwd: ${'a'.repeat(1001)}\n`, { key: 'cwd' }],
  ...[
    'failure',
    'success',
    'always ()',
    '${{ always() }}',
    "failure() || steps.x == 'y'",
    '!success()',
    'cancelled()',
    'true',
  ].map(
    (condition) =>
      [
        `the condition ${condition}`,
        `steps:\n  - run: a\n  - run: b\n    if: ${JSON.stringify(condition)}\n`,
        {
          key: 'steps[1].if',
          line: 4,
          column: 9,
          message: 'steps[1].if: expected success(), failure() or always()',
        },
      ] as const,
  ),
  ['a condition of a job', 'run: a\nif: always()\n', { code: 'UNKNOWN_KEY', key: 'if', line: 2 }],
  ['a verifier that may fail', 'run: a\nverify: { run: b, continueOnError: true }\n', { code: 'UNKNOWN_KEY' }],
  [
    'an answer that is neither yes nor no',
    'steps:\n  - { run: a, continueOnError: yes }\n',
    { key: 'steps[0].continueOnError', line: 2, message: 'steps[0].continueOnError: expected true or false' },
  ],
  [
    'steps that all wait for a failure',
    'steps:\n  - { run: a, if: failure() }\n  - { run: b, if: failure() }\n',
    { key: 'steps', line: 2, message: 'steps: every step waits for a failure: at least one must run without' },
  ],
  [
    'a place to go on from that is none',
    'run: a\nresumeFrom: last-step\n',
    { key: 'resumeFrom', line: 2, message: 'resumeFrom: expected first-step or failed-step' },
  ],
  [
    'a slip in a key',
    'steps:\n  - { run: a, continueOnErorr: true }\n',
    { code: 'UNKNOWN_KEY', hint: 'did you mean "continueOnError"?' },
  ],
  ['another', 'run: a\nresumefrom: first-step\n', { code: 'UNKNOWN_KEY', hint: 'did you mean "resumeFrom"?' }],
];

for (const [what, file, told] of refused)
  void test(`${what} is refused, and the producer is told where`, () => {
    const [refusal] = refusals(file);
    const wanted = { code: 'INVALID_VALUE', ...told };
    const found = Object.fromEntries(Object.keys(wanted).map((key) => [key, refusal[key as keyof Refusal]]));
    assert.deepEqual(found, wanted, JSON.stringify(refusal));
  });
