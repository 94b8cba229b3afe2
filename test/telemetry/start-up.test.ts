import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { publicKey, Receiver } from '../harness/receiver.ts';
import type { RootOptions } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

const crashing = { id: 'boom', run: 'exit 3' };

/** What a start says before it is ready, with ROOT for the directory. */
const notices = ({ lines, root }: SupervisorProcess): string[] =>
  lines.filter(({ kind }) => kind === null).map(({ text }) => text.replaceAll(root.path, 'ROOT'));

void suite('without a usable DSN, outside production, one line tells of it and everything else works:', () => {
  const starts: Readonly<Record<string, RootOptions & { readonly says: string }>> = {
    'no DSN': { says: 'Sentry disabled — no DSN configured (environment=development)' },
    'no DSN, in staging': {
      release: 'SENTRY_ENVIRONMENT=staging\n',
      says: 'Sentry disabled — no DSN configured (environment=staging)',
    },
    'a malformed DSN': {
      secrets: 'SENTRY_DSN=https://c0ffee@127.0.0.1/shop\n',
      says: 'Sentry disabled — SENTRY_DSN in ROOT/etc/secrets.env:1 is malformed: no project id at its end (environment=development)',
    },
  };
  for (const [name, { says, ...options }] of Object.entries(starts)) {
    void test(name, async () => {
      await using supervisor = await SupervisorProcess.start(options);
      const { outcome, sentry } = await supervisor.run(crashing);
      assert.deepEqual({ outcome, sentry }, { outcome: 'crashed', sentry: { eventId: null, capture: 'disabled' } });
      assert.equal((await supervisor.line({ kind: 'job.ended', id: 'boom' })).fields.capture, 'disabled');
      assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
      assert.deepEqual(notices(supervisor), [says]);
      assert.equal(supervisor.stderr, '');
    });
  }
});

void suite('with a DSN', () => {
  void test('in release.env, outside production: it is ignored, and one warning names the line', async () => {
    await using receiver = await Receiver.listen();
    await using supervisor = await SupervisorProcess.start({
      release: `SENTRY_RELEASE=1\nSENTRY_DSN=${receiver.dsn}\n`,
    });
    assert.equal((await supervisor.run(crashing)).sentry?.capture, 'disabled');
    assert.deepEqual(notices(supervisor), [
      'SENTRY_DSN in ROOT/etc/release.env:2: credentials belong in secrets.env; remove the line (ignored)',
      'Sentry disabled — no DSN configured (environment=development)',
    ]);
    assert.deepEqual(receiver.requests, []);
  });

  void test('in a secrets.env that everybody can read, outside production: it works, and one warning names the file', async () => {
    await using receiver = await Receiver.listen();
    await using supervisor = await SupervisorProcess.start({ dsn: receiver.dsn, secretsMode: 0o644 });
    await receiver.event((await supervisor.run(crashing)).sentry?.eventId ?? '');
    const open = 'ROOT/etc/secrets.env is open to every user (mode 0644): chmod o= ROOT/etc/secrets.env';
    assert.deepEqual(notices(supervisor), [open]);
  });

  void test('in production: it starts without a word', async () => {
    await using receiver = await Receiver.listen();
    await using supervisor = await SupervisorProcess.start({
      dsn: receiver.dsn,
      release: 'SENTRY_ENVIRONMENT=production\n',
    });
    const { event } = await receiver.event((await supervisor.run(crashing)).sentry?.eventId ?? '');
    assert.equal(event.environment, 'production');
    assert.deepEqual(notices(supervisor), []);
  });

  void test('and sample rate 0: no crash is sent, and outcome and journal say that it was sampled out', async () => {
    await using receiver = await Receiver.listen();
    const secrets = `SENTRY_DSN=${receiver.dsn}\nSENTRY_SAMPLE_RATE=0\n`;
    await using supervisor = await SupervisorProcess.start({ secrets });
    assert.deepEqual((await supervisor.run(crashing)).sentry, { eventId: null, capture: 'sampled-out' });
    assert.equal((await supervisor.line({ kind: 'job.ended', id: 'boom' })).fields.capture, 'sampled-out');
    await supervisor.stop();
    assert.deepEqual(receiver.requests, []);
    assert.deepEqual(supervisor.root.outbox(), []);
  });

  void test('and an empty sample rate: every crash is sent', async () => {
    await using receiver = await Receiver.listen();
    const secrets = `SENTRY_DSN=${receiver.dsn}\nSENTRY_SAMPLE_RATE=\n`;
    await using supervisor = await SupervisorProcess.start({ secrets });
    await receiver.event((await supervisor.run(crashing)).sentry?.eventId ?? '');
  });

  void test('a variable that is really set wins over both files; an empty one counts as unset', async () => {
    await using other = await Receiver.listen();
    await using receiver = await Receiver.listen();
    const files = { dsn: other.dsn, release: 'SENTRY_RELEASE=from-file\nSENTRY_ENVIRONMENT=from-file\n' };
    const env = { SENTRY_DSN: receiver.dsn, SENTRY_ENVIRONMENT: 'from-variable', SENTRY_RELEASE: '' };
    await using supervisor = await SupervisorProcess.start(files, { env });
    const { event } = await receiver.event((await supervisor.run(crashing)).sentry?.eventId ?? '');
    assert.deepEqual([event.environment, event.release], ['from-variable', 'from-file']);
    assert.deepEqual(other.requests, []);
  });

  void test('a job sees neither the DSN nor anything else of the supervisor’s environment or of secrets.env', async () => {
    await using receiver = await Receiver.listen();
    const secrets = `SENTRY_DSN=${receiver.dsn}\nDATABASE_PASSWORD=canary\n`;
    const env = { SENTRY_ENVIRONMENT: 'development', SENTRY_RELEASE: 'canary', CANARY: 'canary' };
    await using supervisor = await SupervisorProcess.start({ secrets }, { env });
    const job = { run: 'env > "$BOOTY_WORKDIR/env"; cat "$BOOTY_WORKDIR/env"' };
    await supervisor.run({ id: 'curious', ...job, verify: { run: 'env' } });
    for (const id of ['curious', 'curious+verify']) {
      const { stdout } = await supervisor.root.booty('logs', id);
      assert.match(stdout, /^BOOTY_JOB_ID=/m);
      assert.doesNotMatch(stdout, /SENTRY|canary|DATABASE/i);
      assert.ok(!stdout.includes(publicKey));
      const names = [...stdout.matchAll(/^([A-Z_a-z]+)=/gm)]
        .map(([, name]) => name)
        .filter((name) => !name?.startsWith('BOOTY_'));
      // BASH_ENV: by it bash notes which command failed.
      const known = ['PATH', 'HOME', 'LANG', 'TZ', 'USER', 'PWD', 'SHLVL', '_', 'OLDPWD', 'BASH_ENV'];
      assert.deepEqual(new Set(names).difference(new Set(known)), new Set());
    }
  });
});
