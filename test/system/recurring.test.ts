import assert from 'node:assert/strict';
import { until } from './finished.ts';
import { computerTest, type Machine, systemTest, traces } from './machine.ts';

const jobFile = '/root/tick.yaml';
const dropIns = '/etc/systemd/system';

interface Listed {
  readonly name: string;
  readonly schedule: string | null;
  readonly persistent: boolean | null;
  readonly randomDelayMs: number | null;
  readonly next: string | null;
  readonly last: string | null;
  readonly job: { readonly id: string; readonly outcome: string | null } | null;
  readonly flaw: string | null;
}

const listed = async (machine: Machine): Promise<readonly Listed[]> =>
  JSON.parse(await machine.must(['booty', 'schedule', 'list', '--json'])) as readonly Listed[];

/** What `booty schedule` is told, and has answered. */
const schedule = (machine: Machine, ...words: readonly string[]) => machine.exec(['booty', 'schedule', ...words]);

/** The ids that the timer's service has dropped, oldest first. */
async function dropped(machine: Machine, name: string): Promise<readonly string[]> {
  const journal = await machine.must(['journalctl', `--unit=booty-drop@${name}.service`, '--output=cat', '--no-pager']);
  return Array.from(
    journal.matchAll(new RegExp(`^recurring\\.dropped name=${name} id=(\\S+)$`, 'gm')),
    ([, id = '']) => id,
  );
}

const outcomesOf = async (machine: Machine, name: string): Promise<readonly string[]> =>
  (await machine.must(['ls', '/var/spool/booty/outcomes']))
    .split('\n')
    .flatMap((file) => (file.startsWith(`${name}-`) ? file.replace(/\.json$/, '') : []));

/** Everything that a schedule of this name could have left. */
const remains = (machine: Machine, name: string): Promise<string> =>
  machine.must(['sh', '-c', `find /etc/booty/recurring ${dropIns} /var/lib/systemd/timers -name '*${name}*'`]);

/** An expression for the second that is so far ahead, each day. */
const inSeconds = (seconds: number): string => {
  const at = new Date(Date.now() + seconds * 1000);
  return `*-*-* ${at.toISOString().slice(11, 19)} UTC`;
};

systemTest(
  'a recurring job runs at each elapse, waits in the spool while the supervisor is down, and recurs no more once it is removed',
  async (machine) => {
    const empty = await schedule(machine, 'list');
    assert.deepEqual([empty.status, empty.stdout], [0, '']);
    assert.match(empty.stderr, /^nothing recurs yet; .*booty schedule add/);

    await machine.write(jobFile, '# every second\nname: tick tock\nrun: "true"\n');
    const dry = await schedule(machine, 'add', 'tick', '*:*:*', jobFile, '--dry-run');
    assert.match(
      dry.stdout,
      /\/etc\/booty\/recurring\/tick\.yaml[^]*OnCalendar=\*:\*:\*[^]*systemctl enable --now booty-drop@tick\.timer[^]*next: /,
    );
    assert.equal(await remains(machine, 'tick'), '');
    const added = await schedule(machine, 'add', 'tick', '*:*:*', jobFile);
    assert.deepEqual([added.status, added.stderr], [0, '']);
    assert.match(added.stdout, /^tick is scheduled: \*:\*:\*\n {2}next: \w{3} \d{4}-/);
    assert.equal(
      await machine.must(['stat', '--format=%U %G %a', '/etc/booty/recurring/tick.yaml']),
      'root booty 640\n',
    );
    assert.equal(
      await machine.must(['cat', '/etc/booty/recurring/tick.yaml']),
      '# every second\nname: tick tock\nrun: "true"\n',
    );

    // No supervisor has run yet.
    const waiting = await until('two elapses', 30_000, async () => {
      const ids = await dropped(machine, 'tick');
      return ids.length >= 2 ? ids : null;
    });
    for (const id of waiting) await machine.must(['test', '-f', `/var/spool/booty/incoming/${id}.json`]);
    await machine.start();
    for (const id of waiting) assert.equal((await machine.outcome(id)).outcome, 'succeeded');

    // The last one, of this very second, may not have ended yet.
    const [row, ...others] = await until('a last one that has ended', 30_000, async () => {
      const rows = await listed(machine);
      return rows[0]?.job?.outcome ? rows : null;
    });
    assert.deepEqual(others, []);
    assert.deepEqual(
      {
        name: row?.name,
        schedule: row?.schedule,
        persistent: row?.persistent,
        outcome: row?.job?.outcome,
        flaw: row?.flaw,
      },
      { name: 'tick', schedule: '*:*:*', persistent: true, outcome: 'succeeded', flaw: null },
    );
    await until(
      'a line for people',
      30_000,
      async () =>
        /^NAME .*\ntick +\*:\*:\* .* succeeded +tick-\d{8}T/.test((await schedule(machine, 'list')).stdout) || null,
    );

    const unknown = await schedule(machine, 'remove', 'tikc');
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /no recurring job "tikc"[^]*did you mean tick\?/);
    // It goes on, and shows how time passes.
    await machine.must(['booty', 'schedule', 'add', 'tock', '*:*:*', '--', 'true']);
    const removed = await schedule(machine, 'remove', 'tick');
    assert.equal(removed.status, 0, removed.stderr);
    assert.match(removed.stdout, /booty-drop@tick\.timer is disabled; removed .*tick\.yaml and .*schedule\.conf/);
    assert.match(removed.stderr, /booty list --name "tick tock"/);
    assert.equal(await remains(machine, 'tick'), '');
    const last = await dropped(machine, 'tick');
    const { length } = await dropped(machine, 'tock');
    await until('three elapses', 30_000, async () =>
      (await dropped(machine, 'tock')).length >= length + 3 ? true : null,
    );
    assert.deepEqual(await dropped(machine, 'tick'), last, 'it recurs after its removal');
    // One elapse, one job.
    for (const id of last) assert.equal((await machine.outcome(id)).outcome, 'succeeded');
    assert.deepEqual([...(await outcomesOf(machine, 'tick'))].sort(), [...last].sort());
    assert.equal(new Set(last).size, last.length);
  },
);

systemTest(
  'what the timer drops is dropped once for each elapse, by a service that may do nothing else',
  async (machine) => {
    await machine.start();
    // The first start for an elapse drops the job and fails: systemd starts it again for the same elapse.
    await machine.write(
      `${dropIns}/booty-drop@.service.d/again.conf`,
      "[Service]\nRestart=on-failure\nRestartSec=500ms\nExecStartPost=+/bin/sh -c '[ -e /run/again ] || { touch /run/again; exit 1; }'\n",
    );
    await machine.must([
      'booty',
      'schedule',
      'add',
      'once',
      inSeconds(6),
      '--',
      'sh',
      '-c',
      `echo run >>${traces}/once`,
    ]);
    const drops = await until('it was repeated', 30_000, async () => {
      const text = await machine.must(['journalctl', '--unit=booty-drop@once.service', '--output=cat', '--no-pager']);
      return /^recurring\.repeated /m.test(text) ? text : null;
    });
    const [id = '', ...others] = await dropped(machine, 'once');
    assert.deepEqual(others, []);
    assert.match(drops, new RegExp(`^recurring\\.repeated name=once id=${id}$`, 'm'));
    assert.equal((await machine.outcome(id)).outcome, 'succeeded');
    assert.equal(await machine.must(['cat', `${traces}/once`]), 'run\n');
    assert.deepEqual(await outcomesOf(machine, 'once'), [id]);
    assert.equal(await machine.must(['ls', '/var/spool/booty/rejected']), '');

    const units = ['booty-drop@once.timer', 'booty-drop@once.service'] as const;
    const verified = await machine.exec(['systemd-analyze', 'verify', ...units]);
    assert.deepEqual({ status: verified.status, said: verified.stderr }, { status: 0, said: '' });
    const report = await machine.must(['systemd-analyze', 'security', '--no-pager', units[1]]);
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(report)?.[1]);
    assert.ok(exposure <= 0.3, `systemd-analyze security says ${exposure}:\n${report}`);

    // A spool that cannot be written to when the timer elapses again: the unit is failed, and says why.
    await machine.must(['systemctl', 'stop', 'booty']);
    await machine.must(['rm', '-r', `${dropIns}/booty-drop@.service.d`]);
    await machine.must(['systemctl', 'daemon-reload']);
    await machine.must(['mount', '-t', 'tmpfs', '-o', 'ro', 'closed', '/var/spool/booty/incoming']);
    await machine.must(['touch', '/var/lib/systemd/timers/stamp-booty-drop@once.timer']);
    assert.notEqual((await machine.exec(['systemctl', 'start', units[1]])).status, 0);
    assert.match(
      await machine.must(['journalctl', `--unit=${units[1]}`, '--priority=err', '--output=cat']),
      /cannot write to .*incoming \(EROFS\)/,
    );
    assert.match(await machine.must(['systemctl', '--failed', '--no-pager']), /booty-drop@once\.service/);
    assert.match(
      (await listed(machine))[0]?.flaw ?? '',
      /its last drop failed; journalctl --unit=booty-drop@once\.service/,
    );
    await machine.must(['umount', '/var/spool/booty/incoming']);
    // Started again, it makes up for that elapse, once; more often than systemd lets a service start by itself (5 in 10 s).
    for (let start = 0; start < 7; start += 1) await machine.must(['systemctl', 'start', units[1]]);
    const waiting = (await machine.must(['ls', '/var/spool/booty/incoming'])).trim().split('\n');
    assert.equal(waiting.length, 1, waiting.join());
    // By hand, as a member of the group: a job of its own.
    const { stdout } = await machine.as('alice', ['booty', 'schedule', 'drop', 'once']);
    assert.match(stdout, /^once-\d{8}T\d{6}-\w{6}\n$/);
    await machine.start();
    assert.equal((await machine.outcome(stdout.trim())).outcome, 'succeeded');
  },
);

systemTest(
  'a schedule that is refused, or cut off by systemctl, leaves nothing half, and says what to do',
  async (machine) => {
    await machine.write(jobFile, 'run: "true"\n');
    await machine.write('/root/named.yaml', 'run: "true"\nid: mine\n');
    await machine.write('/root/wrong.yaml', 'rum: "true"\n');
    const refusals: readonly (readonly [readonly string[], RegExp])[] = [
      [['a b', 'daily', jobFile], /name "a b" may have letters, digits and \. _ - only/],
      [
        ['nightly', '0 2 * * *', jobFile],
        /"0 2 \* \* \*" is not a calendar expression[^]*cron’s way[^]*'\*-\*-\* 02:00'/,
      ],
      [['nightly', 'every day', jobFile], /"every day" is not a calendar expression of systemd/],
      [['nightly', 'daily\nPersistent=no', jobFile], /is not a calendar expression/],
      [['nightly', '2020-01-01', jobFile], /never comes again/],
      [['nightly', 'daily', '/root/named.yaml'], /named\.yaml:2: a recurring job cannot have an id/],
      [['nightly', 'daily', '/root/wrong.yaml'], /wrong\.yaml:1.*rum[^]*run/],
      [['nightly', 'daily', jobFile, '--root', '/srv'], /not for \/srv/],
    ];
    for (const [words, says] of refusals) {
      const { status, stdout, stderr } = await schedule(machine, 'add', ...words);
      assert.ok(status === 1 || status === 2, `${words.join(' ')}: ${status}\n${stdout}`);
      assert.match(stderr, says);
    }
    const asUser = await machine.as('alice', [
      'booty',
      'schedule',
      'add',
      'nightly',
      '*-*-* 02:00',
      '--',
      'echo',
      'a b',
    ]);
    assert.equal(asUser.status, 1);
    assert.match(asUser.stderr, /sudo booty schedule add nightly '\*-\*-\* 02:00' -- echo 'a b'$/m);
    assert.equal(await remains(machine, 'nightly'), '');

    // It fails to enable a timer as often as the file says.
    const script = [
      '#!/bin/sh',
      'left=$(cat /opt/broken/times)',
      'if [ "$1" = enable ] && [ "$left" -gt 0 ]; then',
      '  echo $((left - 1)) >/opt/broken/times; echo "the bus broke" >&2; exit 1',
      'fi',
      'exec /usr/bin/systemctl "$@"',
    ];
    await machine.write('/opt/broken/systemctl', `${script.join('\n')}\n`, '0755');
    const broken = async (times: number, ...words: readonly string[]) => {
      await machine.write('/opt/broken/times', String(times));
      const path = 'PATH=/opt/broken:/usr/sbin:/usr/bin:/sbin:/bin';
      return machine.exec(['env', path, 'booty', 'schedule', 'add', ...words]);
    };
    const cutOff = await broken(1, 'nightly', 'daily', jobFile);
    assert.equal(cutOff.status, 1);
    assert.match(cutOff.stderr, /systemctl enable .*: the bus broke\n.*; everything is as it was before$/m);
    assert.equal(await remains(machine, 'nightly'), '');

    await machine.must([
      'booty',
      'schedule',
      'add',
      'nightly',
      'Mon 02:00',
      jobFile,
      '--random-delay',
      '10m',
      '--no-persistent',
    ]);
    const [before] = await listed(machine);
    assert.deepEqual(
      { schedule: before?.schedule, delay: before?.randomDelayMs, persistent: before?.persistent, last: before?.last },
      { schedule: 'Mon 02:00', delay: 600_000, persistent: false, last: null },
    );
    const again = await schedule(machine, 'add', 'nightly', 'daily', jobFile);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /nightly is scheduled already[^]*--replace/);
    const replacing = await broken(1, 'nightly', 'Tue 02:00', '--replace', '--', 'false');
    assert.match(replacing.stderr, /everything is as it was before/);
    const [kept] = await listed(machine);
    assert.deepEqual(
      { schedule: kept?.schedule, flaw: kept?.flaw, next: kept?.next?.slice(0, 10) },
      { schedule: 'Mon 02:00', flaw: null, next: before?.next?.slice(0, 10) },
    );
    assert.equal(await machine.must(['cat', '/etc/booty/recurring/nightly.yaml']), 'run: "true"\n');

    const cutTwice = await broken(2, 'nightly', 'Tue 02:00', '--replace', '--', 'false');
    assert.match(cutTwice.stderr, /could not be taken back: booty-drop@nightly\.timer \(.*the bus broke\)/);
    assert.match((await listed(machine))[0]?.flaw ?? '', /systemctl enable --now booty-drop@nightly\.timer/);

    // It elapses. A new time, which came between then and now, is not one that was missed.
    await machine.must(['booty', 'schedule', 'add', 'nightly', '*:*:*', jobFile, '--replace']);
    await until('it elapses', 30_000, async () => ((await dropped(machine, 'nightly')).length > 0 ? true : null));
    await machine.must(['systemctl', 'stop', 'booty-drop@nightly.timer']);
    const between = inSeconds(1);
    await machine.must(['booty', 'schedule', 'add', 'tock', '*:*:*', '--', 'true']);
    await until('two elapses', 30_000, async () => ((await dropped(machine, 'tock')).length >= 2 ? true : null));
    const elapsed = await dropped(machine, 'nightly');
    await machine.must(['booty', 'schedule', 'add', 'nightly', between, jobFile, '--replace']);
    const { length } = await dropped(machine, 'tock');
    await until('an elapse', 30_000, async () => ((await dropped(machine, 'tock')).length > length ? true : null));
    assert.deepEqual(await dropped(machine, 'nightly'), elapsed);
    assert.equal((await listed(machine))[0]?.last, null);
    await machine.must(['booty', 'schedule', 'remove', 'tock']);

    // What a power cut in the middle may leave: told, and mended by the same command.
    await machine.must(['rm', '/etc/booty/recurring/nightly.yaml']);
    assert.match((await listed(machine))[0]?.flaw ?? '', /there is no .*nightly\.yaml/);
    await machine.must(['booty', 'schedule', 'add', 'nightly', 'daily', jobFile]);
    assert.equal((await listed(machine))[0]?.flaw, null);
    await machine.must(['systemctl', 'disable', '--now', 'booty-drop@nightly.timer']);
    assert.match((await listed(machine))[0]?.flaw ?? '', /systemctl enable --now booty-drop@nightly\.timer/);
    await machine.must(['rm', '-r', `${dropIns}/booty-drop@nightly.timer.d`]);
    assert.match((await listed(machine))[0]?.flaw ?? '', /has a job file and no schedule/);
    await machine.must(['booty', 'schedule', 'remove', 'nightly']);
    assert.equal(await remains(machine, 'nightly'), '');
  },
);

computerTest(
  'a time that passed while the machine was off is made up for once at the next boot, unless that is turned off',
  async (computer) => {
    const first = await computer.boot();
    await first.must(['systemctl', 'enable', 'booty']);
    const when = inSeconds(8);
    await first.must(['booty', 'schedule', 'add', 'kept', when, '--', 'true']);
    await first.must(['booty', 'schedule', 'add', 'lost', when, '--no-persistent', '--', 'true']);
    await first.must(['booty', 'schedule', 'add', 'tock', '*:*:*', '--', 'true']);
    assert.deepEqual(await dropped(first, 'kept'), [], 'it elapsed before the machine was off');
    await first.stop();
    await until('the time has passed', 20_000, () =>
      new Date().toISOString().slice(11, 19) > when.slice(6, 14) ? true : null,
    );

    const second = await computer.boot();
    const [ended] = await second.journal.lines(/^job\.ended .*\bname=kept\b/, 1);
    assert.match(ended?.message ?? '', /outcome=succeeded/);
    const { length } = await dropped(second, 'tock');
    await until('three elapses', 30_000, async () =>
      (await dropped(second, 'tock')).length >= length + 3 ? true : null,
    );
    assert.equal((await dropped(second, 'kept')).length, 1);
    assert.equal((await outcomesOf(second, 'kept')).length, 1);
    assert.deepEqual(await dropped(second, 'lost'), []);
    const rows = await listed(second);
    assert.deepEqual(
      rows.map(({ name, flaw }) => [name, flaw]),
      [
        ['kept', null],
        ['lost', null],
        ['tock', null],
      ],
    );
  },
);
