import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemTest, systemTestOnEach, traces } from './machine.ts';

/** Looks for a canary wherever a process of the same user could read one, and prints `FOUND WHERE` or `closed WHERE`. */
const probe = readFileSync(join(import.meta.dirname, 'probe.pl'), 'utf8');
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
