import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, type OutcomeFile, systemTestOnEach } from './machine.ts';

const dropIn = readFileSync(join(import.meta.dirname, '../../systemd/drop-ins/isolation.conf'), 'utf8');
const slice = '/sys/fs/cgroup/booty.slice';
const canary = 'bootycanary7f3a91c2';
/** What a shell, or systemd, would take for something else. */
const lines = 'it\'s\n"two" $HOME $$ %n \\ `id` \n\n';

const logOf = (machine: Machine, id: string, attempt = 1): Promise<string> =>
  machine.must(['cat', `/var/lib/booty/jobs/${id}/${attempt}.log`]);

/** As root, whose jobs may have secrets. */
async function drop(machine: Machine, id: string, job: object): Promise<void> {
  const script = 'cd /var/spool/booty/incoming && cat >".$1" && mv ".$1" "$1"';
  await machine.must(['sh', '-c', script, 'drop', `${id}.json`], { input: JSON.stringify({ id, ...job }) });
}

async function run(machine: Machine, id: string, job: object): Promise<OutcomeFile> {
  await drop(machine, id, job);
  return machine.outcome(id);
}

/** Waits until a unit's job has said so in its log. */
const said = (machine: Machine, id: string, word = 'ready'): Promise<string> =>
  machine.must(['sh', '-c', `until grep -qx ${word} /var/lib/booty/jobs/${id}/1.log 2>/dev/null; do sleep 0.05; done`]);

/** Units of jobs that there are, in whatever state; and what they leave beside. */
async function left(machine: Machine): Promise<string> {
  const units = await machine.must(['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'booty:*']);
  const files = await machine.must(['sh', '-c', `ls /run/booty/units; ls -d ${slice}/booty:* 2>/dev/null || true`]);
  return (units + files).trim();
}

/** Neither of the units nor of the processes that the jobs had started. */
async function assertNothingLeft(machine: Machine): Promise<void> {
  assert.equal(await left(machine), '');
  assert.notEqual((await machine.exec(['sh', '-c', 'grep -qsx sleep /proc/[0-9]*/comm'])).status, 0);
}

async function refusedElsewhere(machine: Machine): Promise<void> {
  await machine.start();
  await machine.drop('walls.json', JSON.stringify({ id: 'unwalled', run: 'true', isolation: 'unit' }));
  await machine.journal.line(/^job\.refused file=walls\.json/);
  const reason = await machine.must(['sh', '-c', 'cat /var/spool/booty/rejected/*walls.json*.reason.json']);
  assert.match(reason, /ISOLATION_UNAVAILABLE/);
  assert.match(reason, /only a supervisor that runs as root may start units/);
  assert.match(reason, /isolation\.conf/);
}

async function becomeRoot(machine: Machine): Promise<void> {
  await machine.must(['booty', 'pause']);
  await machine.drop('earlier.yaml', 'id: earlier\nrun: cat /proc/self/cgroup\n');
  await machine.journal.line(/^job\.accepted id=earlier\b/);
  await machine.write('/etc/systemd/system/booty.service.d/isolation.conf', dropIn);
  await machine.write(
    '/etc/booty/booty.yaml',
    'concurrency: { pipeline: 4 }\ndefaults: { isolation: unit, killGrace: 1s }\n',
  );
  await machine.write('/etc/booty/secrets.env', `TOKEN=${canary}\n`, '0600');
  await machine.must(['systemctl', 'daemon-reload']);
  await machine.must(['systemctl', 'restart', 'booty']);
  // What was accepted for an ordinary user does not run as root.
  await machine.must(['booty', 'resume']);
  assert.equal((await machine.outcome('earlier')).outcome, 'succeeded');
  assert.match(await logOf(machine, 'earlier'), /^0::\/booty\.slice\/booty:earlier:1:0\.service$/m);
}

/** What it can reach, and what it cannot, each line as `name: answer`. */
const probe = [
  'try() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "$name: yes"; else echo "$name: no"; fi; }',
  'echo "uid: $(id -u)"',
  'echo "cgroup: $(cat /proc/self/cgroup)"',
  'echo "net: $(readlink /proc/self/ns/net)"',
  'echo "jobs: $(ls /var/lib/booty/jobs)"',
  'try "own workdir" touch mine',
  'try "own output" sh -c \'echo "a=b" >>"$BOOTY_OUTPUT"\'',
  // Opened again: the pipe was made by another user.
  'echo again >/dev/stderr',
  'try "own log" rm -f ../1.log',
  'try "own log moved" mv ../1.log ../2.log',
  'try "workdir moved" mv ../work ../elsewhere',
  'try "machine’s tmp" test -e /tmp/of-the-machine',
  'try ledger cat /var/lib/booty/ledger.db',
  'try spool ls /var/spool/booty',
  'try socket test -r /run/booty/booty.sock',
  'try secrets cat /etc/booty/secrets.env',
  'try handed-over ls /run/booty/units',
  'try "write elsewhere" touch /srv/traces/x /var/tmp/../mine',
  `try "leave its cgroup" sh -c 'echo 0 >${slice}/cgroup.procs'`,
  'try "become root" sh -c \'[ "$(suid-id -u)" = 0 ]\'',
  'try namespaces unshare --user true',
  "try supervisor sh -c 'cat /proc/[0-9]*/cmdline | grep -q [s]upervise'",
].join('\n');

async function behindWalls(machine: Machine): Promise<void> {
  await machine.must(['sh', '-c', 'touch /tmp/of-the-machine; chmod 777 /srv/traces']);
  await machine.must(['sh', '-c', 'install --mode=4755 /usr/bin/id /usr/local/bin/suid-id']);
  const ended = await run(machine, 'walls', { run: probe });
  const log = await logOf(machine, 'walls');
  assert.equal(ended.outcome, 'succeeded', log);
  const answers = new Map(log.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]));
  const uid = Number(answers.get('uid'));
  assert.ok(uid >= 61184 && uid <= 65519, `a user of systemd's: ${uid}`);
  assert.equal(answers.get('jobs'), 'walls');
  const can = [...answers].flatMap(([name, answer]) => (answer === 'yes' ? name : []));
  assert.deepEqual(can, ['own workdir', 'own output'], log);
  assert.match(log, /^again$/m);
  assert.equal((await machine.must(['readlink', '/proc/1/ns/net'])).trim(), answers.get('net'));
  await run(machine, 'offline', { run: probe, isolation: 'offline-unit' });
  assert.doesNotMatch(
    await logOf(machine, 'offline'),
    new RegExp(`net: ${answers.get('net')?.replaceAll(/[[\]]/g, '\\$&')}`),
  );
}

/** Everybody can read the properties of a unit. */
async function secretsStaySecret(machine: Machine): Promise<void> {
  await drop(machine, 'secret', {
    secrets: ['TOKEN'],
    env: { LINES: lines },
    limits: { memory: '64M', cpu: '50%', tasks: 20 },
    run: `printf '%s|%s' "$TOKEN" "$LINES" | md5sum; echo ready; exec sleep 60`,
    timeout: '20s',
  });
  await said(machine, 'secret');
  const shown = await machine.must(['systemctl', 'show', 'booty:secret:1:0.service'], { user: 'mallory' });
  assert.match(shown, /^DynamicUser=yes$/m);
  // A container has no controllers: that they reach systemd is all that can be seen here.
  for (const limit of ['MemoryMax=67108864', 'MemorySwapMax=0', 'CPUQuotaPerSecUSec=500ms', 'TasksMax=20'])
    assert.match(shown, new RegExp(`^${limit}$`, 'm'));
  assert.doesNotMatch(shown, new RegExp(canary));
  const places = ['/run/booty', '/run/systemd/transient', '/var/lib/booty'];
  assert.equal((await machine.exec(['grep', '-rqs', canary, ...places])).status, 1);
  const seen = await machine.as('alice', ['booty', 'logs', 'secret']);
  assert.match(seen.stdout, /^ready$/m, seen.stderr);
  await machine.must(['booty', 'cancel', 'secret']);
  assert.equal((await machine.outcome('secret')).outcome, 'cancelled');
  const sum = createHash('md5').update(`${canary}|${lines}`).digest('hex');
  assert.ok((await logOf(machine, 'secret')).includes(sum), 'it got the secret, and the variable, as they stand');
}

async function toldLikeOthers(machine: Machine): Promise<void> {
  await machine.must(['install', '--mode=0700', '/usr/bin/true', '/usr/local/bin/roots-own']);
  const busy = { run: 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exit 203' };
  const ends = await Promise.all([
    run(machine, 'code', busy),
    run(machine, 'signal', { run: 'kill -SEGV $$' }),
    run(machine, 'absent', { command: ['no-such-program'] }),
    run(machine, 'closed', { command: ['roots-own'] }),
    run(machine, 'dollars', { command: ['sh', '-c', 'test "$1" = \'$HOME %n ${x} "\'', 'sh', '$HOME %n ${x} "'] }),
    run(machine, 'script', { script: '#!/usr/bin/perl\nexit 7;\n' }),
    run(machine, 'slow', { run: 'sleep 60', timeout: '500ms' }),
    run(machine, 'steps', {
      steps: [
        { run: 'umask 077; echo one >file; (trap "" TERM; sleep 62) >/dev/null 2>&1 & echo started' },
        {
          run: 'if rm -f ../1.log 2>/dev/null; then exit 9; fi; test "$(cat file)" = one; echo two >file; echo "left=$(cat file)" >>"$BOOTY_OUTPUT"',
        },
      ],
      verify: { run: 'test "$(cat file)" = two' },
    }),
  ]);
  assert.deepEqual(
    ends.map(({ id, outcome, cause, exitCode }) => [id, outcome, cause, exitCode].join(' ').trim()),
    [
      'code crashed exit-code 203',
      'signal crashed signal',
      'absent crashed spawn',
      'closed crashed spawn',
      'dollars succeeded  0',
      'script crashed exit-code 7',
      'slow crashed timeout',
      'steps succeeded  0',
    ],
  );
  const logs = await machine.as('alice', ['booty', 'logs', 'steps']);
  assert.match(logs.stdout, /^started$/m, logs.stderr);
  const directory = ['stat', '--format=%a %U:%G', '/var/lib/booty/jobs/steps'] as const;
  assert.equal(await machine.must(directory), '750 root:booty\n');
  const shown = await machine.must(['booty', 'show', 'code']);
  assert.match(shown, /cpu [\d.]*[1-9]/);
  assert.match(shown, /^isolation +unit$/m);
  await assertNothingLeft(machine);
}

async function endedThoughDeaf(machine: Machine): Promise<void> {
  await drop(machine, 'deaf', { run: 'trap "" TERM; (setsid sleep 61 &); echo ready; sleep 60' });
  await said(machine, 'deaf');
  await machine.must(['booty', 'cancel', 'deaf']);
  const { outcome, durationMs } = await machine.outcome('deaf');
  assert.equal(outcome, 'cancelled');
  assert.ok(durationMs < 30_000, `it was ended, and did not end by itself: ${durationMs} ms`);
  await assertNothingLeft(machine);
}

/** Its output is whole, and how it ended is told, though who started it is gone. */
async function outlivesItsStarter(machine: Machine): Promise<void> {
  await drop(machine, 'starter', { run: 'echo ready; sleep 2; echo after; exit 5' });
  await said(machine, 'starter');
  await machine.must(['sh', '-c', 'kill -KILL $(grep -lx systemd-run /proc/[0-9]*/comm | tr -dc "0-9\\n")']);
  assert.equal((await machine.outcome('starter')).exitCode, 5);
  assert.match(await logOf(machine, 'starter'), /^after$/m);
}

/** Also where others would go on over a restart: it ends with the service, and runs again. */
async function interruptedByARestart(machine: Machine): Promise<void> {
  await machine.write('/etc/booty/booty.yaml', 'drain: { limit: 1s }\ndefaults: { isolation: unit, killGrace: 1s }\n');
  await machine.must(['systemctl', 'reload', 'booty']);
  await drop(machine, 'again', {
    run: `ls ${slice} | grep ^booty:; test "$BOOTY_ATTEMPT" -gt 1 || { echo ready; sleep 60; }`,
  });
  await said(machine, 'again');
  await machine.must(['systemctl', 'restart', 'booty']);
  const ended = await machine.outcome('again');
  assert.deepEqual([ended.outcome, ended.attempt, ended.attempts[0]?.outcome], ['succeeded', 2, 'interrupted']);
  assert.equal((await logOf(machine, 'again', 2)).trim(), 'booty:again:2:0.service');
  assert.equal(await left(machine), '');
}

async function neverTwoAtATime(machine: Machine): Promise<void> {
  // systemd ends what is bound to a service that has died, and takes this long over it: who is quicker is the next supervisor.
  await machine.write('/etc/booty/booty.yaml', 'defaults: { isolation: unit, killGrace: 60s }\n');
  await machine.must(['systemctl', 'reload', 'booty']);
  await drop(machine, 'lost', {
    run: `ls ${slice} | grep ^booty:; test "$BOOTY_ATTEMPT" -gt 1 || { trap "" TERM; echo ready; while :; do sleep 1; done; }`,
  });
  await said(machine, 'lost');
  await machine.must(['systemctl', 'kill', '--signal=KILL', '--kill-whom=main', 'booty']);
  const ended = await machine.outcome('lost');
  assert.deepEqual([ended.outcome, ended.attempt], ['succeeded', 2]);
  assert.equal((await logOf(machine, 'lost', 2)).trim(), 'booty:lost:2:0.service');
  assert.equal(await left(machine), '');
}

systemTestOnEach(
  'a job that asks for it runs as a unit of its own, and is ended, told and found again like any other',
  async (machine) => {
    await refusedElsewhere(machine);
    await becomeRoot(machine);
    await behindWalls(machine);
    await secretsStaySecret(machine);
    await toldLikeOthers(machine);
    await endedThoughDeaf(machine);
    await outlivesItsStarter(machine);
    await interruptedByARestart(machine);
    await neverTwoAtATime(machine);
  },
);
