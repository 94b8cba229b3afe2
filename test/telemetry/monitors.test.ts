import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import type { SentryCheckIn } from '../harness/envelope.ts';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

const told = (receiver: Receiver, slug: string, count: number): Promise<readonly SentryCheckIn[]> =>
  receiver.until(`${count} check-ins of ${slug}`, () => {
    const found = receiver.checkIns.filter(({ monitor_slug }) => monitor_slug === slug);
    return found.length >= count ? found : null;
  });

void test('a monitor is told when its job starts, and how it ended', async () => {
  await using receiver = await Receiver.listen();
  const root = await Root.make({ dsn: receiver.dsn, release: 'SENTRY_RELEASE=shop@1\nSENTRY_ENVIRONMENT=staging\n' });
  await using supervisor = await SupervisorProcess.start(root);
  const monitor = {
    slug: 'backup',
    schedule: '0 2 * * *',
    timezone: 'Europe/Berlin',
    checkinMargin: '5m',
    maxRuntime: '2h',
  };
  await supervisor.run({ id: 'one', run: 'sleep 0.2', monitor });
  const [start, end] = await told(receiver, 'backup', 2);
  const monitor_config = {
    schedule: { type: 'crontab', value: '0 2 * * *' },
    timezone: 'Europe/Berlin',
    checkin_margin: 5,
    max_runtime: 120,
  };
  const common = { monitor_slug: 'backup', environment: 'staging', release: 'shop@1', monitor_config };
  assert.match(start?.check_in_id ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(start, { ...common, check_in_id: start?.check_in_id, status: 'in_progress' });
  const { duration, ...rest } = end ?? {};
  assert.deepEqual(rest, { ...common, check_in_id: start?.check_in_id, status: 'ok' });
  assert.ok(duration !== undefined && duration >= 0.2 && duration < 5, String(duration));

  await supervisor.run({ id: 'two', run: 'exit 3', monitor: { slug: 'import', every: '10 minutes' } });
  const [, failed] = await told(receiver, 'import', 2);
  assert.equal(failed?.status, 'error');
  assert.deepEqual(failed.monitor_config, { schedule: { type: 'interval', value: 10, unit: 'minute' } });
  await supervisor.line({ kind: 'monitor.told', slug: 'import', status: 'error' });
});

void test('a pipeline is over when its verifier is, and a rejection is a failure', async () => {
  await using receiver = await Receiver.listen();
  await using supervisor = await SupervisorProcess.start({ dsn: receiver.dsn });
  await supervisor.run({ id: 'good', run: 'true', verify: { run: 'true' }, monitor: 'good' });
  await supervisor.run({ id: 'bad', run: 'true', verify: { run: 'exit 1' }, monitor: 'bad' });
  const statuses = async (slug: string) => (await told(receiver, slug, 2)).map(({ status }) => status);
  assert.deepEqual(await statuses('good'), ['in_progress', 'ok']);
  assert.deepEqual(await statuses('bad'), ['in_progress', 'error']);
  await supervisor.stop();
  assert.equal(receiver.checkIns.length, 4);
});

void test('a check-in that was due when the supervisor was killed is made by the next one', async () => {
  await using receiver = await Receiver.listen();
  const root = await Root.make({ dsn: receiver.dsn });
  await using _root = root;
  await receiver.behave({ kind: 'refuse' });
  {
    await using first = await SupervisorProcess.start(root);
    await first.run({ id: 'one', run: 'true', monitor: 'nightly' });
    await first.drop('two.yaml', 'id: two\nrun: sleep 60\nonInterrupt: fail\nmonitor: weekly\n');
    await poll('its start', () => readdirSync(root.in('lib/outbox/check-ins')).find((name) => name.includes('weekly')));
    first.signal('SIGKILL');
    await first.exited;
  }
  await receiver.behave({ kind: 'accept' });
  await using _second = await SupervisorProcess.start(root);
  // It may come twice, and Sentry knows it by its id.
  const statuses = async (slug: string) => [
    ...new Map((await told(receiver, slug, 2)).map((one) => [`${one.check_in_id} ${one.status}`, one.status])).values(),
  ];
  assert.deepEqual(await statuses('nightly'), ['in_progress', 'ok']);
  assert.deepEqual(await statuses('weekly'), ['in_progress', 'error']);
});

void test('a stale check-in is never sent: Sentry would take it for a run of now', async () => {
  await using receiver = await Receiver.listen();
  const root = await Root.make({ dsn: receiver.dsn });
  await using _root = root;
  const past = Date.now() - 3_600_000;
  const id = 'a'.repeat(32);
  await root.write(`lib/outbox/check-ins/${past}-1-${past + 300_000}-${id}-ok-nightly.check-in`, '{}\n', 0o600);
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.line({ kind: 'monitor.missed', slug: 'nightly', status: 'ok', why: 'stale' });
  await supervisor.run({ id: 'one', run: 'true', monitor: 'fresh' });
  await supervisor.line({ kind: 'monitor.told', slug: 'fresh', status: 'ok' });
  assert.deepEqual(
    receiver.checkIns.map(({ monitor_slug }) => monitor_slug),
    ['fresh', 'fresh'],
  );
  assert.deepEqual(readdirSync(root.in('lib/outbox/check-ins')), []);
});

void test('a backlog of events does not make a check-in late, nor a limit on events', async () => {
  await using receiver = await Receiver.listen();
  await using supervisor = await SupervisorProcess.start({ dsn: receiver.dsn });
  await receiver.behave({ kind: 'answer', status: 429, headers: { 'X-Sentry-Rate-Limits': '600:error:project' } });
  await supervisor.run({ id: 'crash', run: 'exit 3' });
  await supervisor.line({ kind: 'outbox.delayed' });
  await receiver.behave({ kind: 'accept' });
  await supervisor.run({ id: 'one', run: 'true', monitor: 'nightly' });
  await told(receiver, 'nightly', 2);
  assert.equal(receiver.events.length, 0);
});

void test('a monitor that Sentry does not take is told, and holds up nothing', async () => {
  await using receiver = await Receiver.listen();
  await using supervisor = await SupervisorProcess.start({ dsn: receiver.dsn });
  await receiver.behave({ kind: 'answer', status: 400 });
  const { outcome } = await supervisor.run({ id: 'one', run: 'true', monitor: 'nightly' });
  assert.equal(outcome, 'succeeded');
  await supervisor.line({ kind: 'monitor.missed', slug: 'nightly', status: 'ok' });
});
