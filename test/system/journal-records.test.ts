import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageIds } from '../../src/journal/message-ids.ts';
import { until } from './finished.ts';
import { type Machine, systemTest, systemTestOnEach } from './machine.ts';

type Entry = Readonly<Record<string, string | undefined>>;

/** What journalctl finds, oldest first. */
async function found(machine: Machine, ...query: readonly string[]): Promise<readonly Entry[]> {
  await machine.must(['journalctl', '--sync']);
  const text = await machine.must(['journalctl', '--output=json', '--no-pager', '--all', ...query]);
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}

/** The queries of docs/OPERATIONS.md but for those that follow; about the job of the first test. */
const documented: readonly string[] = [
  ...readFileSync(join(import.meta.dirname, '../../docs/OPERATIONS.md'), 'utf8').matchAll(/`(journalctl [^`]+)`/g),
].flatMap(([, query = '']) => (/ -f$|…|booty-drop/.test(query) ? [] : [query]));

const storyOf = async (machine: Machine, id: string): Promise<string[]> =>
  (await found(machine, `BOOTY_JOB_ID=${id}`)).map(
    (entry) => entry.BOOTY_EVENT ?? `${entry.BOOTY_STEP}: ${entry.MESSAGE}`,
  );

systemTestOnEach(
  'journalctl BOOTY_JOB_ID=… tells the whole story of a job in order, and journalctl -x explains it',
  async (machine) => {
    // Nobody listens there: events wait in the outbox.
    await machine.write('/etc/booty/secrets.env', 'SENTRY_DSN=http://key@127.0.0.1:9/1\n', '0600');
    await machine.start();
    await machine.drop(
      'tale.yaml',
      `id: nightly-2026-11-24
name: nightly-backup
tags: { team: data }
steps:
  - { name: dump, run: 'echo dumping; printf "no end"' }
  - { name: load, run: 'echo "bad row" >&2; exit 3' }
`,
    );
    await machine.outcome('nightly-2026-11-24');
    assert.deepEqual(await storyOf(machine, 'nightly-2026-11-24'), [
      'job.accepted',
      'attempt.started',
      'dump: dumping',
      'dump: no end',
      'load: bad row',
      'crash.captured',
      'job.ended',
    ]);
    const entries = await found(machine, 'BOOTY_TAG_TEAM=data', 'BOOTY_KIND=pipeline');
    assert.equal(entries.length, 6);
    for (const entry of entries) {
      assert.equal(entry.BOOTY_JOB_NAME, 'nightly-backup');
      assert.equal(entry._SYSTEMD_UNIT, 'booty.service');
      assert.equal(entry._TRANSPORT, 'journal');
    }
    const [captured] = await found(machine, `MESSAGE_ID=${messageIds['crash.captured']}`);
    assert.match(captured?.SENTRY_EVENT_ID ?? '', /^[0-9a-f]{32}$/);
    const byEvent = await found(machine, `SENTRY_EVENT_ID=${captured?.SENTRY_EVENT_ID}`);
    assert.deepEqual(
      byEvent.map(({ BOOTY_EVENT, PRIORITY, BOOTY_OUTCOME }) => [BOOTY_EVENT, PRIORITY, BOOTY_OUTCOME]),
      [
        ['crash.captured', '6', undefined],
        ['job.ended', '3', 'crashed'],
      ],
    );
    const errors = await found(machine, '--priority=err', '--identifier=booty');
    assert.deepEqual(
      errors.map(({ BOOTY_EVENT }) => BOOTY_EVENT),
      ['job.ended'],
    );
    const printed = await found(machine, '--identifier=booty/nightly-backup');
    assert.deepEqual(
      printed.map(({ MESSAGE }) => MESSAGE),
      ['dumping', 'no end', 'bad row'],
    );
    const explained = await machine.must(['journalctl', '-x', '--no-pager', `MESSAGE_ID=${messageIds['job.ended']}`]);
    assert.match(explained, /Subject: Job nightly-2026-11-24 has ended: crashed\n/);
    assert.match(explained, /booty show nightly-2026-11-24/);
    assert.ok(documented.length >= 10, documented.join());
    for (const query of documented) {
      const shown = await machine.exec(['sh', '-c', `${query} --no-pager --quiet`]);
      assert.equal(shown.stderr, '', query);
      if (!/SENTRY_EVENT_ID|control\.done|trouble\./.test(query)) assert.notEqual(shown.stdout, '', query);
    }
    await machine.must(['systemctl', 'stop', 'booty']);
    const last = await found(machine, '--unit=booty', `MESSAGE_ID=${messageIds['supervisor.stopped']}`);
    assert.equal(last.length, 1, 'the last record bears the name of the unit');
  },
);

systemTest(
  'while journald is stopped jobs run and end as ever; then it gets every event, and a count of the lines that it missed',
  async (machine) => {
    await machine.start();
    const journald = (
      await machine.must(['systemctl', 'show', '--value', '--property=MainPID', 'systemd-journald'])
    ).trim();
    assert.match(journald, /^\d+$/);
    const quick = Array.from({ length: 30 }, (_, index) => `quick-${index}`);
    const drop = [
      'cd /var/spool/booty/incoming',
      'put() { printf "id: %s\\nrun: %s\\n" "$1" "$2" >".$1.new" && mv ".$1.new" "$1.yaml"; }',
      'put flood "seq 300000"',
      'for n in $(seq 0 29); do put "quick-$n" "echo $n"; done',
    ].join('\n');
    await machine.must(['sh', '-c', `kill -STOP ${journald}`]);
    try {
      const began = Date.now();
      await machine.must(['sh', '-c', drop]);
      const outcomes = ['flood', ...quick].map((id) => `/var/spool/booty/outcomes/${id}.json`);
      await until('all outcomes are there', 60_000, async () => {
        const listed = await machine.exec(['ls', ...outcomes]);
        return listed.status === 0 || null;
      });
      assert.ok(Date.now() - began < 60_000);
      const state = (await machine.must(['cat', `/proc/${journald}/status`])).match(/^State:\s+(\S)/m)?.[1];
      assert.equal(state, 'T', 'it has been stopped all the while');
      const log = await machine.must(['sh', '-c', 'booty logs flood | tail --lines=1']);
      assert.equal(log, '300000\n');
    } finally {
      await machine.must(['sh', '-c', `kill -CONT ${journald}`]);
    }
    for (const id of [...quick, 'flood']) await machine.outcome(id);
    for (const id of quick)
      assert.deepEqual(await storyOf(machine, id), [
        'job.accepted',
        'attempt.started',
        `main: ${id.slice('quick-'.length)}`,
        'job.ended',
      ]);
    const count = 'journalctl --output=cat --no-pager BOOTY_JOB_ID=flood BOOTY_STREAM=stdout | wc --lines';
    const lines = Number(await machine.must(['sh', '-c', count]));
    assert.ok(lines >= 10_000, `${lines} lines`);
    const told = await found(machine, 'BOOTY_JOB_ID=flood', `MESSAGE_ID=${messageIds['output.dropped']}`);
    const lost = told.reduce((sum, { BOOTY_LINES }) => sum + Number(BOOTY_LINES), 0);
    assert.ok(lost > 0);
    assert.equal(lines + lost, 300_000);
    assert.deepEqual(machine.journal.matching(/Suppressed \d+ messages/), []);
  },
);
