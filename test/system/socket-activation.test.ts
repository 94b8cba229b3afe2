import assert from 'node:assert/strict';
import { systemTest, systemTestOnEach, traces } from './machine.ts';

const socket = '/run/booty/booty.sock';

systemTestOnEach(
  'systemctl start booty.socket is enough: the first request starts the service, and a restart keeps the socket',
  async (machine) => {
    await machine.must(['systemctl', 'start', 'booty.socket']);
    assert.equal((await machine.unit('ActiveState')).ActiveState, 'inactive');
    assert.equal(await machine.must(['stat', '--format=%A %U:%G', socket]), 'srw-rw---- booty:booty\n');
    const inode = await machine.must(['stat', '--format=%i', socket]);

    const paused = await machine.as('alice', ['booty', 'pause']);
    assert.deepEqual([paused.status, paused.stdout], [0, 'paused: everything\n'], paused.stderr);
    assert.equal((await machine.unit('ActiveState')).ActiveState, 'active');
    await machine.journal.line(/^control\.done command=pause .*by="alice/);

    // What is asked while nobody is there waits, and is answered by the next supervisor.
    const restarted = machine.must(['systemctl', 'restart', 'booty']);
    const resumed = await machine.as('alice', ['booty', 'resume']);
    await restarted;
    assert.equal(resumed.status, 0, resumed.stderr);
    assert.equal(await machine.must(['stat', '--format=%i', socket]), inode);

    await machine.must(['systemctl', 'stop', 'booty']);
    assert.equal(await machine.must(['stat', '--format=%i', socket]), inode);
    const status = await machine.as('alice', ['booty', 'status']);
    assert.equal(status.status, 0, status.stdout);
    assert.match(status.stdout, /runs \(pid \d+\)/);
    assert.equal((await machine.unit('ActiveState')).ActiveState, 'active');
  },
);

systemTest('a job gets nothing of the socket that systemd passed', async (machine) => {
  await machine.must(['systemctl', 'start', 'booty.socket', 'booty.service']);
  await machine.drop('probe.yaml', `id: probe\nrun: "(env; ls -l /proc/self/fd) >${traces}/probe"\n`);
  assert.equal((await machine.outcome('probe')).outcome, 'succeeded');
  const seen = await machine.must(['cat', `${traces}/probe`]);
  assert.doesNotMatch(seen, /LISTEN_|WATCHDOG_|NOTIFY_SOCKET|socket:/);
});
