import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Refusal } from '../../src/job/refusal.ts';
import { templateOf, templateRefusals } from './templates.ts';

/** A template that is wrong, and the first thing that its author is told. */
type Row = readonly [what: string, text: string, told: Partial<Refusal>, hint?: RegExp];

const x = 'parameters: { x: { type: string } }\n';
const inEnvironment = /"\$BOOTY_WITH_x" in the environment/;

const rows: readonly Row[] = [
  ['no job', x, { code: 'MISSING_KEY', key: 'job' }],
  ['an empty file', '', { code: 'EMPTY' }],
  ['a slip in a key', `${x}jobs: { run: "true" }\n`, { code: 'UNKNOWN_KEY', key: 'jobs' }],
  ['a job that is none', `${x}job: {}\n`, { code: 'INVALID_VALUE', key: 'job' }],
  [
    'a slip in the job',
    `${x}job:\n  run: "true"\n  timout: 5s\n`,
    { code: 'UNKNOWN_KEY', key: 'job.timout', line: 4 },
    /timeout/,
  ],
  [
    'walls that nobody knows',
    'job:\n  run: a\n  isolation: container\n',
    { code: 'INVALID_VALUE', key: 'job.isolation', line: 3 },
    /correct/,
  ],
  ['a template in a template', `${x}job: { uses: other }\n`, { key: 'job.uses', line: 2 }],
  // Where a value may not go.
  [
    'a placeholder in a line of a shell',
    `${x}job:\n  run: echo \${{ with.x }}\n`,
    { code: 'INVALID_VALUE', key: 'job.run', line: 3 },
    inEnvironment,
  ],
  [
    'a placeholder in the line of a step',
    `${x}job:\n  steps:\n    - run: "true"\n    - run: echo \${{ with.x }}\n`,
    { key: 'job.steps[1].run', line: 5 },
    inEnvironment,
  ],
  [
    'a placeholder in a verifier’s line',
    `${x}job: { run: a, verify: { run: "\${{ with.x }}" } }\n`,
    { key: 'job.verify.run' },
    inEnvironment,
  ],
  [
    'a placeholder in a script',
    `${x}job: { script: "#!/bin/sh\\necho \${{ with.x }}" }\n`,
    { key: 'job.script' },
    inEnvironment,
  ],
  ['a placeholder for the program', `${x}job: { command: ["\${{ with.x }}"] }\n`, { key: 'job.command[0]' }],
  [
    'a placeholder in the program’s path',
    `${x}job: { command: ["/opt/\${{ with.x }}/run"] }\n`,
    { key: 'job.command[0]' },
  ],
  ['a placeholder for a module', `${x}job: { module: "\${{ with.x }}.ts" }\n`, { key: 'job.module' }],
  [
    'a placeholder in the input of a module',
    `${x}job: { module: a.ts, with: { y: "\${{ with.x }}" } }\n`,
    { key: 'job.with.y' },
  ],
  ['a placeholder for the kind', `${x}job: { kind: "\${{ with.x }}", run: a }\n`, { key: 'job.kind' }],
  ['a placeholder for a secret', `${x}job: { run: a, secrets: ["\${{ with.x }}"] }\n`, { key: 'job.secrets[0]' }],
  [
    'a placeholder in the name of a variable',
    `${x}job: { run: a, env: { "\${{ with.x }}": b } }\n`,
    { key: 'job.env.${{ with.x }}' },
  ],
  [
    'a placeholder for what nobody declares',
    `${x}job: { command: [a, "\${{ with.y }}"] }\n`,
    { key: 'job.command[1]' },
    /"x"\?/,
  ],
  [
    'a placeholder with a slip',
    `parameters: { target: { type: string } }\njob: { command: [a, "\${{ with.targte }}"] }\n`,
    {},
    /"target"\?/,
  ],
  [
    'what looks like a placeholder',
    `${x}job: { command: [a, "\${{ x }}"] }\n`,
    { key: 'job.command[1]' },
    /with\.NAME/,
  ],
  ['an expression', `${x}job: { command: [a, "\${{ with.x || 1 }}"] }\n`, { key: 'job.command[1]' }],
  [
    'a parameter that may be missing in an argument',
    'parameters: { x: { type: string, required: false } }\njob: { command: [a, "${{ with.x }}"] }\n',
    { key: 'job.command[1]', message: 'job.command[1]: the parameter x may be missing' },
  ],
  // Parameters that make no sense.
  ['a type that is none', 'parameters: { x: { type: text } }\njob: { run: a }\n', { key: 'parameters.x.type' }],
  ['a name that is no variable', 'parameters: { a-b: { type: string } }\njob: { run: a }\n', { key: 'parameters.a-b' }],
  [
    'a slip in a parameter',
    'parameters: { x: { type: string, maxLenght: 3 } }\njob: { run: a }\n',
    { code: 'UNKNOWN_KEY' },
    /maxLength/,
  ],
  [
    'a default out of range',
    'parameters: { x: { type: integer, max: 3, default: 4 } }\njob: { run: a }\n',
    { key: 'parameters.x.default' },
  ],
  [
    'a default that is no choice',
    'parameters: { x: { type: string, enum: [a], default: b } }\njob: { run: a }\n',
    { key: 'parameters.x.default' },
  ],
  [
    'a default of another type',
    'parameters: { x: { type: boolean, default: "yes" } }\njob: { run: a }\n',
    { key: 'parameters.x.default' },
  ],
  [
    'bounds the wrong way round',
    'parameters: { x: { type: integer, min: 3, max: 2 } }\njob: { run: a }\n',
    { key: 'parameters.x.min' },
  ],
  [
    'a pattern that is none',
    'parameters: { x: { type: string, pattern: "(" } }\njob: { run: a }\n',
    { key: 'parameters.x.pattern' },
  ],
  [
    'a pattern that undoes the anchors',
    'parameters: { x: { type: string, pattern: "a)|(?:b" } }\njob: { run: a }\n',
    { key: 'parameters.x.pattern' },
  ],
  [
    'a pattern for long values',
    'parameters: { x: { type: string, pattern: a, maxLength: 1001 } }\njob: { run: a }\n',
    { key: 'parameters.x.maxLength' },
  ],
  [
    'a path below nothing',
    'parameters: { x: { type: path } }\njob: { run: a }\n',
    { code: 'MISSING_KEY', key: 'parameters.x.below' },
  ],
  [
    'a path below the root',
    'parameters: { x: { type: path, below: / } }\njob: { run: a }\n',
    { key: 'parameters.x.below' },
  ],
  [
    'a path below a way up',
    'parameters: { x: { type: path, below: /srv/../etc } }\njob: { run: a }\n',
    { key: 'parameters.x.below' },
  ],
  [
    'a default that leaves its directory',
    'parameters: { x: { type: path, below: /srv, default: ../etc } }\njob: { run: a }\n',
    { key: 'parameters.x.default' },
  ],
  [
    'a module whose input clashes',
    `${x}job: { module: a.ts, with: { x: 1 } }\n`,
    { key: 'job.with', message: 'job.with: x is a parameter' },
  ],
  ['a module whose input is no mapping', `${x}job: { module: a.ts, with: [1] }\n`, { key: 'job.with' }],
  ['a job that holds itself', `${x}job: &job\n  steps: [*job]\n`, { code: 'SYNTAX' }],
  ['a key of another language', `${x}job: { run: a, env: { __proto__: b } }\n`, { code: 'UNKNOWN_KEY' }],
];

for (const [what, text, told, hint] of rows) {
  void test(`${what}: the author of the template is told`, () => {
    const [refusal] = templateRefusals(text);
    const known = Object.fromEntries(Object.keys(told).map((key) => [key, refusal[key as keyof Refusal]]));
    assert.deepEqual(known, told, JSON.stringify(refusal));
    assert.match(refusal.hint, hint ?? /./);
  });
}

for (const pattern of ['(a+)+', '(a|a)*', '(\\\\w+\\\\s?)*', '(x+x+)+y', '(.*a){12}', 'a*a*a*a*a*a*b'])
  void test(`the pattern ${pattern}, which goes back and forth over a value, is refused`, () => {
    const [refusal] = templateRefusals(`parameters: { x: { type: string, pattern: "${pattern}" } }\njob: { run: a }\n`);
    assert.match(refusal.message, /takes too long/);
  });

for (const name of ['PATH', 'LD_PRELOAD', 'BASH_ENV', 'NODE_OPTIONS', 'PYTHONPATH', 'GIT_SSH_COMMAND'])
  void test(`a placeholder in ${name}, which chooses what runs, is refused`, () => {
    const step = { run: 'true', env: { [name]: '/opt/${{ with.x }}' } };
    assert.match(
      templateRefusals(`${x}job: ${JSON.stringify({ steps: [step] })}\n`)[0].message,
      /no placeholder may stand/,
    );
  });

/** Commands whose last argument has a placeholder, and whether that may be. */
const commands: readonly (readonly [command: readonly string[], isRefused: boolean])[] = [
  [['deploy', '${{ with.x }}'], false],
  [['deploy', '--to=${{ with.x }}'], false],
  [['sh', '-c', 'deploy ${{ with.x }}'], true],
  [['/bin/sh', '-c', '${{ with.x }}'], true],
  [['bash', '-ec', 'deploy ${{ with.x }}'], true],
  [['bash', '-o', 'pipefail', '-c', 'deploy ${{ with.x }}'], true],
  [['bash', '-O', 'extglob', '-ec', '${{ with.x }}'], true],
  [['env', 'A=b', 'sh', '-c', '${{ with.x }}'], true],
  [['timeout', '5', 'nice', 'bash', '-c', '${{ with.x }}'], true],
  [['sh', '${{ with.x }}'], true],
  [['sh', '-x', '${{ with.x }}'], true],
  [['sh', '-c', 'deploy "$1"', 'sh', '${{ with.x }}'], false],
  [['sh', 'deploy.sh', '${{ with.x }}'], false],
  [['busybox', 'sh', '-c', '${{ with.x }}'], true],
  [['sh', '-c', 'exec "$@"', 'sh', 'sh', '-c', '${{ with.x }}'], true],
  [['python3', 'run.py', 'bash', '-c', '${{ with.x }}'], true],
  [['python3', '-c', 'print(${{ with.x }})'], true],
  [['python3.13', '-c', 'import sys', '${{ with.x }}'], false],
  [['python3', 'deploy.py', '${{ with.x }}'], false],
  [['perl', '-e', '1', '-e', '${{ with.x }}'], true],
  [['perl', '-ne', '${{ with.x }}'], true],
  [['node', '--eval', '${{ with.x }}'], true],
  [['node', 'app.mjs', '${{ with.x }}'], false],
  [['ruby', '-e', '${{ with.x }}'], true],
  [['awk', '${{ with.x }}'], true],
  [['sed', '-e', 's/a/${{ with.x }}/'], true],
  [['find', '/srv', '-name', '${{ with.x }}'], false],
  [['find', '/srv', '-exec', 'sh', '-c', '${{ with.x }}', ';'], true],
  [['xargs', 'sh', '-c', 'a ${{ with.x }}'], true],
  [['env', '-S', 'deploy ${{ with.x }}'], true],
  [['env', '-iS', '${{ with.x }}'], true],
  [['ssh', 'host', 'deploy', '${{ with.x }}'], true],
  [['su', '-c', '${{ with.x }}', 'alice'], true],
  [['make', 'TARGET=${{ with.x }}'], true],
  [['psql', '-c', 'SELECT ${{ with.x }}'], true],
];

for (const [command, isRefused] of commands)
  void test(`command: ${command.join(' ')} ${isRefused ? 'is refused' : 'may have its placeholder'}`, () => {
    const text = `${x}job: ${JSON.stringify({ command })}\n`;
    if (isRefused) assert.match(templateRefusals(text)[0].message, /no placeholder may stand here/);
    else assert.equal(templateOf(text).name, 'deploy');
  });

void test('a template says what its parameters are, with every default', () => {
  const { parameters, allow, description } = templateOf(`
description: Deploys
parameters:
  target: { type: string, enum: [web, db], description: which }
  count: { type: integer }
  force: { type: boolean, default: false }
  file: { type: path, below: /srv/imports/, required: false }
allow: [priority, priority]
job: { command: [deploy, "\${{ with.target }}", "\${{with.count}}"], env: { FORCE: "\${{ with.force }}" } }
`);
  assert.equal(description, 'Deploys');
  assert.deepEqual(allow, ['priority']);
  assert.deepEqual([...parameters.keys()], ['target', 'count', 'force', 'file']);
  assert.deepEqual(parameters.get('count'), {
    type: 'integer',
    description: null,
    required: true,
    default: null,
    min: 0,
    max: 999_999_999_999_999,
  });
  assert.deepEqual(parameters.get('file'), {
    type: 'path',
    description: null,
    required: false,
    default: null,
    below: '/srv/imports',
  });
});
