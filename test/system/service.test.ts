import assert from 'node:assert/strict';
import { endOf, systemTest, systemTestOnEach, traces } from './machine.ts';

systemTestOnEach('after make install the service starts, is ready, and is as hardened as promised', async (machine) => {
  await machine.start();
  const unit = await machine.unit('ActiveState', 'SubState', 'User', 'NRestarts', 'ControlGroup', 'MainPID');
  assert.deepEqual(
    { state: unit.ActiveState, sub: unit.SubState, user: unit.User, restarts: unit.NRestarts },
    { state: 'active', sub: 'running', user: 'booty', restarts: '0' },
  );
  assert.ok((await machine.journal.line(/^supervisor\.ready\b/)).priority >= 5, 'being ready is no warning');
  const verified = await machine.exec(['systemd-analyze', 'verify', 'booty.service']);
  assert.deepEqual({ status: verified.status, said: verified.stderr }, { status: 0, said: '' });
  const report = await machine.must(['systemd-analyze', 'security', '--no-pager', 'booty.service']);
  const exposure = Number(/exposure level for booty\.service: ([\d.]+)/.exec(report)?.[1]);
  assert.ok(exposure <= 1.6, `systemd-analyze security says ${exposure}:\n${report}`);
});

systemTestOnEach(
  'jobs dropped by another user of group booty run, and journalctl -u booty tells of each',
  async (machine) => {
    await machine.start();
    await machine.drop('good.yaml', `id: good\nrun: id --user --name >${traces}/user\n`);
    await machine.drop('bad.yaml', 'id: bad\nname: nightly\nrun: exit 7\n');
    await machine.drop('broken.yaml', 'runn: [\n');

    assert.equal((await machine.outcome('good')).outcome, 'succeeded');
    assert.equal(await machine.must(['cat', `${traces}/user`]), 'booty\n');
    const bad = await machine.outcome('bad');
    assert.deepEqual(
      { outcome: bad.outcome, cause: bad.cause, exitCode: bad.exitCode },
      { outcome: 'crashed', cause: 'exit-code', exitCode: 7 },
    );
    await machine.journal.line(/^job\.refused .*broken\.yaml/);
    const reason = await machine.as('alice', ['cat', '/var/spool/booty/rejected/broken.yaml.reason.json']);
    assert.equal(reason.status, 0, `alice can't read why her file was refused: ${reason.stderr}`);

    const shown = await machine.must(['journalctl', '--unit=booty', '--output=cat', '--no-pager']);
    assert.match(shown, /^job\.accepted .*\bid=good\b/m);
    assert.match(shown, /^attempt\.started .*\bid=good\b/m);
    assert.match(shown, /^job\.ended .*\bid=good\b.*\boutcome=succeeded\b/m);
    assert.match(shown, /^job\.ended .*\bid=bad\b.*\boutcome=crashed cause=exit-code\b/m);
    assert.ok((await machine.journal.line(endOf('bad'))).priority <= 4, 'a crash is at least a warning');
    assert.equal((await machine.journal.line(endOf('good'))).priority, 6);
  },
);

systemTest('a user of the group submits, follows and reads her jobs with the booty command', async (machine) => {
  await machine.start();
  const submitted = await machine.as('alice', ['booty', 'submit', '-'], 'id: piped\nrun: echo from the pipe\n');
  assert.deepEqual(
    { status: submitted.status, id: submitted.stdout.trim() },
    { status: 0, id: 'piped' },
    submitted.stderr,
  );
  assert.equal((await machine.outcome('piped')).outcome, 'succeeded');
  assert.match((await machine.as('alice', ['booty', 'logs', 'piped'])).stdout, /from the pipe/);
  assert.equal((await machine.as('alice', ['booty', 'run', '--', 'true'])).status, 0);
  assert.equal((await machine.as('alice', ['booty', 'run', '--', 'false'])).status, 4);
  const closed = await machine.as('alice', ['sh', '-c', 'umask 077; booty run -- true']);
  assert.equal(closed.status, 0, `her umask keeps the supervisor out: ${closed.stderr}`);
  const listed = await machine.as('alice', ['booty', 'list', '--json']);
  assert.match(listed.stdout, /"piped"/, listed.stderr);
});

systemTest('a user of the group pauses and cancels over the socket, another may not', async (machine) => {
  await machine.start();
  assert.equal(await machine.must(['stat', '--format=%A %U:%G', '/run/booty/booty.sock']), 'srw-rw---- booty:booty\n');
  assert.equal((await machine.as('alice', ['booty', 'pause'])).status, 0);
  await machine.drop('late.yaml', 'id: late\nrun: "true"\n');
  await machine.journal.line(/^job\.accepted .*\bid=late\b/);
  const tried = await machine.as('mallory', ['booty', 'resume']);
  assert.equal(tried.status, 1);
  assert.match(
    tried.stderr,
    /may not connect to \/run\/booty\/booty\.sock\n {2}ask to be made a member of the group booty/,
  );
  const cancelled = await machine.as('alice', ['booty', 'cancel', 'late']);
  assert.deepEqual([cancelled.status, cancelled.stdout], [0, 'late\n'], cancelled.stderr);
  assert.equal((await machine.outcome('late')).outcome, 'cancelled');
  const outcome = await machine.must(['cat', '/var/spool/booty/outcomes/late.json']);
  assert.match(outcome, /"cancelled by alice \(uid \d+\)"/);
  await machine.must(['systemctl', 'stop', 'booty']);
  assert.equal((await machine.exec(['test', '-e', '/run/booty/booty.sock'])).status, 1);
});

systemTest('a user who is not in the group can neither drop jobs nor read outcomes', async (machine) => {
  await machine.start();
  await machine.drop('good.yaml', 'id: good\nrun: "true"\n');
  await machine.outcome('good');
  for (const script of [
    'echo "run: id" >/var/spool/booty/incoming/intruder.yaml',
    'cat /var/spool/booty/outcomes/good.json',
    'ls /var/lib/booty',
  ]) {
    const tried = await machine.as('mallory', ['sh', '-c', script]);
    assert.notEqual(tried.status, 0, script);
    assert.match(tried.stderr, /Permission denied/, script);
  }
  assert.equal((await machine.as('mallory', ['booty', 'submit', '-'], 'run: id\n')).status, 1);
  assert.deepEqual(machine.journal.matching(/intruder|mallory/), []);
});

systemTest('a member of the group cannot take away what another one dropped', async (machine) => {
  await machine.must(['useradd', '--groups', 'booty', 'bob']);
  await machine.drop('hers.yaml', 'run: "true"\n');
  for (const script of ['rm -f hers.yaml', 'mv hers.yaml his.yaml', 'echo "run: id" >hers.yaml', 'mv .claimed gone']) {
    const tried = await machine.as('bob', ['sh', '-c', `cd /var/spool/booty/incoming && ${script}`]);
    assert.notEqual(tried.status, 0, script);
  }
  assert.equal(await machine.must(['cat', '/var/spool/booty/incoming/hers.yaml']), 'run: "true"\n');
});

systemTest(
  'production without a DSN is refused with status 1 and one clear line, and systemd does not try again',
  async (machine) => {
    await machine.write('/etc/booty/release.env', 'SENTRY_ENVIRONMENT=production\n');
    const started = await machine.exec(['systemctl', 'start', 'booty']);
    assert.notEqual(started.status, 0);
    const refusal = /^Sentry disabled — production requires DSN; refusing to start$/;
    assert.equal((await machine.journal.line(refusal)).priority, 3);
    await machine.journal.line(/Failed to start booty\.service/);
    const unit = await machine.unit('ActiveState', 'SubState', 'Result', 'ExecMainStatus', 'NRestarts');
    assert.deepEqual(unit, {
      ActiveState: 'failed',
      SubState: 'failed',
      Result: 'exit-code',
      ExecMainStatus: '1',
      NRestarts: '0',
    });
    assert.equal(machine.journal.matching(refusal).length, 1);
    assert.equal(machine.journal.matching(/supervisor\.ready/).length, 0);
  },
);

systemTest('a missing spool is told as one error with its path, and systemd does not try again', async (machine) => {
  await machine.must(['rm', '--recursive', '/var/spool/booty']);
  assert.notEqual((await machine.exec(['systemctl', 'start', 'booty'])).status, 0);
  assert.equal((await machine.journal.line(/\/var\/spool\/booty/)).priority, 3);
  await machine.journal.line(/Failed to start booty\.service/);
  const unit = await machine.unit('ActiveState', 'ExecMainStatus', 'NRestarts');
  assert.deepEqual(unit, { ActiveState: 'failed', ExecMainStatus: '1', NRestarts: '0' });
});

systemTestOnEach(
  'systemctl stop takes no more jobs, lets the running one finish, and the rest runs at the next start',
  async (machine) => {
    await machine.start();
    await machine.drop(
      'running.yaml',
      `id: running\nrun: until [ -e ${traces}/go ]; do sleep 0.05; done; echo done >${traces}/running\n`,
    );
    await machine.journal.line(/^attempt\.started .*\bid=running\b/);
    await machine.must(['systemctl', 'stop', '--no-block', 'booty']);
    await machine.journal.line(/^supervisor\.draining\b/);
    await machine.drop('late.yaml', 'id: late\nrun: "true"\n');
    assert.equal((await machine.unit('ActiveState')).ActiveState, 'deactivating');
    await machine.must(['touch', `${traces}/go`]);

    const ended = await machine.outcome('running');
    assert.deepEqual({ outcome: ended.outcome, attempt: ended.attempt }, { outcome: 'succeeded', attempt: 1 });
    await machine.journal.line(/^supervisor\.stopped\b/);
    await machine.journal.line(/Stopped booty\.service|booty\.service: Deactivated/);
    const unit = await machine.unit('ActiveState', 'Result', 'ExecMainStatus');
    assert.deepEqual(unit, { ActiveState: 'inactive', Result: 'success', ExecMainStatus: '0' });
    assert.deepEqual(machine.journal.matching(/^attempt\.started .*\bid=late\b/), []);

    await machine.start();
    assert.equal((await machine.outcome('late')).outcome, 'succeeded');
  },
);

/** What jobs do every day, and what a careless line in the unit would forbid. Each prints its name where it fails. */
const ordinary = [
  'nice -n 5 true',
  'ionice --class 3 true',
  'taskset --cpu-list 0 true',
  'setsid --wait true',
  'timeout 5 flock "$BOOTY_WORKDIR/lock" true',
  'file=$(mktemp) && rm "$file"',
  `tar --create --gzip --file ${traces}/etc.tar.gz --directory / etc/hostname`,
  `touch ${traces}/mine && chgrp booty ${traces}/mine && chmod 0640 ${traces}/mine && cp --archive ${traces}/mine ${traces}/copy`,
  'echo x >/dev/null && head --bytes=8 /dev/urandom >/dev/null && echo x >/dev/shm/booty-test && rm /dev/shm/booty-test',
  '[ "$(nproc)" -ge 1 ] && grep MemTotal /proc/meminfo && cat /proc/loadavg /proc/cpuinfo && df /srv',
  'getent passwd root && getent ahosts 127.0.0.1',
  'perl -MIO::Socket::INET -e \'IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die $!\'',
  'errors=$({ yes | head --lines=1 >/dev/null; } 2>&1); test -z "$errors"',
  'kill -0 $$',
  'mkdir /sys/fs/cgroup/system.slice/booty.service/a-job && rmdir /sys/fs/cgroup/system.slice/booty.service/a-job',
];

systemTestOnEach('the hardening of the unit does not stop what jobs do every day', async (machine) => {
  await machine.start();
  const lines = ordinary.map(
    (line, index) =>
      `( ${line} ) >${traces}/out 2>&1 || { echo "line ${index}:"; cat ${traces}/out; } >>${traces}/failed`,
  );
  await machine.write('/opt/ordinary.sh', `${lines.join('\n')}\n`);
  await machine.must(['install', '--owner=booty', '/dev/null', `${traces}/failed`]);
  await machine.drop('ordinary.yaml', 'id: ordinary\nrun: BOOTY_WORKDIR=${BOOTY_WORKDIR:-/tmp} sh /opt/ordinary.sh\n');
  assert.equal((await machine.outcome('ordinary')).outcome, 'succeeded');
  assert.equal(await machine.must(['cat', `${traces}/failed`]), '');
});
