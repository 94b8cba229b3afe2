import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Reason } from '../../src/spool/refuse.ts';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { nameless, nobody, rootOnly } from './another-user.ts';

const deploy = `
parameters:
  target: { type: string, enum: [web, db] }
  note: { type: string, default: none, maxLength: 200 }
job:
  tags: { target: "\${{ with.target }}" }
  steps:
    - command: [printf, "<%s>\\n", "\${{ with.target }}", "note=\${{ with.note }}"]
    - run: 'printf "<%s>\\n" "$BOOTY_WITH_note"; touch ran'
`;
const spoolConfig = 'spool: { scanInterval: 200ms, settle: 50ms }\n';

interface Options {
  readonly config?: string;
  readonly secrets?: string;
  readonly templates?: Readonly<Record<string, string>>;
}

async function rootWith({ config = '', secrets = '', templates = { deploy } }: Options): Promise<Root> {
  const root = await Root.make({ config: spoolConfig + config, secrets });
  for (const [name, text] of Object.entries(templates)) await root.write(`etc/templates.d/${name}.yaml`, text);
  return root;
}

/** Drops a file of that owner. */
function dropAs(root: Root, uid: number, name: string, content: string, mode = 0o644): void {
  const hidden = root.in('spool/incoming', `.${name}.tmp`);
  writeFileSync(hidden, content);
  chmodSync(hidden, mode);
  chownSync(hidden, uid, uid);
  renameSync(hidden, root.in('spool/incoming', name));
}

const refusalOf = (supervisor: SupervisorProcess, name: string): Promise<Reason> =>
  poll(`the refusal of ${name}`, () => {
    const path = supervisor.root.in('spool/rejected', `${name}.reason.json`);
    return supervisor.root.has(`spool/rejected/${name}.reason.json`)
      ? (JSON.parse(readFileSync(path, 'utf8')) as Reason)
      : null;
  });

const logOf = async (root: Root, id: string): Promise<string> => (await root.booty('logs', id)).stdout;

void test('parameters reach programs as arguments and environment, and nothing of them is run', async () => {
  await using receiver = await Receiver.listen();
  await using root = await rootWith({
    secrets: `SENTRY_DSN=${receiver.dsn}\n`,
    templates: { deploy, boom: 'job: { run: exit 7 }\n' },
  });
  await using supervisor = await SupervisorProcess.start(root);
  const note = '$(touch /tmp/x) `id` "; exit 9 # ${{ with.target }} $BOOTY_WITH_target';
  await supervisor.drop(
    'hostile.json',
    JSON.stringify({ id: 'hostile', uses: 'deploy', with: { target: 'web', note } }),
  );
  assert.equal((await supervisor.outcome('hostile')).outcome, 'succeeded');
  assert.equal(await logOf(root, 'hostile'), `<web>\n<note=${note}>\n<${note}>\n`);
  await supervisor.drop('boom.yaml', 'id: boom\nuses: boom\n');
  const { sentry } = await supervisor.outcome('boom');
  assert.equal((await receiver.event(sentry?.eventId ?? '')).event.tags?.template, 'boom');
  assert.match((await root.booty('show', 'hostile')).stdout, /template +deploy\nwith target +web\n/);
});

void test('a template that changes later does not change the jobs that are accepted', async () => {
  await using root = await rootWith({ templates: { deploy: 'job: { run: echo before }\n' } });
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.drop('a.yaml', 'id: a\nuses: deploy\nnotBefore: 1500ms\n');
  await supervisor.line({ kind: 'job.accepted', id: 'a' });
  await root.write('etc/templates.d/deploy.yaml', 'job: { run: echo after }\n');
  await supervisor.drop('b.yaml', 'id: b\nuses: deploy\n');
  await Promise.all([supervisor.outcome('a'), supervisor.outcome('b')]);
  assert.deepEqual(await Promise.all([logOf(root, 'a'), logOf(root, 'b')]), ['before\n', 'after\n']);
});

void test('broken templates are told at the start and refuse a reload, and who uses one is refused', async () => {
  const broken = 'parameters: { x: { type: string } }\njob:\n  run: echo ${{ with.x }}\n';
  await using root = await rootWith({ templates: { deploy, broken } });
  await using supervisor = await SupervisorProcess.start(root);
  const lines = supervisor.linesOf({ kind: 'template.broken' });
  assert.deepEqual(
    lines.map(({ fields }) => [fields.template, fields.line]),
    [['broken', '3']],
  );
  await supervisor.drop('b.yaml', 'uses: broken\nwith: { x: "; id" }\n');
  assert.equal((await refusalOf(supervisor, 'b.yaml')).code, 'TEMPLATE_BROKEN');
  await root.write('etc/templates.d/late.yaml', 'job: {}\n');
  supervisor.signal('SIGHUP');
  const { fields } = await supervisor.line({ kind: 'supervisor.unchanged' });
  assert.match(String(fields.error), /broken\.yaml:3: job\.run: no placeholder may stand here/);
  const check = await root.booty('check');
  assert.equal(check.status, 1);
  assert.match(check.stdout, /broken\.yaml:3: job\.run: no placeholder may stand here.*\n.*BOOTY_WITH_x/);
});

/** A user of Debian, in the group of that name. */
const games = 5;
const policy = `policy:
  inline: deny
  templates: { deploy: { users: [${nobody}], groups: [games] } }
`;

void test('a spool that many may write to gives a shell to none of them', rootOnly, async () => {
  await using root = await rootWith({ config: policy });
  await using supervisor = await SupervisorProcess.start(root);
  const use = (id: string): string => `id: ${id}\nuses: deploy\nwith: { target: db }\n`;
  const inline: readonly (readonly [name: string, content: string, mode?: number])[] = [
    ['run.yaml', 'run: id\n'],
    ['run.json', '{"command": ["id"]}'],
    ['script', '#!/bin/sh\nid\n', 0o755],
    ['steps.yaml', 'steps: [{ script: "#!/bin/sh\\nid\\n" }]\n'],
    ['module.yaml', 'module: /tmp/x.ts\n'],
    ['verifier.yaml', 'kind: verifier\nrun: id\n'],
    ['claims.yaml', 'run: id\nenv: { USER: root }\n'],
  ];
  for (const [name, content, mode] of inline) dropAs(root, nobody, name, content, mode);
  for (const [name] of inline) {
    const reason = await refusalOf(supervisor, name);
    assert.equal(reason.code, 'POLICY', name);
    assert.match(reason.message, /\(uid 65534\) may not run jobs of their own/);
  }
  dropAs(root, nobody, 'allowed.yaml', use('allowed'));
  assert.equal((await supervisor.outcome('allowed')).outcome, 'succeeded');
  // What the template takes is not told to who may not use it.
  dropAs(root, nameless, 'stranger.yaml', 'uses: deploy\nwith: { target: nope }\n');
  const reason = await refusalOf(supervisor, 'stranger.yaml');
  assert.equal(reason.message, `uid ${nameless} may not use the template "deploy"`);
  assert.match(reason.hint, /in the group games, or to be 65534 \(policy\.templates\.deploy\)/);
  dropAs(root, nobody, 'absent.yaml', 'uses: absent\n');
  assert.match((await refusalOf(supervisor, 'absent.yaml')).message, /may not use the template "absent"/);
  dropAs(root, games, 'games.yaml', use('games'));
  assert.equal((await supervisor.outcome('games')).outcome, 'succeeded');
  dropAs(root, 0, 'root.yaml', 'id: root\nrun: "true"\n');
  assert.equal((await supervisor.outcome('root')).outcome, 'succeeded');
  assert.equal(supervisor.linesOf({ kind: 'job.accepted' }).length, 3);
});

void test(
  'a file of root’s that somebody else may have written or linked does not count as root’s',
  rootOnly,
  async () => {
    await using root = await rootWith({ config: policy });
    await using supervisor = await SupervisorProcess.start(root);
    dropAs(root, 0, 'open.yaml', 'run: "true"\n', 0o664);
    assert.match((await refusalOf(supervisor, 'open.yaml')).hint, /chmod go-w/);
    const original = join(root.path, 'recurring.yaml');
    writeFileSync(original, 'run: "true"\n');
    linkSync(original, root.in('spool/incoming/linked.yaml'));
    const linked = await refusalOf(supervisor, 'linked.yaml');
    assert.equal(linked.code, 'POLICY');
    assert.match(linked.message, /hard links/);
    assert.equal(statSync(original).isFile(), true);
    dropAs(root, nobody, 'theirs.yaml', 'id: theirs\nuses: deploy\nwith: { target: db }\n', 0o646);
    assert.equal((await refusalOf(supervisor, 'theirs.yaml')).code, 'POLICY');
  },
);

void test('a policy holds from its reload on, and a broken one changes nothing', rootOnly, async () => {
  await using root = await rootWith({ config: policy });
  await using supervisor = await SupervisorProcess.start(root);
  await root.write('etc/booty.yaml', `${spoolConfig}policy: { inlin: deny }\n`);
  supervisor.signal('SIGHUP');
  await supervisor.line({ kind: 'supervisor.unchanged' });
  dropAs(root, nobody, 'a.yaml', 'run: id\n');
  assert.equal((await refusalOf(supervisor, 'a.yaml')).code, 'POLICY');
  await root.write('etc/booty.yaml', `${spoolConfig}policy: { inline: { users: [${nobody}] } }\n`);
  supervisor.signal('SIGHUP');
  assert.match((await supervisor.line({ kind: 'supervisor.reloaded' })).fields.changed ?? '', /policy/);
  dropAs(root, nobody, 'b.yaml', 'id: b\nrun: "true"\n');
  assert.equal((await supervisor.outcome('b')).outcome, 'succeeded');
});

const canary = 'canary-5b1f0c77e2d94';
const secretsFor = (dsn: string): string => `PGPASSWORD=${canary}\nOTHER=other-${canary}\nSENTRY_DSN=${dsn}\n`;
/** Its program tells the length and a part, so that its log may lie on the disk. */
const backup = `
job:
  secrets: [PGPASSWORD]
  run: 'test "$PGPASSWORD" = "$(cat "$CANARY_FILE")" && test -z "\${OTHER+set}" && test -z "\${SENTRY_DSN+set}" && echo same'
  env: { CANARY_FILE: PLACE }
`;

void test('a secret is in the environment of the job that may have it, and nowhere on the disk', rootOnly, async () => {
  await using receiver = await Receiver.listen();
  await using root = await rootWith({
    config: 'policy: { secrets: { PGPASSWORD: [backup] } }\n',
    secrets: secretsFor(receiver.dsn),
  });
  await using place = await Root.make();
  await place.write('canary', canary, 0o644);
  await root.write('etc/templates.d/backup.yaml', backup.replace('PLACE', place.in('canary')));
  await using supervisor = await SupervisorProcess.start(root);
  dropAs(root, nobody, 'backup.yaml', 'id: backup\nuses: backup\n');
  assert.equal((await supervisor.outcome('backup')).outcome, 'succeeded');
  assert.equal(await logOf(root, 'backup'), 'same\n');
  dropAs(root, nobody, 'inline.yaml', 'run: env\nsecrets: [PGPASSWORD]\n');
  dropAs(root, nobody, 'step.yaml', 'steps: [{ run: env, secrets: [OTHER] }]\n');
  dropAs(root, nobody, 'verify.yaml', 'run: "true"\nverify: { run: env, secrets: [OTHER] }\n');
  dropAs(root, 0, 'listed.yaml', 'run: env\nsecrets: [PGPASSWORD]\n');
  for (const name of ['inline.yaml', 'step.yaml', 'verify.yaml', 'listed.yaml'])
    assert.equal((await refusalOf(supervisor, name)).code, 'POLICY', name);
  dropAs(
    root,
    0,
    'root.yaml',
    `id: root\nsteps:\n  - { run: 'test "$OTHER" = "other-$(cat ${place.in('canary')})"', secrets: [OTHER] }\n  - run: 'test -z "\${OTHER+set}"'\n`,
  );
  assert.equal((await supervisor.outcome('root')).outcome, 'succeeded');
  dropAs(root, 0, 'crash.yaml', 'id: crash\nrun: env; echo "$OTHER" >&2; exit 3\nsecrets: [OTHER]\n');
  const { sentry } = await supervisor.outcome('crash');
  const { raw, attachments } = await receiver.event(sentry?.eventId ?? '');
  assert.ok(!raw.includes(canary));
  assert.match(attachments[0]?.data.toString() ?? '', /redacted:OTHER/);
  dropAs(root, 0, 'dsn.yaml', 'run: env\nsecrets: [SENTRY_DSN]\n');
  assert.equal((await refusalOf(supervisor, 'dsn.yaml')).code, 'INVALID_VALUE');
  await supervisor.stop();
  assert.deepEqual(filesWith(root.path, canary), [root.in('etc/secrets.env')]);
});

void test('a secret that is gone at a restart crashes the job that needs it, and says so', async () => {
  await using root = await rootWith({ secrets: `MINE=${canary}\n` });
  const first = await SupervisorProcess.start(root);
  await first.drop('a.yaml', 'id: a\nrun: env\nsecrets: [MINE]\nnotBefore: 1s\n');
  await first.line({ kind: 'job.accepted', id: 'a' });
  await first.stop();
  await root.write('etc/secrets.env', 'SENTRY_DSN=\n', 0o600);
  await using second = await SupervisorProcess.start(root);
  const outcome = await second.outcome('a');
  assert.equal(outcome.cause, 'spawn');
  assert.match(outcome.reason ?? '', /secrets\.env has no MINE any more/);
});

/** Every file below a directory that has the text in it. */
function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && readFileSync(path).includes(text) ? [path] : [];
  });
}
