import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, systemTest, systemTestOnEach, traces } from './machine.ts';

/** Looks for a canary wherever a process of the same user could read one, and prints `FOUND WHERE` or `closed WHERE`. */
const probe = readFileSync(join(import.meta.dirname, 'probe.pl'), 'utf8');
/** Hands the supervisor secrets that are encrypted at rest. */
const dropIn = readFileSync(join(import.meta.dirname, '../../systemd/drop-ins/encrypted-secrets.conf'), 'utf8');
const canary = 'bootycanary7f3a91c2';
const secrets = `SENTRY_DSN=http://${canary}@127.0.0.1:60999/1\nOTHER="${canary}"\n`;

const found = (report: string): string[] => report.split('\n').filter((line) => line.startsWith('FOUND'));

systemTest(
  'the probe of the next test finds a secret in the environment, memory, descriptors and files that are open to it',
  async (machine) => {
    await machine.write('/opt/probe.pl', probe);
    await machine.write('/etc/booty/secrets.env', secrets, '0644');
    const report = await machine.as('booty', [
      'env',
      `LEAK=${canary}`,
      'sh',
      '-c',
      `exec </etc/booty/secrets.env; perl /opt/probe.pl; true`,
    ]);
    const places = found(report.stdout).join('\n');
    for (const place of [
      /own environment/,
      /\/proc\/\d+\/environ/,
      /\/proc\/\d+\/mem/,
      /\/proc\/\d+\/fd\/0/,
      /secrets\.env/,
    ])
      assert.match(places, place);
  },
);

systemTestOnEach(
  'a job finds the secrets neither in its environment, nor on disk, nor in any process, nor through the debugger',
  async (machine) => {
    await machine.write('/opt/probe.pl', probe);
    await machine.write('/etc/booty/secrets.env', secrets, '0600');
    await machine.start();
    await machine.drop('crash.yaml', 'id: crash\nrun: exit 7\n');
    // Its event cannot be delivered, and waits on disk.
    assert.equal((await machine.outcome('crash')).outcome, 'crashed');
    await machine.drop('probe.yaml', `id: probe\nrun: perl /opt/probe.pl >${traces}/report 2>&1\n`);
    const ended = await machine.outcome('probe');
    const report = await machine.must(['cat', `${traces}/report`]);
    assert.equal(ended.outcome, 'succeeded', report);
    assert.match(report, /^done$/m);
    assert.deepEqual(found(report), [], report);
    assert.match(report, /^closed \/etc\/booty\/secrets\.env$/m);
    assert.match(report, /^closed \/var\/lib\/booty\/outbox\/.+$/m);
    assert.match(report, /^closed debugger$/m);
    assert.equal((await machine.unit('NRestarts')).NRestarts, '0', 'the probe did not end the supervisor');
  },
);

/** Root's jobs may have any secret. */
const dropAsRoot = (machine: Machine, name: string, content: string): Promise<string> =>
  machine.must(['sh', '-c', 'cd /var/spool/booty/incoming && cat >".$1" && mv ".$1" "$1"', 'drop', name], {
    input: content,
  });

/** Encrypts the secrets as docs/OPERATIONS.md says, with the key of the machine alone: a container has no TPM. */
async function encrypt(machine: Machine, text: string): Promise<void> {
  const script =
    'umask 077; mkdir -p /etc/credstore.encrypted && systemd-creds encrypt --with-key=host --name=secrets.env - /etc/credstore.encrypted/booty-secrets';
  await machine.must(['sh', '-c', script], { input: text });
}

systemTestOnEach(
  'secrets that are encrypted at rest reach the supervisor and the jobs that may have them, and no other job can read them',
  async (machine) => {
    await machine.write('/opt/probe.pl', probe);
    await encrypt(machine, secrets);
    assert.doesNotMatch(await machine.must(['cat', '/etc/credstore.encrypted/booty-secrets']), new RegExp(canary));
    await machine.write('/etc/systemd/system/booty.service.d/encrypted-secrets.conf', dropIn);
    await machine.must(['systemctl', 'daemon-reload']);
    await machine.must(['rm', '/etc/booty/secrets.env']);
    await machine.start();
    // Not the canary itself: the next job reads what the ledger has of this one.
    const digest = createHash('sha256').update(canary).digest('hex');
    const byRoot = `id: named\nsecrets: [OTHER]\nrun: test "$(printf %s "$OTHER" | sha256sum)" = "${digest}  -"\n`;
    await dropAsRoot(machine, 'named.yaml', byRoot);
    assert.equal((await machine.outcome('named')).outcome, 'succeeded');

    await machine.drop('probe.yaml', `id: probe\nrun: perl /opt/probe.pl >${traces}/report 2>&1\n`);
    assert.equal((await machine.outcome('probe')).outcome, 'succeeded');
    const report = await machine.must(['cat', `${traces}/report`]);
    assert.match(report, /^done$/m);
    assert.deepEqual(found(report), [], report);
    assert.match(report, /^closed \/run\/credentials\/booty-secrets\.service\/secrets\.env$/m);

    // Other secrets: one command, and the supervisor has them.
    await encrypt(machine, 'OTHER=changed\n');
    await machine.must(['systemctl', 'restart', 'booty-secrets']);
    await dropAsRoot(machine, 'again.yaml', 'id: again\nsecrets: [OTHER]\nrun: test "$OTHER" = changed\n');
    assert.equal((await machine.outcome('again')).outcome, 'succeeded');
    for (const unit of ['booty', 'booty-secrets']) {
      const verified = await machine.exec(['systemd-analyze', 'verify', `${unit}.service`]);
      assert.deepEqual([verified.status, verified.stderr], [0, ''], unit);
    }
  },
);

systemTest(
  'encrypted secrets that are not there, or of another machine, are told, and nothing starts without them',
  async (machine) => {
    await machine.write('/etc/systemd/system/booty.service.d/encrypted-secrets.conf', dropIn);
    await machine.must(['systemctl', 'daemon-reload']);
    assert.notEqual((await machine.exec(['systemctl', 'start', 'booty'])).status, 0);
    await machine.journal.line(/Assertion failed|Starting requested but asserts failed/);
    await encrypt(machine, secrets);
    await machine.must(['rm', '/var/lib/systemd/credential.secret']);
    assert.notEqual((await machine.exec(['systemctl', 'start', 'booty'])).status, 0);
    assert.notEqual((await machine.unit('ActiveState')).ActiveState, 'active');
  },
);
