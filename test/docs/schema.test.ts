import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { describe } from '../../scripts/schema/describe.ts';
import { generate, schemaNames } from '../../scripts/schema/generate.ts';
import { readConfig } from '../../src/config/config.ts';
import { parseTemplate } from '../../src/job/parse-template.ts';
import { runBooty } from '../harness/program.ts';
import { parseText } from '../job/parsing.ts';
import { pages } from './page.ts';
import { flaws, schemaText } from './validator.ts';

void test('the schemas for editors are those of the program: else make schema', () => {
  for (const name of schemaNames)
    assert.deepEqual(JSON.parse(schemaText(name)), JSON.parse(JSON.stringify(generate(name))), name);
});

void test('booty schema prints them', async () => {
  for (const [args, name] of [
    [[], 'job'],
    [['template'], 'template'],
    [['config'], 'config'],
  ] as const) {
    const { status, stdout } = await runBooty(['schema', ...args]);
    assert.equal(status, 0);
    assert.equal(stdout, schemaText(name));
  }
  assert.equal((await runBooty(['schema', 'jobs'])).status, 2);
});

void test('a key that is not described, and a description of no key, are noticed', () => {
  const schema = { properties: { a: {}, b: { anyOf: [{ properties: { c: {} } }] } } };
  const { missing, unused } = describe(schema, { a: 'A', b: 'B', d: 'D' });
  assert.deepEqual([missing, unused], [['b.c'], ['d']]);
});

/** Everything in the documents that a person may copy into a file. */
const examples = pages().flatMap(({ path, blocks }) =>
  blocks
    .filter(({ language }) => language === 'yaml')
    .map(({ code, title }) => ({
      code,
      what: `${path}: ${code.split('\n', 1)[0]}`,
      kind: title?.endsWith('booty.yaml') ? 'config' : title?.includes('templates.d/') ? 'template' : 'job',
    })),
);

void test('no editor underlines anything in an example of the documents, and Booty takes it', () => {
  assert.ok(examples.length > 5);
  for (const { code, what, kind } of examples) {
    const data: unknown = parse(code);
    if (kind === 'config') {
      assert.deepEqual([what, flaws('config', data)], [what, []]);
      assert.deepEqual([what, readConfig(Buffer.from(code)).problems], [what, []]);
    } else if (kind === 'template') {
      assert.deepEqual([what, flaws('template', data)], [what, []]);
      assert.ok(parseTemplate('example', Buffer.from(code)).ok, what);
    } else {
      const job = wholeJob(data as object);
      assert.deepEqual([what, flaws('job', job)], [what, []]);
      const parsed = parseText(JSON.stringify(job));
      // The templates of the documents are not there.
      assert.ok(parsed.ok || 'uses' in job || parsed.refusal.code === 'POLICY', `${what}: ${JSON.stringify(parsed)}`);
    }
  }
});

/** Some examples show only the keys that they are about. */
const wholeJob = (data: object): object =>
  ['run', 'command', 'script', 'module', 'steps', 'uses'].some((key) => key in data) ? data : { run: 'true', ...data };

/** Each with what is wrong with it. */
const refused = [
  ['rum: a', 'rum'],
  ['{}', 'nothing to run'],
  ['[]', 'a list'],
  ['{ run: a, script: "#!/bin/sh" }', 'two things to run'],
  ['{ steps: [] }', 'no steps'],
  ['{ steps: [{ name: b }] }', 'a step with nothing to run'],
  ['{ steps: [{ run: a, timout: 5s }] }', 'a slip in a step'],
  ['{ run: [a] }', 'run of another type'],
  ['{ run: "" }', 'run without a line'],
  ['{ command: rm }', 'a command as a line'],
  ['{ command: [] }', 'an empty command'],
  ['{ command: [a, { b: c }] }', 'an argument that is a mapping'],
  ['{ script: echo }', 'a script without #!'],
  ['{ run: a, timeout: 5 }', 'a duration without a unit'],
  ['{ run: a, timeout: soon }', 'a duration that is none'],
  ['{ run: a, limits: { output: big } }', 'a size that is none'],
  ['{ run: a, limits: { outputs: 1M } }', 'a slip in limits'],
  ['{ run: a, kind: check }', 'a kind that is none'],
  ['{ run: a, priority: 1001 }', 'a priority out of range'],
  ['{ run: a, priority: 1.5 }', 'a priority that is a fraction'],
  ['{ run: a, name: -x }', 'a name that begins with a dash'],
  ['{ run: a, id: "a b" }', 'an id with a space'],
  ['{ run: a, env: { BOOTY_JOB_ID: x } }', 'a variable of Booty’s'],
  ['{ run: a, env: { 1A: x } }', 'no name of a variable'],
  ['{ run: a, secrets: [SENTRY_DSN] }', 'the DSN as a secret'],
  ['{ run: a, secrets: PGPASSWORD }', 'secrets that are no list'],
  ['{ run: a, tags: { job_id: x } }', 'a tag of Booty’s'],
  ['{ run: a, tags: { team: "a\\nb" } }', 'a tag of two lines'],
  ['{ run: a, kind: verifier, verify: { run: b } }', 'a verifier of a verifier'],
  ['{ run: a, verify: { run: b, rum: c } }', 'a slip in verify'],
  ['{ run: a, retries: { delay: 5s } }', 'retries without a limit'],
  ['{ run: a, retries: "3" }', 'retries as text'],
  ['{ run: a, retries: { limit: 1, on: [] } }', 'retries on nothing'],
  ['{ run: a, rate: 10 }', 'a rate without a time'],
  ['{ run: a, concurrency: { limit: 2 } }', 'a limit without a group'],
  ['{ run: a, concurrency: { group: g, onNew: wait } }', 'a choice that is none'],
  ['{ run: a, needs: [a b] }', 'a need that is no id'],
  ['{ run: a, notBefore: tomorrow }', 'a time that is none'],
  ['{ run: a, notBefore: 2026-11-24T02:00:00 }', 'a time without a zone'],
  ['{ run: a, monitor: { slug: m, every: 1 day, schedule: "@daily" } }', 'two schedules'],
  ['{ run: a, with: { a: 1 } }', 'with without a module'],
  ['{ run: a, crash: { ignoreExitCodes: [0] } }', 'an exit code that is none'],
  ['{ run: a, report: { on: [crashed] } }', 'a report to nobody'],
  ['{ run: a, shell: fish }', 'a shell that is none'],
  ['{ run: a, cwd: "" }', 'no directory'],
  ['{ steps: [{ run: a, if: sometimes }] }', 'a condition that is none'],
  ['{ run: a, isolation: container }', 'walls that there are not'],
  ['{ uses: a, run: b }', 'what a template says'],
  ['{ uses: a b }', 'no name of a template'],
] as const;

void test('an editor underlines what Booty refuses, as far as a schema can tell', () => {
  for (const [text, what] of refused) {
    assert.ok(!parseText(text).ok, `Booty takes ${what}`);
    assert.notDeepEqual(flaws('job', parse(text)), [], what);
  }
});

void test('likewise in templates and in booty.yaml', () => {
  for (const text of ['{ job: { rum: a } }', '{ parameters: { a: { type: text } }, job: { run: b } }', '{}']) {
    assert.ok(!parseTemplate('one', Buffer.from(text)).ok, text);
    assert.notDeepEqual(flaws('template', parse(text)), [], text);
  }
  for (const text of ['{ concurrency: { pipeline: 0 } }', '{ policy: { inline: never } }', '{ drain: { limit: 5 } }']) {
    assert.notDeepEqual(readConfig(Buffer.from(text)).problems, [], text);
    assert.notDeepEqual(flaws('config', parse(text)), [], text);
  }
});

/** For every key, values that are right and some that are wrong. */
const values: Readonly<Record<string, readonly unknown[]>> = {
  kind: ['pipeline', 'verifier'],
  id: ['a', 7, 1.5, 'a b'],
  name: ['n', 20261124, 'ä ö', '-x'],
  timeout: ['1h30m', '0s', 5],
  priority: [0, -1000, 1001],
  env: [{}, { A: 1, B: true, C: 'x', D: 1.1 }, { BOOTY_X: 'x' }],
  secrets: [['PGPASSWORD'], ['SENTRY_DSN']],
  tags: [{ team: 'a' }, { step: 'x' }],
  limits: [{}, { output: '1.5GiB' }, { output: 5 }],
  onInterrupt: ['retry', 'fail'],
  journal: ['errors', 'off', 'some'],
  retries: [0, 3, { limit: 2, backoff: 'linear', delay: '1s', on: ['crashed', 'timeout'] }, '3'],
  notBefore: ['6h', '2026-11-24T02:00:00Z', '2026-11-24 02:00+01:00', 'soon'],
  expires: ['1w'],
  crash: [{ fingerprint: ['{{ default }}', 1], ignoreExitCodes: [3], sourceLines: 3 }, { sourceLines: 21 }],
  monitor: ['slug', { slug: 's', every: '1 day', checkinMargin: '5m' }, { slug: 's', schedule: '@daily' }],
  needs: ['a1', 5, ['a1', 'b1'], [], { a: 1 }],
  concurrency: ['g', 5, { group: 'g', limit: 2, onNew: 'skip' }, { group: '' }],
  rate: ['10/m', '1/30s', '5'],
  report: [[], { github: 'acme/shop#12' }, [{ command: ['true'], on: ['succeeded'] }]],
  verify: [{ run: 'b' }, { command: ['b', 1.5], retries: 1, rate: '1/s' }, { run: '' }],
  shell: ['bash', 'fish'],
  cwd: ['a', '/srv', ''],
  resumeFrom: ['failed-step', 'here'],
  with: [{ a: [1, null] }],
  export: ['main', 'a-b'],
};
const action = fc.constantFrom<object>(
  { run: 'a' },
  { command: ['a', 1, true, 'b', 1.5] },
  { script: '#!/bin/sh\ntrue' },
  { module: './a.ts' },
  {
    steps: [
      { run: 'a', timeout: '1s' },
      { module: 'm.mjs', with: 5 },
    ],
  },
  { run: 'a', script: '#!b' },
);
const keys = fc.record(
  Object.fromEntries(Object.entries(values).map(([key, options]) => [key, fc.constantFrom(...options)])),
  { requiredKeys: [] },
);
const fewKeys = fc
  .tuple(keys, fc.subarray(Object.keys(values), { maxLength: 4 }))
  .map(([all, some]) => Object.fromEntries(Object.entries(all).filter(([key]) => some.includes(key))));

void test('what Booty takes, no editor underlines', () => {
  const taken = new Set<string>();
  fc.assert(
    fc.property(action, fewKeys, (what, rest) => {
      const text = JSON.stringify({ ...what, ...rest });
      if (!parseText(text).ok) return;
      for (const key of Object.keys(rest)) taken.add(key);
      assert.deepEqual([text, flaws('job', JSON.parse(text))], [text, []]);
    }),
    { numRuns: 1500, seed: 5 },
  );
  assert.deepEqual(
    Object.keys(values).filter((key) => !taken.has(key)),
    [],
  );
});
