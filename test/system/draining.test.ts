import assert from 'node:assert/strict';
import { systemTest, systemTestOnEach, traces } from './machine.ts';

systemTestOnEach('systemctl reload applies booty.yaml, or refuses all of it and says why', async (machine) => {
  await machine.start();
  await machine.write('/etc/booty/booty.yaml', 'concurrency: { pipeline: 5 }\n');
  await machine.must(['systemctl', 'reload', 'booty']);
  await machine.journal.line(/^supervisor\.reloaded changed=concurrency\b/);
  await machine.write('/etc/booty/booty.yaml', 'concurrency: { pipeline: many }\n');
  assert.notEqual((await machine.exec(['systemctl', 'reload', 'booty'])).status, 0);
  await machine.journal.line(/booty\.yaml:1: concurrency\.pipeline: expected a whole number/);
  // Sound by itself, and refused by the supervisor, as a broken template is.
  await machine.write('/etc/booty/booty.yaml', 'concurrency: { pipeline: 7 }\npaths: { spool: /elsewhere }\n');
  assert.notEqual((await machine.exec(['systemctl', 'reload', 'booty'])).status, 0);
  await machine.journal.line(/paths have changed \(spool.*\)$/);
  await machine.write('/etc/booty/booty.yaml', 'concurrency: { pipeline: 5 }\n');
  await machine.write('/etc/booty/templates.d/broken.yaml', 'runn: [\n');
  assert.notEqual((await machine.exec(['systemctl', 'reload', 'booty'])).status, 0);
  await machine.journal.line(/templates\.d\/broken\.yaml:\d+: .*$/);
  await machine.must(['rm', '/etc/booty/templates.d/broken.yaml']);
  await machine.must(['systemctl', 'reload', 'booty']);
  await machine.journal.line(/^supervisor\.reloaded changed=nothing\b/);
  const unit = await machine.unit('ActiveState', 'NRestarts');
  assert.deepEqual(unit, { ActiveState: 'active', NRestarts: '0' });
  await machine.drop('after.yaml', 'id: after\nrun: "true"\n');
  assert.equal((await machine.outcome('after')).outcome, 'succeeded');
});

systemTest('while it drains, systemctl status counts what runs, and a long drain is not cut off', async (machine) => {
  await machine.write('/etc/booty/booty.yaml', 'drain: { limit: 40s }\n');
  await machine.write('/etc/systemd/system/booty.service.d/stop.conf', '[Service]\nTimeoutStopSec=2s\n');
  await machine.must(['systemctl', 'daemon-reload']);
  await machine.start();
  await machine.drop('long.yaml', `id: long\nrun: sleep 6; echo whole >${traces}/long\n`);
  await machine.journal.line(/^attempt\.started .*\bid=long\b/);
  const drained = machine.exec(['booty', 'drain'], { timeoutMs: 60_000 });
  await machine.journal.line(/^supervisor\.draining\b/);
  assert.match((await machine.unit('StatusText')).StatusText ?? '', /^Draining: 1 running, \d+ s left to finish$/);
  const { status, stdout } = await drained;
  assert.deepEqual([status, stdout], [0, 'stopped; 0 waiting for the next start\n']);
  assert.equal(await machine.must(['cat', `${traces}/long`]), 'whole\n');
  const unit = await machine.unit('ActiveState', 'Result');
  assert.deepEqual(unit, { ActiveState: 'inactive', Result: 'success' });
});

systemTest('restarts under load lose nothing and double nothing', async (machine) => {
  await machine.start();
  const producer = `i=0; while [ $i -lt 60 ]; do
    printf 'id: load-%s\\nrun: echo %s >>${traces}/load; sleep 0.1\\n' $i $i >.load-$i && mv .load-$i load-$i.yaml
    i=$((i + 1)); sleep 0.1; done`;
  const dropped = machine.as('alice', ['sh', '-c', `cd /var/spool/booty/incoming && ${producer}`]);
  for (const _restart of [1, 2, 3]) await machine.must(['systemctl', 'restart', 'booty'], { timeoutMs: 60_000 });
  assert.equal((await dropped).status, 0);
  for (let number = 0; number < 60; number += 1) {
    const { outcome, attempt } = await machine.outcome(`load-${number}`);
    assert.deepEqual([outcome, attempt], ['succeeded', 1]);
  }
  const ran = (await machine.must(['cat', `${traces}/load`])).trim().split('\n').map(Number);
  assert.deepEqual(
    ran.sort((a, b) => a - b),
    Array.from({ length: 60 }, (_, number) => number),
  );
});

systemTest('a start on a full disk waits, says so, and goes on by itself', async (machine) => {
  await machine.must([
    'mount',
    '-t',
    'tmpfs',
    '-o',
    'size=1m,mode=0750,uid=booty,gid=booty',
    'state',
    '/var/lib/booty',
  ]);
  await machine.exec(['sh', '-c', 'head --bytes=2M /dev/zero >/var/lib/booty/filler']);
  await machine.must(['systemctl', 'start', '--no-block', 'booty']);
  await machine.journal.line(/^trouble\.began where=state error="(?:ENOSPC|database or disk is full)/);
  const waiting = await machine.unit('ActiveState', 'StatusText');
  assert.equal(waiting.ActiveState, 'activating');
  assert.match(waiting.StatusText ?? '', /^Waiting to start: (?:ENOSPC|database or disk is full)/);
  await machine.must(['rm', '/var/lib/booty/filler']);
  await machine.journal.line(/^trouble\.ended where=state\b/);
  await machine.journal.line(/^supervisor\.ready\b/);
  await machine.drop('after.yaml', 'id: after\nrun: "true"\n');
  assert.equal((await machine.outcome('after')).outcome, 'succeeded');
  assert.equal((await machine.unit('NRestarts')).NRestarts, '0');
});
