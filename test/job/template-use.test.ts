import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Refusal } from '../../src/job/refusal.ts';
import { specOf } from './parsing.ts';
import { templateOf, usedJob, useRefusals } from './templates.ts';

const deploy = templateOf(`
parameters:
  target: { type: string, pattern: "[a-z]+", maxLength: 10 }
  note: { type: string, default: none, maxLength: 100 }
  text: { type: string, required: false, multiline: true, allowDash: true, minLength: 0 }
  count: { type: integer, min: 1, max: 9, default: 2 }
  signed: { type: integer, min: -5, required: false }
  force: { type: boolean, default: false }
  file: { type: path, below: /srv/imports, required: false }
job:
  tags: { target: "\${{ with.target }}" }
  concurrency: "deploy/\${{ with.target }}"
  env: { COUNT: "\${{ with.count }}", NOTE: "\${{ with.note }}/\${{ with.note }}" }
  command: [deploy, "\${{ with.target }}", "--count=\${{ with.count }}", "\${{ with.force }}"]
`);
const use = (parameters: object, rest: object = {}): string =>
  JSON.stringify({ uses: 'deploy', with: { target: 'web', ...parameters }, ...rest });

void test('a file chooses parameters, and the template says what runs', () => {
  const { id, spec } = usedJob(deploy, use({ note: 'hello' }, { id: 'd1', expires: '1h' }));
  assert.equal(id, 'd1');
  assert.equal(spec.name, 'deploy');
  assert.equal(spec.template, 'deploy');
  assert.deepEqual(spec.steps[0].action, { kind: 'command', argv: ['deploy', 'web', '--count=2', 'false'] });
  assert.deepEqual(spec.env, {
    COUNT: '2',
    NOTE: 'hello/hello',
    BOOTY_WITH_target: 'web',
    BOOTY_WITH_note: 'hello',
    BOOTY_WITH_count: '2',
    BOOTY_WITH_force: 'false',
  });
  assert.deepEqual(spec.tags, { target: 'web' });
  assert.equal(spec.concurrency?.group, 'deploy/web');
  assert.deepEqual(spec.expires, { kind: 'after', ms: 3_600_000 });
});

void test('a job without a template says so, and cannot pretend to have parameters', () => {
  assert.equal(specOf('run: a\n').template, null);
  assert.deepEqual(specOf('run: a\nenv: {A: b}\n').env, { A: 'b' });
});

/** A value that is refused: what was given, and what the submitter is told. */
const badValues: readonly (readonly [what: string, parameters: object, told: RegExp])[] = [
  ['a value that does not match', { target: 'Web' }, /matches \[a-z\]\+/],
  ['a value that matches in part', { target: 'web; id' }, /matches/],
  ['a value that matches in its first line', { target: 'web\nid' }, /one line/],
  ['a value that ends in a line end', { target: 'web\n' }, /one line/],
  ['a value too long', { target: 'w'.repeat(11) }, /at most 10/],
  ['a huge value', { note: 'n'.repeat(500_000) }, /at most 100/],
  ['an empty value', { note: '' }, /not empty/],
  ['an option', { note: '--help' }, /does not begin with -/],
  ['a short option', { note: '-rf' }, /does not begin with -/],
  ['a NUL', { note: 'a\0b' }, /control characters/],
  ['an escape', { note: 'a\u001b[2J' }, /control characters/],
  ['a line end of Unicode', { note: 'a\u2028b' }, /control characters/],
  ['half a character', { note: '\ud800' }, /valid Unicode/],
  ['a list', { note: ['a'] }, /expected text/],
  ['a mapping', { note: { a: 'b' } }, /expected text/],
  ['a NUL in several lines', { text: 'a\nb\0' }, /control characters/],
  ['a fraction', { count: 1.5 }, /whole number/],
  ['a number as text', { count: '3' }, /whole number/],
  ['a number out of range', { count: 10 }, /from 1 to 9/],
  ['a negative number', { count: -1 }, /from 1 to 9/],
  ['a number too low', { signed: -6 }, /from -5/],
  ['a number beyond what a number holds', { signed: 2 ** 60 }, /whole number/],
  ['a truth value as text', { force: 'true' }, /true or false/],
  ['a truth value as a number', { force: 1 }, /true or false/],
  ['a way up', { file: '../../etc/shadow' }, /without \.\./],
  ['a way up in the middle', { file: 'a/../../b' }, /without \.\./],
  ['a way up that stays below', { file: 'a/../b' }, /without \.\./],
  ['a path elsewhere', { file: '/etc/passwd' }, /below \/srv\/imports/],
  ['a path beside', { file: '/srv/imports-old/x' }, /below \/srv\/imports/],
  ['the directory itself', { file: '/srv/imports' }, /below/],
  ['the directory as a dot', { file: '.' }, /below/],
  ['a path with a NUL', { file: 'a\0/../../etc' }, /control characters/],
  ['a path of two lines', { file: 'a\nb' }, /control characters/],
  ['an empty path', { file: '' }, /below/],
  ['a path that is a number', { file: 7 }, /below/],
  ['a path too long', { file: 'p/'.repeat(2100) }, /shorter/],
];

for (const [what, parameters, told] of badValues)
  void test(`${what} is refused, with its line`, () => {
    const [refusal, ...others] = useRefusals(deploy, use(parameters));
    assert.deepEqual(others, []);
    assert.equal(refusal.code, 'INVALID_VALUE');
    assert.equal(refusal.key, `with.${Object.keys(parameters)[0]}`);
    assert.match(refusal.message, told);
    assert.equal(refusal.line, 1);
    assert.ok(refusal.message.length <= 300);
  });

/** Values that are taken, and what programs see of them. */
const goodValues: readonly (readonly [parameters: object, variable: string, value: string])[] = [
  [{ note: '$(id); `id` && "x" | y > z * ? \\' }, 'note', '$(id); `id` && "x" | y > z * ? \\'],
  [{ note: '${{ with.target }} ${{ with.secret }}' }, 'note', '${{ with.target }} ${{ with.secret }}'],
  [{ note: "$& $1 $$ $` $'" }, 'note', "$& $1 $$ $` $'"],
  [{ note: '%s {{ default }} $BOOTY_WITH_target' }, 'note', '%s {{ default }} $BOOTY_WITH_target'],
  [{ note: 42 }, 'note', '42'],
  [{ note: 'a -b' }, 'note', 'a -b'],
  [{ text: '-a\n\tb\n' }, 'text', '-a\n\tb\n'],
  [{ text: '' }, 'text', ''],
  [{ signed: -5 }, 'signed', '-5'],
  [{ file: 'a//./b' }, 'file', '/srv/imports/a/b'],
  [{ file: '/srv/imports/a' }, 'file', '/srv/imports/a'],
  [{ file: '/srv//imports/a..b/...' }, 'file', '/srv/imports/a..b/...'],
  [{ file: '-rf' }, 'file', '/srv/imports/-rf'],
  [{ count: null }, 'count', '2'],
];

for (const [parameters, name, value] of goodValues)
  void test(`${JSON.stringify(parameters)} reaches programs as it is`, () => {
    assert.equal(usedJob(deploy, use(parameters)).spec.env[`BOOTY_WITH_${name}`], value);
  });

void test('what a value says is not looked at again', () => {
  const note = '${{ with.target }}';
  assert.equal(usedJob(deploy, use({ note })).spec.env.NOTE, `${note}/${note}`);
});

/** A file that asks for more than it may, and what its submitter is told. */
const badFiles: readonly (readonly [what: string, file: string, told: Partial<Refusal>])[] = [
  [
    'no parameter',
    'uses: deploy\n',
    { code: 'MISSING_KEY', message: 'with.target is missing: the template deploy needs it', line: 1 },
  ],
  [
    'a parameter that nobody knows',
    'uses: deploy\nwith: { target: web, conut: 3 }\n',
    { code: 'UNKNOWN_KEY', key: 'with.conut', line: 2, hint: 'did you mean "count"?' },
  ],
  [
    'another job beside it',
    'uses: deploy\nwith: { target: web }\nrun: id\n',
    { code: 'UNKNOWN_KEY', message: 'run does not go with uses', line: 3 },
  ],
  ['steps beside it', 'uses: deploy\nsteps: [{ run: id }]\n', { message: 'steps does not go with uses' }],
  ['a verifier beside it', 'uses: deploy\nverify: { run: id }\n', { message: 'verify does not go with uses' }],
  ['variables beside it', 'uses: deploy\nenv: { LD_PRELOAD: /tmp/x.so }\n', { message: 'env does not go with uses' }],
  ['secrets beside it', 'uses: deploy\nsecrets: [PGPASSWORD]\n', { message: 'secrets does not go with uses' }],
  ['a module beside it', 'uses: deploy\nmodule: x.ts\n', { message: 'module does not go with uses' }],
  ['a group beside it', 'uses: deploy\nconcurrency: other\n', { message: 'concurrency does not go with uses' }],
  ['a name of its own', 'uses: deploy\nwith: { target: web }\nname: other\n', { key: 'name', line: 3 }],
  ['a priority of its own', 'uses: deploy\nwith: { target: web }\npriority: 1000\n', { key: 'priority', line: 3 }],
  [
    'an id that is none',
    'uses: deploy\nwith: { target: web }\nid: ../x\n',
    { code: 'INVALID_VALUE', key: 'id', line: 3 },
  ],
  [
    'an id with a placeholder',
    'uses: deploy\nwith: { target: web }\nid: "${{ with.target }}"\n',
    { key: 'id', line: 3 },
  ],
  ['an end in another language', 'uses: deploy\nwith: { target: web }\nexpires: soon\n', { key: 'expires', line: 3 }],
  ['a template in a directory', 'uses: ../deploy\n', { code: 'INVALID_VALUE', key: 'uses', line: 1 }],
  ['a template with its ending', 'uses: deploy.yaml\n', { code: 'INVALID_VALUE', key: 'uses' }],
  ['a template with a NUL', 'uses: "deploy\\0"\n', { code: 'INVALID_VALUE', key: 'uses' }],
  ['a template of another language', 'uses: __proto__\n', { code: 'INVALID_VALUE', key: 'uses' }],
  ['a template that is there for everybody', 'uses: constructor\n', { code: 'TEMPLATE_UNKNOWN', key: 'uses' }],
  ['no template', 'uses:\n', { code: 'INVALID_VALUE', key: 'uses' }],
  ['a list of templates', 'uses: [deploy]\n', { code: 'INVALID_VALUE', key: 'uses' }],
  ['parameters that are a list', 'uses: deploy\nwith: [web]\n', { code: 'INVALID_VALUE', key: 'with' }],
  [
    'a parameter of another language',
    'uses: deploy\nwith: { target: web, __proto__: { force: true } }\n',
    { code: 'UNKNOWN_KEY', key: '__proto__' },
  ],
  [
    'a parameter that everything has',
    'uses: deploy\nwith: { target: web, constructor: x }\n',
    { code: 'UNKNOWN_KEY', key: 'with.constructor' },
  ],
  ['a parameter twice', 'uses: deploy\nwith: { target: web, target: db }\n', { code: 'SYNTAX', line: 2 }],
  ['the use twice', 'uses: deploy\nuses: other\nwith: { target: web }\n', { code: 'SYNTAX', line: 2 }],
  ['a parameter twice in JSON', '{"uses": "deploy", "with": {"target": "web", "target": "db"}}', { code: 'SYNTAX' }],
  ['a merge of mappings', 'uses: deploy\nwith: { target: web }\n<<: { run: id }\n', { code: 'UNKNOWN_KEY', key: '<<' }],
  [
    'a merge within the parameters',
    'uses: deploy\nwith: { target: web, <<: { count: 3 } }\n',
    { code: 'UNKNOWN_KEY', key: 'with.<<' },
  ],
  ['a reference to itself', 'uses: deploy\nwith: &with { target: web, note: *with }\n', { key: 'with.note' }],
  ['a tag', 'uses: deploy\nwith: { target: !!js/function "x" }\n', { code: 'SYNTAX' }],
  ['bytes', 'uses: deploy\nwith: { target: !!binary d2Vi }\n', { code: 'INVALID_VALUE', key: 'with.target' }],
  ['two documents', 'uses: deploy\nwith: { target: web }\n---\nrun: id\n', { code: 'SEVERAL_DOCUMENTS' }],
];

for (const [what, file, told] of badFiles)
  void test(`${what} is refused`, () => {
    const [refusal] = useRefusals(deploy, file);
    const known = Object.fromEntries(Object.keys(told).map((key) => [key, refusal[key as keyof Refusal]]));
    assert.deepEqual(known, told, JSON.stringify(refusal));
  });

void test('an anchor may stand for a value, and is that value', () => {
  const { spec } = usedJob(deploy, 'uses: deploy\nwith: { target: &t web, note: *t }\n');
  assert.equal(spec.env.BOOTY_WITH_note, 'web');
});

void test('all that is wrong with a file is told at once', () => {
  const refusals = useRefusals(deploy, 'uses: deploy\nwith: { target: W, count: 0, x: 1 }\nname: a\n');
  assert.deepEqual(
    refusals.map(({ key }) => key),
    ['name', 'with.x', 'with.target', 'with.count'],
  );
});

void test('a template may let its users choose name and priority, and nothing it was not asked for', () => {
  const open = templateOf('allow: [name, priority]\njob: { run: "true", name: own, priority: 5 }\n');
  const { spec } = usedJob(open, 'uses: deploy\nname: mine\npriority: -7\n');
  assert.equal(spec.name, 'mine');
  assert.equal(spec.priority, -7);
  assert.equal(usedJob(open, 'uses: deploy\n').spec.priority, 5);
  const [refusal] = useRefusals(open, 'uses: deploy\npriority: 1001\n');
  assert.equal(refusal.key, 'priority');
  assert.equal(refusal.line, 2);
});

void test('a template that makes ids makes them alone', () => {
  const once = templateOf('parameters: { day: { type: string } }\njob: { run: "true", id: "run-${{ with.day }}" }\n');
  assert.equal(usedJob(once, 'uses: deploy\nwith: { day: monday }\n').id, 'run-monday');
  assert.match(useRefusals(once, 'uses: deploy\nid: other\nwith: { day: monday }\n')[0].message, /makes the id/);
  const [refusal] = useRefusals(once, 'uses: deploy\nwith: { day: "../x" }\n');
  assert.match(refusal.message, /^with these parameters the template deploy makes no job: id: expected/);
  assert.equal(refusal.line, 2);
});

void test('a path whose links lead elsewhere is refused', () => {
  const asked: (readonly [string, string])[] = [];
  const [refusal] = useRefusals(deploy, use({ file: 'a' }), (path, below) => {
    asked.push([path, below]);
    return 'leads elsewhere';
  });
  assert.deepEqual(asked, [['/srv/imports/a', '/srv/imports']]);
  assert.equal(refusal.message, 'with.file: leads elsewhere');
});

void test('a module gets the parameters in its input, of their own types', () => {
  const module = templateOf(`
parameters: { n: { type: integer }, b: { type: boolean, default: true }, s: { type: string, default: "\${{ with.n }}" } }
job:
  steps:
    - module: a.ts
    - module: b.ts
      with: { own: 1 }
  verify: { module: c.ts }
`);
  const { spec } = usedJob(module, 'uses: deploy\nwith: { n: 3 }\n');
  const inputs = [...spec.steps, ...(spec.verify[0]?.steps ?? [])].map(
    ({ action }) => action.kind === 'module' && action.with,
  );
  const given = { n: 3, b: true, s: '${{ with.n }}' };
  assert.deepEqual(inputs, [given, { own: 1, ...given }, given]);
  assert.equal(spec.verify[0]?.template, 'deploy');
  assert.equal(spec.verify[0]?.env.BOOTY_WITH_n, '3');
});

void test('a pattern that was not found out holds up nobody for long', () => {
  const slow = templateOf(
    'parameters: { x: { type: string, maxLength: 60, pattern: "start(?:(?:xy|x|y)+)+Q" } }\njob: { run: "true" }\n',
  );
  const before = process.threadCpuUsage();
  const [refusal] = useRefusals(slow, JSON.stringify({ uses: 'deploy', with: { x: `start${'xy'.repeat(20)}!` } }));
  assert.match(refusal.message, /pattern/);
  const { user } = process.threadCpuUsage(before);
  assert.ok(user < 1_000_000, `${user} µs of processor time`);
});

void test('a file full of parameters that nobody knows is answered at once, and briefly', () => {
  const parameters = Array.from(
    { length: 50 },
    (_, index) => `  parameter_of_some_length_${index}: { type: string }\n`,
  );
  const many = templateOf(`parameters:\n${parameters.join('')}job: { run: "true" }\n`);
  const given = Object.fromEntries(Array.from({ length: 2400 }, (_, index) => [`paramter_of_some_lenght_${index}`, 1]));
  const before = process.threadCpuUsage();
  const refusals = useRefusals(many, JSON.stringify({ uses: 'deploy', with: given }));
  const { user } = process.threadCpuUsage(before);
  assert.ok(user < 1_000_000, `${user} µs of processor time`);
  assert.equal(refusals.length, 10);
});
