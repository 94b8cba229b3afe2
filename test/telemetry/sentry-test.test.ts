import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Behaviour } from '../harness/behaviour.ts';
import { publicKey, Receiver } from '../harness/receiver.ts';
import { Root, type RootOptions } from '../harness/root.ts';

void suite('booty sentry-test', { concurrency: true }, () => {
  void test('against a Sentry that takes the event: says so, with its id, and exits with 0', async () => {
    await using receiver = await Receiver.listen();
    await using root = await Root.make({
      dsn: receiver.dsn,
      release: 'SENTRY_RELEASE=shop@1\nSENTRY_ENVIRONMENT=staging\n',
    });
    const { status, stdout, stderr } = await root.booty('sentry-test');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    const [received] = receiver.events;
    assert.equal(
      stdout,
      `127.0.0.1:${receiver.port} took event ${received?.id} (environment staging, release shop@1)\n`,
    );
    assert.deepEqual([received?.event.environment, received?.event.release], ['staging', 'shop@1']);
    assert.equal(received?.event.level, 'info');
    assert.equal(receiver.events.length, 1);
    assert.equal(receiver.requests[0]?.contentType, 'application/x-sentry-envelope');
  });

  void test('with --json: the same for programs', async () => {
    await using receiver = await Receiver.listen();
    await using root = await Root.make({ dsn: receiver.dsn });
    const { stdout } = await root.booty('sentry-test', '--json');
    const expected = { host: `127.0.0.1:${receiver.port}`, environment: 'development', release: null };
    assert.deepEqual(JSON.parse(stdout), { eventId: receiver.events[0]?.id, ...expected });
    assert.equal(receiver.events[0]?.event.release, undefined);
  });

  const failures: Readonly<Record<string, { readonly behaviour: Behaviour; readonly says: RegExp }>> = {
    'refuses connections': {
      behaviour: { kind: 'refuse' },
      says: /^booty: 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED.*\n {2}check the host/,
    },
    'does not answer': {
      behaviour: { kind: 'hang' },
      says: /^booty: 127\.0\.0\.1:\d+ cannot be reached: no answer within 10 s\n {2}check/,
    },
    'does not know the key (401)': {
      behaviour: { kind: 'answer', status: 401 },
      says: /refused the event: HTTP 401\n {2}the key in the DSN is not valid/,
    },
    'does not know the project (404)': {
      behaviour: { kind: 'answer', status: 404 },
      says: /HTTP 404\n {2}there is no such project/,
    },
    'limits the rate (429)': { behaviour: { kind: 'answer', status: 429 }, says: /HTTP 429\n {2}the quota is used up/ },
    'is broken (500)': { behaviour: { kind: 'answer', status: 500 }, says: /HTTP 500\n {2}look at the server/ },
  };
  for (const [name, { behaviour, says }] of Object.entries(failures)) {
    void test(`against a Sentry that ${name}: says what to do, and exits with 1`, async () => {
      await using receiver = await Receiver.listen();
      await receiver.behave(behaviour);
      await using root = await Root.make({ dsn: receiver.dsn });
      const { status, stdout, stderr } = await root.booty('sentry-test');
      assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      assert.match(stderr, says);
      assert.ok(!stderr.includes(publicKey), 'a DSN is a credential');
    });
  }

  const unusable: Readonly<Record<string, RootOptions & { readonly says: RegExp }>> = {
    'without a DSN': { says: /no DSN configured[^]*\n {2}put SENTRY_DSN=… into \S+\/etc\/secrets\.env/ },
    'with a malformed DSN': {
      secrets: 'SENTRY_DSN=nonsense\n',
      says: /SENTRY_DSN in \S+secrets\.env:1 is malformed: not a URL/,
    },
  };
  for (const [name, { says, ...options }] of Object.entries(unusable)) {
    void test(`${name}: says where it belongs, and exits with 1`, async () => {
      await using root = await Root.make(options);
      const { status, stderr } = await root.booty('sentry-test');
      assert.equal(status, 1);
      assert.match(stderr, says);
    });
  }
});
