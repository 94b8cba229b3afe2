import assert from 'node:assert/strict';
import { chownSync, mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { runBooty } from '../harness/program.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const isRoot = process.getuid?.() === 0;
const rootOnly = isRoot ? {} : { skip: 'only root can set this up' };

const deploy = `
description: Deploys a target
parameters:
  target: { type: string, enum: [web, db], description: which one }
  count: { type: integer, max: 9, default: 2 }
  file: { type: path, below: /srv/imports, required: false }
allow: [priority]
job:
  secrets: [PGPASSWORD]
  timeout: 5m
  command: [deploy, "\${{ with.target }}", "--count=\${{ with.count }}"]
`;
const config = `policy:
  inline: deny
  templates: { deploy: { groups: [games] } }
  secrets: { PGPASSWORD: [deploy] }
`;

async function makeRoot(): Promise<Root> {
  const root = await Root.make({ config, secrets: 'PGPASSWORD=not-to-be-told\n' });
  await root.write('etc/templates.d/deploy.yaml', deploy);
  await root.write('use.yaml', 'uses: deploy\nwith: { target: db }\nneeds: first\n');
  await root.write('run.yaml', 'run: id\n');
  await root.write('wrong.yaml', 'uses: deploy\nwith:\n  target: nope\n  conut: 3\n');
  return root;
}

void test('booty check FILE tells what a file would do, and for whom', rootOnly, async () => {
  await using root = await makeRoot();
  const files = [root.in('use.yaml'), root.in('run.yaml')];
  const games = await root.booty('check', '--as', 'games', ...files);
  assert.equal(games.status, 1);
  for (const line of [
    /^accepted .*use\.yaml, dropped by games \(uid 5\)$/m,
    /^ {2}template +deploy$/m,
    /^ {2}with target +"db"$/m,
    /^ {2}step main +deploy db --count=2$/m,
    /^ {2}limits +timeout 5m, output 64M$/m,
    /^ {2}needs +first$/m,
    /^ {2}secrets +PGPASSWORD$/m,
    /^ {2}policy +template deploy: games \(uid 5\) is in the group games/m,
    /^refused .*run\.yaml, dropped by games \(uid 5\)$/m,
    /games \(uid 5\) may not run jobs of their own \(POLICY\)/,
  ])
    assert.match(games.stdout, line);
  assert.doesNotMatch(games.stdout, /not-to-be-told/);
  const root0 = await root.booty('check', ...files);
  assert.equal(root0.status, 0, root0.stdout);
  assert.match(
    (await root.booty('check', '--as', '54321', root.in('use.yaml'))).stdout,
    /uid 54321 may not use the template/,
  );
});

void test('booty check FILE tells every problem with its line, and --json the same', async () => {
  await using root = await makeRoot();
  const { status, stdout } = await root.booty('check', root.in('wrong.yaml'));
  assert.equal(status, 1);
  assert.match(
    stdout,
    /wrong\.yaml:4:3: the template deploy has no parameter "conut" \(UNKNOWN_KEY\)\n +did you mean "count"\?/,
  );
  assert.match(stdout, /wrong\.yaml:3:11: with\.target: expected one of web, db \(INVALID_VALUE\)/);
  const json = await root.booty('check', '--json', root.in('wrong.yaml'), root.in('use.yaml'));
  const [wrong, use] = JSON.parse(json.stdout) as readonly {
    readonly accepted: boolean;
    readonly refusals: readonly { readonly code: string; readonly line: number }[];
    readonly job: { readonly steps: readonly { readonly action: unknown }[]; readonly template: string } | null;
  }[];
  assert.deepEqual(
    wrong?.refusals.map(({ code, line }) => [code, line]),
    [
      ['UNKNOWN_KEY', 4],
      ['INVALID_VALUE', 3],
    ],
  );
  assert.equal(wrong?.job, null);
  assert.equal(use?.accepted, true);
  assert.deepEqual(use.job?.steps[0]?.action, { kind: 'command', argv: ['deploy', 'db', '--count=2'] });
});

void test('booty check of what is not there says so', async () => {
  await using root = await makeRoot();
  const absent = await root.booty('check', root.in('absent.yaml'));
  assert.equal(absent.status, 2);
  const nobody = await root.booty('check', '--as', 'no-such-user', root.in('use.yaml'));
  assert.equal(nobody.status, 2);
  assert.match(nobody.stderr, /there is no user no-such-user/);
  assert.equal((await root.booty('check', '--as', 'root')).status, 2);
});

void test('booty submit --dry-run prints what would be dropped, and beside it what that would do', async () => {
  await using root = await makeRoot();
  const { status, stdout, stderr } = await root.booty('submit', '--dry-run', root.in('use.yaml'));
  assert.equal(status, 0, stderr);
  const { id, ...dropped } = JSON.parse(stdout) as { readonly id: string; readonly uses: string };
  assert.match(id, /^deploy-/);
  assert.deepEqual(dropped, { uses: 'deploy', with: { target: 'db' }, needs: 'first' });
  assert.match(stderr, /step main +deploy db --count=2/);
  const wrong = await root.booty('submit', '--dry-run', root.in('wrong.yaml'));
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /did you mean "count"\?/);
});

void test('booty check FILE and submit --dry-run tell that a job is to be a unit of its own, which only the supervisor can refuse', async () => {
  await using root = await Root.make();
  await root.write('walls.yaml', 'run: id\nisolation: offline-unit\n');
  for (const told of [
    (await root.booty('check', root.in('walls.yaml'))).stdout,
    (await root.booty('submit', '--dry-run', root.in('walls.yaml'))).stderr,
  ])
    assert.match(told, /accepted[^]*isolation +offline-unit/);
});

void test('booty submit drops a use of a template, and the supervisor makes the job', async () => {
  await using root = await makeRoot();
  await root.write('etc/booty.yaml', '');
  await root.write(
    'etc/templates.d/say.yaml',
    'parameters: { x: { type: string } }\njob: { command: [echo, "${{ with.x }}"] }\n',
  );
  await root.write('etc/templates.d/once.yaml', 'job: { id: only-once, run: "true" }\n');
  await root.write('say.yaml', 'uses: say\nwith: { x: "a  b" }\n');
  await root.write('once.yaml', 'uses: once\n');
  await using supervisor = await SupervisorProcess.start(root);
  const { stdout, stderr, status } = await root.booty('run', root.in('say.yaml'));
  assert.equal(status, 0, stderr);
  assert.equal(stdout, 'a  b\n');
  const once = await root.booty('submit', root.in('once.yaml'));
  assert.equal(once.stdout, 'only-once\n', once.stderr);
  await supervisor.outcome('only-once');
});

void test('where the templates cannot be seen, a use is submitted all the same', async () => {
  await using root = await makeRoot();
  await root.write('etc/booty.yaml', '');
  mkdirSync(root.in('spool/incoming'), { recursive: true });
  const elsewhere = { BOOTY_TEMPLATES: root.in('elsewhere') };
  const { status, stdout, stderr } = await runBooty(['submit', root.in('use.yaml'), '--root', root.path], {
    env: elsewhere,
  });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^deploy-/);
  assert.match(stderr, /cannot be seen from here/);
  assert.equal(root.names('spool/incoming').length, 1);
});

void test('booty template tells which there are, and what one takes', async () => {
  await using root = await makeRoot();
  await root.write('etc/templates.d/broken.yaml', 'job: {}\n');
  const list = await root.booty('template', 'list');
  assert.match(list.stdout, /^broken +- +broken: job: /m);
  assert.match(list.stdout, /^deploy +target +Deploys a target$/m);
  const show = await root.booty('template', 'show', 'deploy');
  assert.match(show.stdout, /^deploy: Deploys a target$/m);
  assert.match(show.stdout, /^target +needed +web, db +which one$/m);
  assert.match(show.stdout, /^count +2 +0 to 9/m);
  assert.match(show.stdout, /^file +may be missing +a path below \/srv\/imports/m);
  assert.match(show.stdout, /id, needs, notBefore, expires, priority$/m);
  const { parameters } = JSON.parse((await root.booty('template', 'show', 'deploy', '--json')).stdout) as {
    readonly parameters: Readonly<Record<string, { readonly type: string }>>;
  };
  assert.equal(parameters.file?.type, 'path');
  const absent = await root.booty('template', 'show', 'absent');
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /there is no template "absent"/);
});

void test('booty check tells what is wrong with templates and policy', rootOnly, async () => {
  await using root = await makeRoot();
  await root.write(
    'etc/booty.yaml',
    [
      'policy:',
      '  inline: { users: [root, 4711], groups: [root, no-such-group] }',
      '  templates: { gone: allow, deploy: { users: [no-such-user] } }',
      '  secrets: { A: [deploy] }',
      '',
    ].join('\n'),
  );
  await root.write('etc/templates.d/theirs.yaml', 'job: { run: "true" }\n');
  await root.write('etc/templates.d/README', '');
  chownSync(root.in('etc/templates.d/theirs.yaml'), 5, 5);
  const { status, stdout } = await root.booty('check');
  assert.equal(status, 1);
  assert.match(stdout, /error +.*theirs\.yaml: its file belongs to uid 5/);
  assert.match(stdout, /warning +.*README: is not looked at/);
  assert.match(stdout, /warning +policy: there is no template gone/);
  assert.match(stdout, /warning +policy\.inline: this machine knows no group no-such-group/);
  assert.match(stdout, /warning +policy\.templates\.deploy: this machine knows no user no-such-user/);
  assert.equal(stdout.match(/this machine knows no/g)?.length, 2);
  await root.write('etc/booty.yaml', 'policy: { secrets: { A: [deploy] } }\n');
  assert.match((await root.booty('check')).stdout, /warning +policy: policy\.inline lets everybody run/);
});
