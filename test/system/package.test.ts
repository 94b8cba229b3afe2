import assert from 'node:assert/strict';
import type { Machine } from './machine.ts';
import { apt, bareTestOnEach } from './packages.ts';

/** Everything that a package could have left, but the package manager's own notes. */
const filesWhere = (condition: string): readonly [string, ...string[]] => [
  'sh',
  '-c',
  `find / -xdev \\( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/log -o -path /var/cache -o -path /proc -o -path /tmp -o -path /var/tmp -o -path /opt \\) -prune -o ${condition} -print | sort`,
];

bareTestOnEach(
  'apt install ./booty.deb on a minimal Debian: a running, enabled, hardened service; removal keeps, purge removes',
  async (machine, { newer }) => {
    const before = await machine.must(filesWhere('-true'));
    assert.doesNotMatch(before, /\/node$/m);
    await apt(machine, 'install', newer);

    const unit = await machine.unit('ActiveState', 'SubState', 'UnitFileState', 'User', 'NRestarts');
    assert.deepEqual(unit, {
      ActiveState: 'active',
      SubState: 'running',
      UnitFileState: 'enabled',
      User: 'booty',
      NRestarts: '0',
    });
    const disabled = /^Sentry disabled — no DSN configured \(environment=development\)$/;
    await machine.journal.line(disabled);
    assert.equal(machine.journal.matching(disabled).length, 1);
    const verified = await machine.exec(['systemd-analyze', 'verify', 'booty.service']);
    assert.deepEqual({ status: verified.status, said: verified.stderr }, { status: 0, said: '' });
    const report = await machine.must(['systemd-analyze', 'security', '--no-pager', 'booty.service']);
    assert.ok(Number(/exposure level for booty\.service: ([\d.]+)/.exec(report)?.[1]) <= 1.6, report);
    const modes = await machine.must([
      'stat',
      '--format=%n %a %U:%G',
      '/etc/booty/booty.yaml',
      '/etc/booty/secrets.env',
      '/etc/booty/release.env',
      '/var/lib/booty',
      '/var/spool/booty',
      '/var/spool/booty/incoming',
    ]);
    assert.deepEqual(modes.trim().split('\n'), [
      '/etc/booty/booty.yaml 644 root:root',
      '/etc/booty/secrets.env 600 root:root',
      '/etc/booty/release.env 644 root:root',
      '/var/lib/booty 750 booty:booty',
      '/var/spool/booty 750 booty:booty',
      '/var/spool/booty/incoming 3770 booty:booty',
    ]);
    const listed = await machine.must(['dpkg-query', '--listfiles', 'booty']);
    assert.doesNotMatch(
      listed,
      /^\/etc\/booty\/(?:secrets|release)\.env$/m,
      'files of people are no files of a package',
    );
    assert.equal(await machine.must(['dpkg', '--verify', 'booty']), '');

    await machine.must(['useradd', '--groups', 'booty', 'alice']);
    await machine.drop('first.yaml', 'id: first\nrun: "true"\n');
    assert.equal((await machine.outcome('first')).outcome, 'succeeded');
    await machine.must(['sh', '-c', 'booty schedule add tick "*-*-* 03:00" -- true']);
    await machine.write('/etc/booty/secrets.env', 'TOKEN=of-people\n', '0600');

    await withSocket(machine);
    await apt(machine, 'remove', 'booty');
    assert.equal((await machine.unit('ActiveState')).ActiveState, 'inactive');
    assert.notEqual((await machine.exec(['systemctl', 'is-active', 'booty.socket'])).stdout, 'active\n');
    assert.equal((await machine.exec(['systemctl', 'is-active', 'booty-drop@tick.timer'])).stdout, 'inactive\n');
    assert.notEqual((await machine.exec(['booty', '--version'])).status, 0);
    await machine.must(['sh', '-c', 'test ! -e /usr/lib/booty && test ! -e /usr/share/doc/booty']);

    await apt(machine, 'install', newer);
    assert.equal((await machine.unit('ActiveState')).ActiveState, 'active');
    assert.equal((await machine.exec(['systemctl', 'is-active', 'booty.socket'])).stdout, 'active\n');
    assert.equal((await machine.as('alice', ['booty', 'status'])).status, 0);
    assert.equal((await machine.exec(['systemctl', 'is-active', 'booty-drop@tick.timer'])).stdout, 'active\n');
    assert.equal(await machine.must(['cat', '/etc/booty/secrets.env']), 'TOKEN=of-people\n');
    assert.match(await machine.must(['booty', 'show', 'first']), /succeeded/);

    await apt(machine, 'purge', 'booty');
    assert.match(await machine.must(['getent', 'passwd', 'booty']), /^booty:/);
    await machine.must(['userdel', 'alice']);
    const after = await machine.must(filesWhere('! -path "/etc/*-" ! -path "/var/lib/systemd/*"'));
    const left = after.split('\n').filter((path) => !before.split('\n').includes(path));
    assert.deepEqual(left, []);
  },
);

/** Its administrator has systemd keep the control socket. */
async function withSocket(machine: Machine): Promise<string> {
  await machine.must(['systemctl', 'stop', 'booty']);
  await machine.must(['systemctl', 'enable', '--now', 'booty.socket']);
  await machine.must(['systemctl', 'start', 'booty']);
  return inodeOfSocket(machine);
}

const inodeOfSocket = (machine: Machine): Promise<string> =>
  machine.must(['stat', '--format=%i', '/run/booty/booty.sock']);

/** Drops jobs of two kinds until it is told that there are enough, and prints how many. Each leaves a line, once. */
const producer = `cd /var/spool/booty/incoming; i=0; while [ ! -e /srv/traces/enough ] || [ $i -lt 30 ]; do
  if [ $((i % 3)) = 0 ]; then how="module: /srv/traces/step.mjs
with: { number: $i }"; else how="run: sleep 0.2; echo $i >>/srv/traces/load"; fi
  printf 'id: load-%s\\n%s\\n' $i "$how" >.load-$i && mv .load-$i load-$i.yaml
  i=$((i + 1)); sleep 0.15; done; echo $i`;

const stepModule = `import { appendFileSync } from 'node:fs';
export default async (job) => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  appendFileSync('/srv/traces/load', job.with.number + '\\n');
};
`;

bareTestOnEach(
  'an upgrade while jobs run loses nothing, doubles nothing and keeps what people wrote',
  async (machine, { older, newer }) => {
    await apt(machine, 'install', older);
    const inode = await withSocket(machine);
    await machine.must(['useradd', '--groups', 'booty', 'alice']);
    await machine.must(['install', '--directory', '--owner=booty', '--group=booty', '/srv/traces']);
    await machine.write('/srv/traces/step.mjs', stepModule);
    await machine.write('/etc/booty/secrets.env', 'TOKEN=of-people\n', '0600');
    await machine.write('/etc/booty/release.env', 'SENTRY_RELEASE=shop@1.4.2\n');
    await machine.drop(
      'long.yaml',
      'id: long\nrun: until [ -e /srv/traces/go ]; do sleep 0.1; done; echo whole >/srv/traces/long\n',
    );
    await machine.journal.line(/^attempt\.started .*\bid=long\b/);

    const producing = machine.exec(['sh', '-c', producer], { user: 'alice', timeoutMs: 180_000 });
    await machine.journal.line(/^job\.ended .*\bid=load-3\b/);
    const upgrade = apt(machine, 'install', newer);
    await Promise.race([upgrade, machine.journal.line(/^Stopping booty\.service/, 120_000)]);
    await machine.must(['touch', '/srv/traces/go']);
    await upgrade;
    await machine.must(['touch', '/srv/traces/enough']);
    const produced = await producing;
    assert.equal(produced.status, 0, produced.stderr);
    const dropped = Number(produced.stdout);
    assert.match(await machine.must(['dpkg-query', '--show', 'booty']), /0\.1\.0/);
    assert.equal(machine.journal.matching(/^supervisor\.ready\b/).length, 3, 'one of them with the socket');
    assert.equal(await inodeOfSocket(machine), inode, 'requests waited, and none was refused');
    for (let number = 0; number < dropped; number += 1) {
      const { outcome, attempt } = await machine.outcome(`load-${number}`, 120_000);
      assert.deepEqual([outcome, attempt], ['succeeded', 1], `load-${number}`);
    }
    const ran = (await machine.must(['cat', '/srv/traces/load'])).trim().split('\n').map(Number);
    assert.deepEqual(
      ran.sort((a, b) => a - b),
      Array.from({ length: dropped }, (_, number) => number),
    );
    const long = await machine.outcome('long');
    assert.deepEqual([long.outcome, long.attempt], ['succeeded', 1]);
    assert.equal(await machine.must(['cat', '/srv/traces/long']), 'whole\n');
    assert.equal(await machine.must(['cat', '/etc/booty/secrets.env']), 'TOKEN=of-people\n');
    assert.equal(await machine.must(['cat', '/etc/booty/release.env']), 'SENTRY_RELEASE=shop@1.4.2\n');
    // Nobody had changed it: the new one takes its place.
    assert.doesNotMatch(await machine.must(['cat', '/etc/booty/booty.yaml']), /older version/);

    // A supervisor that refuses to start is no broken package.
    await machine.write('/etc/booty/release.env', 'SENTRY_ENVIRONMENT=production\n');
    await apt(machine, 'install', '--reinstall', newer);
    await machine.journal.line(/^Sentry disabled — production requires DSN; refusing to start$/);
    assert.equal(await machine.must(['dpkg', '--audit']), '');
    // Nor is one started that its administrator has switched off.
    await machine.write('/etc/booty/release.env', '');
    await machine.must(['systemctl', 'disable', '--now', 'booty.socket', 'booty.service']);
    await apt(machine, 'install', '--reinstall', newer);
    const unit = await machine.unit('ActiveState', 'UnitFileState');
    assert.deepEqual(unit.UnitFileState, 'disabled');
    assert.notEqual(unit.ActiveState, 'active');
  },
);
