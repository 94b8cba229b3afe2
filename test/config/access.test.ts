import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { decideJob, type KnownNames, mayUse, type Submitter } from '../../src/config/policy.ts';
import { nearestOf } from '../../src/job/problems.ts';

const policyOf = (text: string) => {
  const { config, problems } = readConfig(Buffer.from(text));
  assert.deepEqual(problems, []);
  return config.policy;
};

const nobody: Submitter = { uid: 1003, user: null, groups: [], standing: 'other', doubt: null, flaw: null };
const people = {
  root: { ...nobody, uid: 0, standing: 'root' },
  own: { ...nobody, uid: 990, standing: 'own' },
  alice: {
    ...nobody,
    uid: 1001,
    user: 'alice',
    groups: [
      { gid: 1001, name: 'alice' },
      { gid: 50, name: 'ops' },
    ],
  },
  bob: { ...nobody, uid: 1002, user: 'bob', groups: [{ gid: 1002, name: 'bob' }] },
  /** As from a container: no user database knows it. */
  stranger: nobody,
  /** Somebody else may have written the file. */
  'alice in doubt': { ...nobody, uid: 1001, user: 'alice', groups: [{ gid: 50, name: 'ops' }], doubt: 'writable' },
  'root in doubt': { ...nobody, uid: 0, standing: 'root', doubt: 'links' },
  'own in doubt': { ...nobody, uid: 990, standing: 'own', doubt: 'writable' },
  'alice unknown': { ...nobody, uid: 1001, flaw: 'the user database has not answered within 5 seconds' },
} as const satisfies Readonly<Record<string, Submitter>>;
type Person = keyof typeof people;
const everybody = Object.keys(people) as Person[];
const sure: readonly Person[] = ['root', 'own'];

/** A policy, what is asked for, and who gets it: all others do not. */
type Row = readonly [what: string, policy: string, template: string | null, who: readonly Person[]];

const rows: readonly Row[] = [
  ['without a policy everybody may run what he likes', '', null, everybody],
  ['without a policy everybody may use a template', '', 'deploy', everybody],
  ['an empty policy is none', 'policy:\n', null, everybody],
  ['inline: allow is for everybody', 'policy: { inline: allow }', null, everybody],
  ['inline: deny leaves root and the own user', 'policy: { inline: deny }', null, sure],
  ['inline: deny says nothing of templates', 'policy: { inline: deny }', 'deploy', everybody],
  ['inline for a user', 'policy: { inline: { users: [alice] } }', null, [...sure, 'alice']],
  ['inline for a number', 'policy: { inline: { users: [1003] } }', null, [...sure, 'stranger']],
  ['inline for a group', 'policy: { inline: { groups: [ops] } }', null, [...sure, 'alice']],
  ['inline for the number of a group', 'policy: { inline: { groups: [50] } }', null, [...sure, 'alice']],
  ['inline for nobody', 'policy: { inline: {} }', null, sure],
  ['a group is no user', 'policy: { inline: { users: [ops] } }', null, sure],
  ['a user is no group', 'policy: { inline: { groups: [1003, stranger] } }', null, sure],
  ['a template for a group', 'policy: { templates: { deploy: { groups: [ops] } } }', 'deploy', [...sure, 'alice']],
  [
    'a template for two users',
    'policy: { templates: { deploy: { users: [bob, 1003] } } }',
    'deploy',
    [...sure, 'bob', 'stranger'],
  ],
  ['a template for everybody', 'policy: { templates: { deploy: allow } }', 'deploy', everybody],
  ['a template for nobody', 'policy: { templates: { deploy: deny } }', 'deploy', sure],
  ['a template that the list leaves out', 'policy: { templates: { other: allow } }', 'deploy', sure],
  ['an empty list of templates', 'policy: { templates: {} }', 'deploy', sure],
  ['a list of templates without an entry', 'policy:\n  templates:\n', 'deploy', sure],
  ['a template named like what every object has', 'policy: { templates: { other: allow } }', 'constructor', sure],
  ['templates say nothing of inline jobs', 'policy: { templates: { deploy: deny } }', null, everybody],
];

const noSecrets: KnownNames = { names: new Set(), areOwn: false };

for (const [what, text, template, allowed] of rows)
  void test(what, () => {
    const policy = policyOf(text);
    const found = everybody.filter(
      (name) => decideJob({ template, secrets: [] }, policy, people[name], noSecrets, nearestOf).ok,
    );
    assert.deepEqual(
      found,
      everybody.filter((name) => allowed.includes(name)),
    );
  });

/** Who may have the secret PGPASSWORD, which is there. */
const secretRows: readonly (readonly [
  what: string,
  policy: string,
  template: string | null,
  areOwn: boolean,
  who: readonly Person[],
])[] = [
  ['a secret that nobody lists is root’s', '', null, false, ['root']],
  ['the own user has it where secrets.env is its own', '', null, true, ['root', 'own']],
  ['a template alone gives no secret', '', 'deploy', false, ['root']],
  [
    'a listed secret goes to jobs of the template',
    'policy: { secrets: { PGPASSWORD: [deploy] } }',
    'deploy',
    false,
    everybody,
  ],
  ['a listed secret goes to nobody’s own jobs', 'policy: { secrets: { PGPASSWORD: [deploy] } }', null, true, []],
  [
    'a listed secret does not go to another template',
    'policy: { secrets: { PGPASSWORD: [deploy] } }',
    'other',
    true,
    [],
  ],
  ['a secret of no template goes nowhere', 'policy: { secrets: { PGPASSWORD: [] } }', 'deploy', true, []],
  [
    'who may not use the template has not its secret',
    'policy: { templates: { deploy: { groups: [ops] } }, secrets: { PGPASSWORD: [deploy] } }',
    'deploy',
    false,
    ['root', 'own', 'alice'],
  ],
  ['who may not run jobs has no secret', 'policy: { inline: deny }', null, true, ['root', 'own']],
];

for (const [what, text, template, areOwn, allowed] of secretRows)
  void test(what, () => {
    const known = { names: new Set(['PGPASSWORD', 'OTHER']), areOwn };
    const request = { template, secrets: ['PGPASSWORD'] };
    const found = everybody.filter((name) => decideJob(request, policyOf(text), people[name], known, nearestOf).ok);
    assert.deepEqual(
      found,
      everybody.filter((name) => allowed.includes(name)),
    );
  });

const told = (
  text: string,
  template: string | null,
  secrets: readonly string[],
  who: Submitter,
  names: readonly string[],
) => {
  const known = { names: new Set(names), areOwn: true };
  const verdict = decideJob({ template, secrets }, policyOf(text), who, known, nearestOf);
  assert.ok(!verdict.ok);
  return verdict.refusal;
};

void test('a refusal says for whom it is, and what it would take', () => {
  const text = 'policy: { inline: deny, templates: { deploy: { users: [carol], groups: [ops, admins] } } }';
  const inline = told(text, null, [], people.bob, []);
  assert.equal(inline.code, 'POLICY');
  assert.equal(inline.message, 'bob (uid 1002) may not run jobs of their own');
  assert.match(inline.hint, /policy\.inline/);
  const template = told(text, 'deploy', [], people.stranger, []);
  assert.equal(template.message, 'uid 1003 may not use the template "deploy"');
  assert.match(template.hint, /in the group ops or admins, or to be carol \(policy\.templates\.deploy\)/);
  assert.match(told(text, 'deploy', [], people['alice unknown'], []).message, /has not answered/);
  assert.match(told(text, 'deploy', [], people['alice in doubt'], []).hint, /chmod go-w/);
  assert.match(told(text, null, [], people['root in doubt'], []).hint, /cp/);
});

void test('who may not have a secret does not learn whether it exists, nor the names of others', () => {
  const text = 'policy: { secrets: { LISTED: [backup] } }';
  const names = ['PGPASSWORD', 'LISTED', 'OTHER'];
  const there = told(text, null, ['PGPASSWORD'], people.alice, names);
  const absent = told(text, null, ['PGPASSWORT'], people.alice, names);
  assert.deepEqual(absent, JSON.parse(JSON.stringify(there).replaceAll('PGPASSWORD', 'PGPASSWORT')));
  const renamed = 'policy: { secrets: { LISTED: [backup], PGPASSWORT: [backup] } }';
  const gone = told(renamed, 'backup', ['PGPASSWORT'], people.alice, names);
  assert.equal(gone.code, 'SECRET_UNKNOWN');
  assert.doesNotMatch(JSON.stringify(gone), /PGPASSWORD|OTHER/);
});

void test('root, who may have it, learns the nearest name', () => {
  const refusal = told('', null, ['PGPASWORD'], people.root, ['PGPASSWORD', 'OTHER']);
  assert.equal(refusal.code, 'SECRET_UNKNOWN');
  assert.equal(refusal.hint, 'did you mean "PGPASSWORD"?');
});

void test('who may not use a template does not learn whether it exists', () => {
  const policy = policyOf('policy: { templates: { deploy: deny } }');
  const [there, absent] = ['deploy', 'absent'].map((name) => JSON.stringify(mayUse(name, policy, people.bob)));
  assert.equal(absent, there?.replaceAll('deploy', 'absent'));
});

/** What the policy of booty.yaml may not say. Each forbids the start: no mistake opens the spool. */
const mistakes: readonly (readonly [text: string, key: string])[] = [
  ['policy: { inline: no }', 'policy.inline'],
  ['policy: { inline: true }', 'policy.inline'],
  ['policy: { inline: }', 'policy.inline'],
  ['policy: { inline: [alice] }', 'policy.inline'],
  ['policy: { inline: { user: [alice] } }', 'policy.inline.user'],
  ['policy: { inline: { users: alice } }', 'policy.inline.users'],
  ['policy: { inline: { users: [""] } }', 'policy.inline.users[0]'],
  ['policy: { inlin: deny }', 'policy.inlin'],
  ['policy: { templates: { a/b: allow } }', 'policy.templates.a/b'],
  ['policy: { templates: { deploy: { group: [ops] } } }', 'policy.templates.deploy.group'],
  ['policy: { templates: { deploy: } }', 'policy.templates.deploy'],
  ['policy: { secrets: { SENTRY_DSN: [deploy] } }', 'policy.secrets.SENTRY_DSN'],
  ['policy: { secrets: { A: deploy } }', 'policy.secrets.A'],
  ['policy: deny', 'policy'],
  ['polciy: { inline: deny }', 'polciy'],
];

for (const [text, key] of mistakes)
  void test(`${text} is told`, () => {
    const [problem] = readConfig(Buffer.from(text)).problems;
    assert.equal(problem?.key, key, JSON.stringify(problem));
    assert.equal(problem.line, 1);
  });
