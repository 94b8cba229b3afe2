import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Received } from '../harness/received.ts';
import { Receiver } from '../harness/receiver.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

/** Where CI systems put a commit: the SDK would take it for the release. */
const commitVariables = [
  'GITHUB_SHA',
  'CI_COMMIT_SHA',
  'SOURCE_VERSION',
  'VERCEL_GIT_COMMIT_SHA',
  'CIRCLE_SHA1',
  'HEROKU_SLUG_COMMIT',
];
const commit = 'c0ffee'.repeat(6);

const environment = {
  ...Object.fromEntries(commitVariables.map((name) => [name, commit])),
  CANARY: 'canary-of-the-supervisor',
  SENTRY_TRACES_SAMPLE_RATE: '1',
  SENTRY_NAME: 'canary-name',
  SENTRY_TRACE: 'canary-trace',
  NODE_ENV: 'production',
};

async function crashOnce(options: { readonly release?: string; readonly job?: object } = {}): Promise<Received> {
  await using receiver = await Receiver.listen();
  const secrets = `SENTRY_DSN=${receiver.dsn}\nDATABASE_PASSWORD=canary-of-secrets\n`;
  const release = options.release === undefined ? {} : { release: options.release };
  await using supervisor = await SupervisorProcess.start({ secrets, ...release }, { env: environment });
  const { sentry } = await supervisor.run({ id: 'boom', run: 'echo "last words"; exit 3', ...options.job });
  return await receiver.event(sentry?.eventId ?? '');
}

void test('without a release there is none on the event, though the CI’s variables name a commit; the environment is development', async () => {
  const { event, envelope, raw } = await crashOnce();
  assert.equal(event.release, undefined);
  assert.equal(event.environment, 'development');
  assert.doesNotMatch(raw.toString(), /c0ffee/);
  assert.doesNotMatch(JSON.stringify(envelope.header), /"release"/, 'nor an empty one in the header');
  assert.deepEqual(
    envelope.items.map(({ header }) => header.type),
    ['event', 'attachment'],
    'errors only',
  );
});

void test('release.env names release and environment of the event', async () => {
  const { event } = await crashOnce({ release: 'SENTRY_RELEASE=shop@1.4.2\nSENTRY_ENVIRONMENT=staging\n' });
  assert.deepEqual([event.release, event.environment], ['shop@1.4.2', 'staging']);
});

void test('an event has nothing of anybody’s environment, nor of secrets.env', async () => {
  const { raw } = await crashOnce({ job: { env: { JOB_CANARY: 'canary-of-the-job' } } });
  assert.doesNotMatch(raw.toString(), /canary/i);
});

void test('an event tells of the job’s program, and not of the supervisor’s: no modules, memory or arguments', async () => {
  const { event, raw } = await crashOnce();
  assert.equal(event.modules, undefined);
  assert.equal(event.extra, undefined);
  assert.equal(event.user, undefined);
  assert.equal(event.request, undefined);
  assert.deepEqual(event.contexts?.runtime, { name: 'sh' });
  assert.deepEqual(
    Object.keys(event.contexts ?? {}).filter((name) => name !== 'job' && name !== 'trace' && name !== 'runtime'),
    [],
  );
  assert.doesNotMatch(raw.toString(), /supervise\b|main\.ts|node_modules|chokidar/);
});
