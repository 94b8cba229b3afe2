import assert from 'node:assert/strict';
import { endOf, systemTest } from './machine.ts';

const jobs = '/sys/fs/cgroup/system.slice/booty.service/jobs';
const asleep = 'cat /proc/[0-9]*/comm 2>/dev/null | grep -qx sleep';

systemTest('under its unit each attempt has a cgroup, unprivileged, and none is left', async (machine) => {
  await machine.start();
  await machine.journal.line(/^cgroups\.used\b/);
  await machine.journal.line(/^walls\.raised against=signals\b/);
  await machine.drop('wild.yaml', 'id: wild\nrun: if kill -9 -1 || kill -9 $PPID; then exit 99; fi; exit 7\n');
  assert.equal((await machine.outcome('wild')).exitCode, 7);
  await machine.drop('where.yaml', 'id: where\nrun: cat /proc/self/cgroup\n');
  assert.equal((await machine.outcome('where')).outcome, 'succeeded');
  const log = await machine.must(['cat', '/var/lib/booty/jobs/where/1.log']);
  assert.match(log, /^0::\/system\.slice\/booty\.service\/jobs\/job-where\.1$/m);

  // Outside of its session, without its mark, and its parent gone: only the kernel knows whose it is.
  const daemon = '(env -i /usr/bin/setsid /bin/sleep 600 </dev/null >/dev/null 2>&1 &)';
  await machine.drop(
    'leaves.yaml',
    `id: leaves\nrun: '${daemon}; until grep -qx sleep /proc/[0-9]*/comm; do sleep 0.05; done'\n`,
  );
  assert.equal((await machine.outcome('leaves')).outcome, 'succeeded');
  assert.notEqual((await machine.exec(['sh', '-c', asleep])).status, 0);
  assert.equal((await machine.must(['find', jobs, '-mindepth', '1', '-type', 'd'])).trim(), '');
});

systemTest(
  'after its supervisor was killed a job runs again in a cgroup, and nothing of before is left',
  async (machine) => {
    await machine.start();
    await machine.drop('long.yaml', 'id: long\nrun: test "$BOOTY_ATTEMPT" -gt 1 || exec env -i /bin/sleep 600\n');
    await machine.must(['sh', '-c', `until [ -e ${jobs}/job-long.1/cgroup.procs ] && ${asleep}; do sleep 0.05; done`]);
    await machine.must(['systemctl', 'kill', '--signal=KILL', '--kill-whom=main', 'booty']);
    await machine.journal.lines(/^supervisor\.ready\b/, 2);
    assert.equal((await machine.outcome('long')).outcome, 'succeeded');
    assert.equal((await machine.must(['find', jobs, '-mindepth', '1', '-type', 'd'])).trim(), '');
    assert.notEqual((await machine.exec(['sh', '-c', asleep])).status, 0);
    assert.equal(machine.journal.matching(endOf('long')).length, 1);
  },
);
