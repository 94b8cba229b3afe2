import assert from 'node:assert/strict';
import { checkout } from './container.ts';
import { until } from './finished.ts';
import { endOf, type Machine, systemTestOn, traces } from './machine.ts';

/** A file that its job waits for. */
const go = `${traces}/go`;
const cgroups = '/sys/fs/cgroup/system.slice/booty.service';

/** Tells of each of its attempts by a line with its pid, and whether an earlier one lives still. */
const traced = (id: string, script: string): string =>
  `for pid in $(cat ${traces}/${id} 2>/dev/null); do ! kill -0 $pid 2>/dev/null || echo ${id} >>${traces}/overlaps; done; echo $$ >>${traces}/${id}; ${script}`;

const jobs: Readonly<Record<string, string>> = {
  talker: `run: >-\n  ${traced('talker', `i=0; until [ -e ${go} ]; do i=$((i + 1)); echo $i; sleep 0.01; done; echo last $i; exit 7`)}`,
  piped: `steps:
  - { name: one, run: echo first }
  - name: two
    run: >-
      ${traced('piped', `until [ -e ${go} ]; do sleep 0.05; done; echo second`)}
  - { name: three, run: 'echo third; echo sum=3 >>"$BOOTY_OUTPUT"' }`,
  gone: `run: >-\n  ${traced('gone', `until [ -e ${traces}/end-gone ]; do sleep 0.05; done; echo was gone`)}`,
  keeps: `run: >-\n  ${traced('keeps', `file=$(mktemp); echo x >/dev/shm/kept; until [ -e ${go} ]; do sleep 0.05; done; ls $file /dev/shm/kept`)}`,
  limited: `timeout: 12s\nrun: >-\n  ${traced('limited', 'sleep 600')}`,
  unwanted: `run: >-\n  ${traced('unwanted', 'sleep 600')}`,
};

const attemptsOf = async (machine: Machine, id: string): Promise<readonly string[]> =>
  (await machine.must(['cat', `${traces}/${id}`])).trim().split('\n');

async function begin(machine: Machine, id: string, job: string): Promise<void> {
  await machine.drop(`${id}.yaml`, `id: ${id}\n${job}\n`);
  await until(`${id} runs`, 20_000, async () =>
    (await machine.exec(['test', '-s', `${traces}/${id}`])).status === 0 ? true : null,
  );
}

const logOf = async (machine: Machine, id: string): Promise<readonly string[]> =>
  (await machine.must(['booty', 'logs', id])).trimEnd().split('\n');

const members = async (machine: Machine, group: string): Promise<readonly string[]> =>
  (await machine.must(['sh', '-c', `find ${cgroups}/${group} -name cgroup.procs -exec cat {} + 2>/dev/null; true`]))
    .split('\n')
    .filter(Boolean);

const kill = (machine: Machine, pid: string): Promise<string> => machine.must(['sh', '-c', `kill -KILL ${pid}`]);

const supervisorOf = async (machine: Machine): Promise<string> => (await machine.unit('MainPID')).MainPID ?? '';

systemTestOn('trixie', 'a restart neither ends nor doubles what runs', async (machine) => {
  await machine.write('/etc/booty/secrets.env', 'SENTRY_DSN=http://key@127.0.0.1:9/1\n', '0600');
  await machine.write('/etc/booty/booty.yaml', 'concurrency: { pipeline: 8 }\ndrain: { limit: 1s }\n');
  await machine.start();
  for (const [id, job] of Object.entries(jobs)) await begin(machine, id, job);

  // One of them ends while there is no supervisor.
  const slow = '/etc/systemd/system/booty.service.d/slow.conf';
  await machine.write(slow, '[Service]\nExecStartPre=/bin/sleep 2\n');
  await machine.must(['systemctl', 'daemon-reload']);
  await machine.must(['systemctl', 'restart', '--no-block', 'booty']);
  await machine.journal.line(/^supervisor\.kept pid=\d+ attempts=6$/);
  await machine.journal.line(/^supervisor\.stopped\b/);
  await machine.must(['touch', `${traces}/end-gone`]);
  await machine.journal.line(/^was gone$/);
  await machine.journal.line(/^keeper\.adopted pid=\d+ attempts=6$/);
  const gone = await machine.outcome('gone');
  assert.deepEqual([gone.outcome, gone.attempt], ['succeeded', 1]);
  const readied = machine.journal.entries.findIndex(({ message }) => message.startsWith('keeper.adopted'));
  const printed = machine.journal.entries.findIndex(({ message }) => message === 'was gone');
  assert.ok(printed < readied, 'it had ended before the next supervisor was there');
  await machine.must(['rm', slow]);
  await machine.must(['systemctl', 'daemon-reload']);

  // To another build, and again, with something of its own.
  await machine.must(['sh', `${checkout}/scripts/install.sh`], { timeoutMs: 120_000 });
  await machine.must(['systemctl', 'restart', 'booty']);
  await begin(machine, 'later', `run: >-\n  ${traced('later', 'sleep 600')}`);
  const before = await Promise.all([...Object.keys(jobs), 'later'].map((id) => attemptsOf(machine, id)));
  await machine.must(['systemctl', 'restart', 'booty']);
  await machine.journal.lines(/^supervisor\.ready\b/, 4);
  assert.equal((await members(machine, 'keepers')).length, 2);

  // Cancelled, out of time, crashed, and done.
  assert.equal((await machine.exec(['booty', 'cancel', 'unwanted'])).status, 0);
  assert.equal((await machine.outcome('unwanted')).outcome, 'cancelled');
  const limited = await machine.outcome('limited');
  assert.deepEqual([limited.outcome, limited.cause, limited.attempt], ['crashed', 'timeout', 1]);
  await machine.must(['touch', go]);
  const talker = await machine.outcome('talker');
  assert.deepEqual(
    [talker.outcome, talker.cause, talker.exitCode, talker.attempt],
    ['crashed', 'exit-code', 7, 1],
    JSON.stringify(talker),
  );
  const said = await logOf(machine, 'talker');
  const count = said.length - 1;
  assert.ok(count > 300, `${count} lines`);
  assert.deepEqual(
    said,
    [...Array.from({ length: count }, (_, index) => String(index + 1)), `last ${count}`],
    'its output has holes',
  );
  const captured = machine.journal.entries.findIndex(({ message }) => /^crash\.captured .*\bid=talker\b/.test(message));
  const told = machine.journal.entries.findIndex(({ message }) => endOf('talker').test(message));
  assert.ok(captured >= 0 && captured < told, 'its crash is captured before it is told');
  const piped = await machine.outcome('piped');
  assert.deepEqual([piped.outcome, piped.attempt], ['succeeded', 1]);
  assert.deepEqual(await logOf(machine, 'piped'), ['first', 'second', 'third']);
  assert.match(await machine.must(['booty', 'show', '--json', 'piped']), /"sum": *"3"/);
  assert.equal((await machine.outcome('keeps')).outcome, 'succeeded', 'its files were removed under its hands');
  assert.deepEqual(
    await Promise.all([...Object.keys(jobs), 'later'].map((id) => attemptsOf(machine, id))),
    before,
    'each has run once',
  );

  assert.deepEqual(machine.journal.matching(/^attempt\.abandoned\b/), []);

  // Who keeps it dies: it is lost, and runs again, once it is proven gone.
  for (const pid of await members(machine, 'keepers')) await kill(machine, pid);
  await machine.journal.line(/^keeper\.lost pid=\d+ attempts=1$/);
  await machine.journal.lines(/^attempt\.started .*\bid=later\b/, 2);
  await until('later runs again', 20_000, async () =>
    (await attemptsOf(machine, 'later')).length === 2 ? true : null,
  );

  // The supervisor dies beside a keeper: what that has goes on, its own is lost.
  await machine.must(['systemctl', 'restart', 'booty']);
  await begin(machine, 'own', `run: >-\n  ${traced('own', 'sleep 600')}`);
  const keeper = await members(machine, 'keepers');
  assert.equal(keeper.length, 1);
  await machine.drop('killer.yaml', `id: killer\nrun: kill -KILL ${keeper[0]}\n`);
  assert.equal((await machine.outcome('killer')).outcome, 'crashed', 'a job can kill who keeps others');
  await machine.journal.line(/Operation not permitted/);
  await kill(machine, await supervisorOf(machine));
  await machine.journal.lines(/^attempt\.started .*\bid=own\b/, 2);
  assert.deepEqual(await members(machine, 'keepers'), keeper);
  assert.equal((await attemptsOf(machine, 'later')).length, 2);

  // A stop ends everything.
  await machine.must(['systemctl', 'stop', 'booty']);
  assert.deepEqual(await members(machine, '.'), []);
  const unit = await machine.unit('ActiveState', 'Result', 'NFileDescriptorStore');
  assert.deepEqual(unit, { ActiveState: 'inactive', Result: 'success', NFileDescriptorStore: '0' });
  await machine.journal.line(/^attempt\.ended .*\bid=later\b.*\boutcome=interrupted\b/);

  // Also where the supervisor has no time for it.
  await machine.start();
  await machine.journal.lines(/^attempt\.started .*\bid=later\b/, 3);
  await machine.must(['systemctl', 'restart', 'booty']);
  await begin(machine, 'last', `run: >-\n  ${traced('last', 'sleep 600')}`);
  assert.equal((await members(machine, 'keepers')).length, 1);
  await machine.must(['systemctl', 'stop', '--no-block', 'booty']);
  await kill(machine, await supervisorOf(machine));
  await until('nothing is left', 15_000, async () => ((await members(machine, '.')).length === 0 ? true : null));

  // Where it cannot be, a restart drains.
  await machine.write('/etc/systemd/system/booty.service.d/mixed.conf', '[Service]\nKillMode=mixed\n');
  await machine.must(['systemctl', 'daemon-reload']);
  await machine.must(['systemctl', 'reset-failed', 'booty']);
  await machine.start();
  await begin(machine, 'drained', `run: >-\n  ${traced('drained', 'sleep 600')}`);
  await machine.must(['systemctl', 'restart', 'booty']);
  await machine.journal.line(/^keeping\.refused why="KillMode=mixed, and not process"$/);
  await machine.journal.line(/^attempt\.ended .*\bid=drained\b.*\boutcome=interrupted\b/);
  assert.equal((await machine.exec(['test', '-e', `${traces}/overlaps`])).status, 1, 'two attempts at a time');
});
