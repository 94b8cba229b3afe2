import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root, type RootOptions } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

interface Refused extends RootOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly secretsMode?: number;
  /** Each line of standard error, with ROOT for the directory. */
  readonly says: readonly string[];
}

const dsn = 'http://c0ffee@127.0.0.1:9/1';
const withoutDsn = 'Sentry disabled — production requires DSN; refusing to start';
const production = 'SENTRY_ENVIRONMENT=production\n';

const refusals: Readonly<Record<string, Refused>> = {
  'production without a DSN': { release: production, says: [withoutDsn] },
  'production in the environment, without a DSN': { env: { SENTRY_ENVIRONMENT: 'production' }, says: [withoutDsn] },
  'prod in any case, without a DSN': { release: 'SENTRY_ENVIRONMENT=PrOd\n', says: [withoutDsn] },
  'production with an empty DSN': { release: production, secrets: 'SENTRY_DSN=\n', says: [withoutDsn] },
  'production with a DSN that is no URL': {
    release: production,
    secrets: '# ours\nSENTRY_DSN=c0ffee\n',
    says: [`${withoutDsn} (SENTRY_DSN in ROOT/etc/secrets.env:2 is malformed: not a URL)`],
  },
  'production with a DSN without a key, in the environment': {
    release: production,
    env: { SENTRY_DSN: 'https://127.0.0.1/1' },
    says: [`${withoutDsn} (SENTRY_DSN in the environment is malformed: no public key before the @)`],
  },
  'production with a DSN without a project': {
    release: production,
    secrets: 'SENTRY_DSN=https://c0ffee@127.0.0.1/\n',
    says: [`${withoutDsn} (SENTRY_DSN in ROOT/etc/secrets.env:1 is malformed: no project id at its end)`],
  },
  'production with the DSN in release.env': {
    release: `SENTRY_RELEASE=1\n${production}SENTRY_DSN=${dsn}\n`,
    says: ['SENTRY_DSN in ROOT/etc/release.env:3: credentials belong in secrets.env; remove the line', withoutDsn],
  },
  'production with a DSN in both files': {
    release: `${production}SENTRY_DSN=${dsn}\n`,
    dsn,
    says: ['SENTRY_DSN in ROOT/etc/release.env:2: credentials belong in secrets.env; remove the line'],
  },
  'production with a secrets.env that everybody can read': {
    release: production,
    dsn,
    secretsMode: 0o644,
    says: ['ROOT/etc/secrets.env is open to every user (mode 0644): chmod o= ROOT/etc/secrets.env'],
  },
  'a sample rate that is no number, even in development': {
    secrets: `SENTRY_DSN=${dsn}\nSENTRY_SAMPLE_RATE=banana\n`,
    says: ['SENTRY_SAMPLE_RATE in ROOT/etc/secrets.env:2: "banana" is not a number from 0 to 1'],
  },
  'a sample rate of 2, in the environment': {
    dsn,
    env: { SENTRY_SAMPLE_RATE: '2' },
    says: ['SENTRY_SAMPLE_RATE in the environment: "2" is not a number from 0 to 1'],
  },
  'an environment’s name with a space': {
    dsn,
    release: 'SENTRY_ENVIRONMENT="my laptop"\n',
    says: ['SENTRY_ENVIRONMENT in ROOT/etc/release.env:1: expected at most 64 characters without spaces or slashes'],
  },
  'everything wrong at once, all of it told': {
    release: `${production}SENTRY_DSN=${dsn}\n`,
    secrets: 'SENTRY_SAMPLE_RATE=NaN\n',
    secretsMode: 0o604,
    says: [
      'SENTRY_DSN in ROOT/etc/release.env:2: credentials belong in secrets.env; remove the line',
      'ROOT/etc/secrets.env is open to every user (mode 0604): chmod o= ROOT/etc/secrets.env',
      'SENTRY_SAMPLE_RATE in ROOT/etc/secrets.env:1: "NaN" is not a number from 0 to 1',
      withoutDsn,
    ],
  },
};

void suite('the supervisor refuses to start, with status 1 and a line for each reason:', { concurrency: 2 }, () => {
  for (const [name, { env = {}, secretsMode, says, ...options }] of Object.entries(refusals)) {
    void test(name, async () => {
      await using root = await Root.make({ ...options, ...(secretsMode === undefined ? {} : { secretsMode }) });
      await using supervisor = SupervisorProcess.launch(root, { env });
      assert.deepEqual(await supervisor.exited, { status: 1, signal: null });
      assert.deepEqual(supervisor.stderr.replaceAll(root.path, 'ROOT').trimEnd().split('\n'), says);
      assert.deepEqual(
        supervisor.lines.map(({ raw }) => raw),
        [],
      );
      assert.doesNotMatch(supervisor.stderr, /c0ffee/, 'a DSN is a credential');
    });
  }
});

void test('a supervisor that cannot start for a mistake in booty.yaml says so, exits with 1, and Sentry is told', async () => {
  await using receiver = await Receiver.listen();
  await using root = await Root.make({ dsn: receiver.dsn, config: 'concurency: { pipeline: 1 }\n' });
  await using supervisor = SupervisorProcess.launch(root);
  assert.deepEqual(await supervisor.exited, { status: 1, signal: null });
  assert.match(supervisor.stderr, /booty\.yaml:1: unknown key "concurency"\n {2}did you mean "concurrency"\?\n$/);
  const [{ event } = {}] = receiver.events;
  assert.deepEqual(event?.tags, { supervisor: 'true' });
  assert.match(event.exception?.values[0]?.value ?? '', /unknown key "concurency"/);
});
