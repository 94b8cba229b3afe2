import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Refusal } from '../../src/job/refusal.ts';
import { refusals } from './parsing.ts';

/** A job file that is wrong, and the first thing that its producer is told. */
type Row = readonly [what: string, content: string | Uint8Array, told: Partial<Refusal>, hint?: RegExp];

const rows: readonly Row[] = [
  ['an empty file', '', { code: 'EMPTY' }, /dot name/],
  ['a file of blank lines', ' \n\t\n\r\n', { code: 'EMPTY' }, /dot name/],
  ['a file of comments', '# nothing\n', { code: 'INVALID_VALUE' }],
  ['more than 1 MiB', `run: "true" ${'#'.repeat(1024 * 1024)}`, { code: 'TOO_LARGE' }, /file of its own/],
  [
    'bytes that are not UTF-8',
    Buffer.from('run: a\nid: b\nname: \xff\n', 'latin1'),
    { code: 'NOT_UTF8', line: 3 },
    /as UTF-8/,
  ],
  ['an open bracket', 'id: x\nrun: [a\n', { code: 'SYNTAX', line: 3, column: 1 }, /that line/],
  ['an open quote', 'id: "x\nrun: a\n', { code: 'SYNTAX', line: 3 }, /that line/],
  ['indentation by tabs', 'steps:\n\t- run: a\n', { code: 'SYNTAX', line: 2, column: 1 }, /that line/],
  ['indentation that does not fit', 'steps:\n  - run: a\n    name: b\n   timeout: 1s\n', { code: 'SYNTAX', line: 4 }],
  ['a key that comes twice', 'run: a\nid: x\nrun: b\n', { code: 'SYNTAX', line: 3, column: 1 }],
  ['a tag that nobody knows', 'run: !!js/function "x"\n', { code: 'SYNTAX', line: 1, column: 6 }],
  ['malformed JSON', '{\n  "id": "x"\n  "run": "a"\n}', { code: 'SYNTAX', line: 3 }],
  ['JSON that is cut off', '{"id": "x",\n "run": "a', { code: 'SYNTAX', line: 2 }],
  ['two documents', 'run: a\n---\nrun: b\n', { code: 'SEVERAL_DOCUMENTS', line: 2, column: 1 }, /one job a file/],
  ['two JSON documents', '{"run": "a"}\n{"run": "b"}\n', { code: 'SYNTAX', line: 2 }],
  ['a list', '- run: a\n', { code: 'INVALID_VALUE', line: 1, column: 1 }],
  ['a sentence', 'hello world\n', { code: 'INVALID_VALUE', line: 1, column: 1 }],
  ['a script that is not executable', '#!/bin/sh\necho: [\n', { code: 'SYNTAX' }, /chmod \+x/],
  ['a slip in a key', 'rum: a\n', { code: 'UNKNOWN_KEY', key: 'rum', line: 1, column: 1 }, /did you mean "run"\?/],
  ['another slip', 'run: a\nTimeuot: 5s\n', { code: 'UNKNOWN_KEY', key: 'Timeuot', line: 2 }, /"timeout"/],
  [
    'a slip in a step',
    'steps:\n  - run: a\n  - run: b\n    timout: 5s\n',
    { code: 'UNKNOWN_KEY', key: 'steps[1].timout', line: 4, column: 5 },
    /did you mean "timeout"\?/,
  ],
  [
    'a slip in JSON',
    '{\n  "run": "a",\n  "tag": {}\n}',
    { code: 'UNKNOWN_KEY', key: 'tag', line: 3, column: 3 },
    /"tags"/,
  ],
  [
    'a slip in limits',
    'run: a\nlimits: {outputs: 1M}\n',
    { code: 'UNKNOWN_KEY', key: 'limits.outputs', line: 2 },
    /"output"/,
  ],
  ['a slip in verify', 'run: a\nverify: {command: [x], rum: a}\n', { code: 'UNKNOWN_KEY', key: 'verify.rum' }, /"run"/],
  [
    'a key far from all others',
    'run: a\nwibbledy: 1\n',
    { code: 'UNKNOWN_KEY', key: 'wibbledy' },
    /^known keys: kind, id/,
  ],
  ['a key of another language', '{"run": "a", "__proto__": 1}', { code: 'UNKNOWN_KEY', key: '__proto__' }],
  [
    'nothing to run',
    'id: x\n',
    { code: 'INVALID_VALUE', message: 'the document: expected one of steps, run, command, script or module' },
  ],
  ['two things to run', 'run: a\nsteps: [{run: b}]\n', { code: 'INVALID_VALUE' }],
  [
    'a step with nothing to run',
    'steps:\n  - run: a\n  - name: b\n',
    { code: 'INVALID_VALUE', key: 'steps[1]', line: 3, column: 5 },
  ],
  ['no steps', 'steps: []\n', { code: 'INVALID_VALUE', key: 'steps', line: 1, column: 8 }],
  ['201 steps', `{"steps": [${'{"run": "a"},'.repeat(200)}{"run": "a"}]}`, { code: 'INVALID_VALUE', key: 'steps' }],
  ['steps of another type', 'steps: a\n', { code: 'INVALID_VALUE', key: 'steps', line: 1, column: 8 }],
  [
    'run of another type',
    'run:\n  - a\n',
    { code: 'INVALID_VALUE', key: 'run', line: 2, message: 'run: expected text' },
  ],
  ['run without a line', 'run: ""\n', { code: 'INVALID_VALUE', key: 'run', line: 1, column: 6 }],
  ['a NUL in a line', 'run: "a\\0b"\n', { code: 'INVALID_VALUE', key: 'run' }],
  [
    'walls that nobody knows',
    'run: a\nisolation: container\n',
    { code: 'INVALID_VALUE', key: 'isolation', line: 2, message: 'isolation: expected unit or offline-unit' },
    /correct the value/,
  ],
  ['a slip in isolation', 'run: a\nisolaton: unit\n', { code: 'UNKNOWN_KEY', key: 'isolaton' }, /"isolation"/],
  ['a command as a line', 'command: rm -rf x\n', { code: 'INVALID_VALUE', key: 'command', line: 1, column: 10 }],
  ['an empty command', 'command: []\n', { code: 'MISSING_KEY', key: 'command[0]', line: 1, column: 10 }],
  [
    'an argument that is a mapping',
    'command: [a, {b: c}]\n',
    { code: 'INVALID_VALUE', key: 'command[1]', line: 1, column: 14 },
  ],
  ['a script without #!', 'script: echo a\n', { code: 'INVALID_VALUE', key: 'script', line: 1, column: 9 }],
  ['a duration without a unit', 'run: a\ntimeout: 5\n', { code: 'INVALID_VALUE', key: 'timeout', line: 2, column: 10 }],
  [
    'a duration that is none',
    'run: a\ntimeout: soon\n',
    { code: 'INVALID_VALUE', key: 'timeout', line: 2, column: 10 },
  ],
  ['a duration of nothing', 'run: a\ntimeout: 0s\n', { code: 'INVALID_VALUE', key: 'timeout', line: 2 }],
  [
    'a size that is none',
    'run: a\nlimits:\n  output: big\n',
    { code: 'INVALID_VALUE', key: 'limits.output', line: 3, column: 11 },
  ],
  [
    'a kind that is none',
    'run: a\nkind: check\n',
    { code: 'INVALID_VALUE', key: 'kind', line: 2, message: 'kind: expected pipeline or verifier' },
  ],
  [
    'a priority out of range',
    'run: a\npriority: 1001\n',
    { code: 'INVALID_VALUE', key: 'priority', line: 2, column: 11 },
  ],
  ['a priority that is a fraction', 'run: a\npriority: 1.5\n', { code: 'INVALID_VALUE', key: 'priority' }],
  ['a name that begins with a dash', 'run: a\nname: -x\n', { code: 'INVALID_VALUE', key: 'name', line: 2, column: 7 }],
  ['a name with a line end', 'run: a\nname: "a\\nb"\n', { code: 'INVALID_VALUE', key: 'name' }],
  ['a name of 101 letters', `run: a\nname: ${'n'.repeat(101)}\n`, { code: 'INVALID_VALUE', key: 'name' }],
  [
    'a variable of Booty’s',
    'run: a\nenv: {BOOTY_JOB_ID: x}\n',
    { code: 'INVALID_VALUE', key: 'env.BOOTY_JOB_ID', line: 2 },
  ],
  ['the DSN as a secret', 'run: a\nsecrets: [SENTRY_DSN]\n', { code: 'INVALID_VALUE', key: 'secrets[0]', line: 2 }],
  [
    'a setting of Sentry as a secret of a step',
    'steps: [{ run: a, secrets: [SENTRY_RELEASE] }]\n',
    { key: 'steps[0].secrets[0]' },
  ],
  ['a secret that is no name', 'run: a\nverify: { run: b, secrets: ["A B"] }\n', { key: 'verify.secrets[0]', line: 2 }],
  ['a secret of Booty’s', 'run: a\nsecrets: [BOOTY_JOB_ID]\n', { key: 'secrets[0]', line: 2 }],
  ['secrets that are no list', 'run: a\nsecrets: PGPASSWORD\n', { key: 'secrets', line: 2 }],
  ['secrets with their values', 'run: a\nsecrets: { PGPASSWORD: x }\n', { key: 'secrets', line: 2 }],
  ['no secrets', 'run: a\nsecrets: []\n', { key: 'secrets', line: 2 }],
  ['a tag for a template', 'run: a\ntags: {template: x}\n', { key: 'tags.template', line: 2 }],
  ['a slip in uses', 'use: deploy\n', { code: 'UNKNOWN_KEY', key: 'use' }, /"uses"/],
  ['a tag of Booty’s', 'run: a\ntags: {job_id: x}\n', { code: 'INVALID_VALUE', key: 'tags.job_id', line: 2 }],
  ['a tag of two lines', 'run: a\ntags: {team: "a\\nb"}\n', { code: 'INVALID_VALUE', key: 'tags.team', line: 2 }],
  ['a tag of 201 letters', `run: a\ntags: {team: ${'x'.repeat(201)}}\n`, { code: 'INVALID_VALUE', key: 'tags.team' }],
  [
    'a verifier of a verifier',
    'kind: verifier\nrun: a\nverify: {run: b}\n',
    { code: 'INVALID_VALUE', key: 'verify', line: 3 },
  ],
  ['no verifier in the list', 'run: a\nverify: []\n', { code: 'INVALID_VALUE', key: 'verify', line: 2 }],
  [
    'too many verifiers',
    `run: a\nverify:\n${'  - run: b\n'.repeat(21)}`,
    { code: 'INVALID_VALUE', key: 'verify', line: 3, message: 'verify: expected at most 20 verifiers' },
  ],
  [
    'a slip in the second verifier',
    'run: a\nverify:\n  - run: b\n  - rum: c\n',
    { code: 'UNKNOWN_KEY', key: 'verify[1].rum', line: 4, column: 5 },
    /did you mean "run"\?/,
  ],
  [
    'a slip in the group of a verifier',
    'run: a\nverify:\n  - run: b\n    concurrency: {gruop: x}\n',
    { code: 'UNKNOWN_KEY', key: 'verify[0].concurrency.gruop', line: 4 },
    /"group"/,
  ],
  [
    'two verifiers of one name',
    'run: a\nverify:\n  - {run: b, name: x}\n  - run: c\n    name: x\n',
    {
      code: 'INVALID_VALUE',
      key: 'verify[1].name',
      line: 5,
      message: 'verify[1].name: is the name of another verifier too',
    },
  ],
  [
    'a verifier that waits for its pipeline',
    'run: a\nconcurrency: g\nverify:\n  - run: b\n    concurrency: g\n',
    { code: 'INVALID_VALUE', key: 'verify', line: 4 },
  ],
  [
    'a rejection of what nobody verifies',
    'run: a\nretries: {limit: 2, on: [crashed, rejected]}\n',
    { code: 'INVALID_VALUE', key: 'retries.on[1]', line: 2, message: 'retries.on[1]: only goes with verify' },
  ],
  [
    'a verifier that is asked again until it accepts',
    'run: a\nverify:\n  run: b\n  retries:\n    limit: 2\n    on: [rejected]\n',
    { code: 'INVALID_VALUE', key: 'verify.retries.on[0]', line: 6 },
  ],
  ['a reference to nothing', 'id: x\nrun: *nothing\n', { code: 'SYNTAX', line: 2, column: 6 }],
  ['a merge of what is no mapping', '!!merge <<: 5\nrun: a\n', { code: 'SYNTAX' }],
  ['such a merge in old YAML', '%YAML 1.1\n---\n<<: 5\nrun: a\n', { code: 'SYNTAX' }],
  ['a JSON key that comes twice', '{"run": "a",\n "run": "b"}', { code: 'SYNTAX', line: 2 }],
  [
    'a variable that cannot be passed on',
    '{"run": "a", "env": {"__proto__": "x"}}',
    { code: 'UNKNOWN_KEY', key: '__proto__' },
  ],
  ['an alias bomb', aliasBomb(), { code: 'ALIASES' }, /write the repeated parts out/],
  ['nesting without end', `run: ${'['.repeat(100)}`, { code: 'SYNTAX', message: 'more than 50 levels deep' }],
];

for (const [what, content, told, hint] of rows) {
  void test(`${what}: the producer is told what and where`, () => {
    const [refusal] = refusals(content);
    const known = Object.fromEntries(Object.keys(told).map((key) => [key, refusal[key as keyof Refusal]]));
    assert.deepEqual(known, told, JSON.stringify(refusal));
    assert.match(refusal.hint, hint ?? /./);
    assert.match(refusal.message, /^[^\n]{1,300}$/);
  });
}

void test('all that is wrong with a file is told at once, in words that name each place', () => {
  const found = refusals('run: a\ntimeout: 5\nenv: {A: [1]}\nsteps: [{run: b, wat: 1}]\n');
  const keys = found.map(({ key }) => key);
  for (const key of ['timeout', 'env.A', 'steps[0].wat']) assert.ok(keys.includes(key), `${key} in ${keys.join(' ')}`);
});

function aliasBomb(): string {
  const levels = Array.from({ length: 12 }, (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`);
  return ['a0: &a0 [x, x]', ...levels].join('\n');
}

void test('a bad name of a variable or a tag is told as that', () => {
  for (const key of ['1A', 'a-b', 'BOOTY_X', ''])
    assert.match(refusals(JSON.stringify({ run: 'a', env: { [key]: 'x' } }))[0].message, /variable name/);
  assert.match(refusals('run: a\ntags: {step: x}\n')[0].message, /Booty sets itself/);
});

void test('who has much to mend is told how to begin', () => {
  const entries = (key: string): string => Array.from({ length: 1000 }, (_, index) => `"${key}${index}": 1`).join(',');
  for (const text of [`{"run": "a", ${entries('x')}}`, `{"run": "a", "env": {${entries('-')}}}`]) {
    const told = refusals(text);
    assert.ok(told.length >= 5 && told.length <= 10, `${told.length} refusals`);
  }
});
