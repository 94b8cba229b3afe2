import assert from 'node:assert/strict';
import { type Machine, systemTest, systemTestOnEach, traces } from './machine.ts';

const traced = `id: carried\nrun: echo start >>${traces}/carried; until [ -e ${traces}/go ]; do sleep 0.05; done; echo end >>${traces}/carried\n`;

/** In the product the watchdog has minutes. */
async function watch(machine: Machine, seconds: number, more = ''): Promise<void> {
  await machine.write(
    '/etc/systemd/system/booty.service.d/watchdog.conf',
    `[Service]\nWatchdogSec=${seconds}s\n${more}`,
  );
  await machine.must(['systemctl', 'daemon-reload']);
  await machine.start();
}

systemTestOnEach(
  'a supervisor that hangs is ended by systemd and started again, and its jobs are recovered',
  async (machine) => {
    await machine.write('/opt/hang.mjs', "process.once('SIGUSR2', () => { for (;;); });\n");
    await watch(machine, 2, 'Environment=NODE_OPTIONS=--import=/opt/hang.mjs\n');
    await machine.drop('carried.yaml', traced);
    await machine.must(['sh', '-c', `until [ -e ${traces}/carried ]; do sleep 0.05; done`]);
    await machine.must(['systemctl', 'kill', '--signal=USR2', '--kill-whom=main', 'booty']);
    await machine.journal.line(/Watchdog timeout/);
    await machine.journal.line(/Main process exited, code=(?:killed|dumped), status=6\/ABRT/);
    await machine.journal.lines(/^supervisor\.ready\b/, 2);
    await machine.must(['touch', `${traces}/go`]);
    const { outcome, attempt, attempts } = await machine.outcome('carried');
    assert.deepEqual([outcome, attempt, attempts[0]?.cause], ['succeeded', 2, 'lost']);
    assert.equal(await machine.must(['cat', `${traces}/carried`]), 'start\nstart\nend\n');
  },
);

systemTest('one that is stopped for good is ended too; one that was stopped for a moment goes on', async (machine) => {
  await watch(machine, 4);
  const signal = (name: string) => machine.must(['systemctl', 'kill', `--signal=${name}`, '--kill-whom=main', 'booty']);
  await signal('STOP');
  await machine.must(['sleep', '2']);
  await signal('CONT');
  // Longer than the watchdog's time after its last word before that.
  await machine.must(['sleep', '3.5']);
  assert.equal((await machine.unit('NRestarts')).NRestarts, '0');
  await signal('STOP');
  await machine.journal.line(/Watchdog timeout/);
  await machine.journal.lines(/^supervisor\.ready\b/, 2);
});

systemTest('a disk that refuses is no hang', async (machine) => {
  await machine.must([
    'mount',
    '-t',
    'tmpfs',
    '-o',
    'size=2m,mode=0750,uid=booty,gid=booty',
    'state',
    '/var/lib/booty',
  ]);
  await watch(machine, 2);
  await machine.exec(['sh', '-c', 'head --bytes=4M /dev/zero >/var/lib/booty/filler']);
  await machine.drop('late.yaml', 'id: late\nrun: "true"\n');
  await machine.journal.line(/^trouble\.began\b/);
  await machine.must(['sleep', '5']);
  assert.deepEqual(await machine.unit('ActiveState', 'NRestarts'), { ActiveState: 'active', NRestarts: '0' });
  await machine.must(['rm', '/var/lib/booty/filler']);
  assert.equal((await machine.outcome('late')).outcome, 'succeeded');
  assert.deepEqual(machine.journal.matching(/Watchdog timeout/), []);
});
