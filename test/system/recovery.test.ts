import assert from 'node:assert/strict';
import { endOf, type Machine, systemTest, systemTestOnEach, traces } from './machine.ts';

const ids = ['one', 'two', 'three', 'four', 'five', 'six'];

/** A job that tells of each of its runs: `start`, then, once it may go on, `end`. */
const traced = (id: string): string =>
  `id: ${id}\nrun: echo start >>${traces}/${id}; until [ -e ${traces}/go ]; do sleep 0.05; done; echo end >>${traces}/${id}\n`;

const traceOf = async (machine: Machine, id: string): Promise<string> =>
  (await machine.must(['cat', `${traces}/${id}`])).trim().replaceAll('\n', ' ');

systemTestOnEach(
  'a supervisor that is killed with jobs running is started again, and every job reaches exactly one outcome',
  async (machine) => {
    await machine.start();
    for (const id of ids) await machine.drop(`${id}.yaml`, traced(id));
    await machine.journal.lines(/^job\.accepted /, ids.length);
    const started = await machine.journal.lines(/^attempt\.started /, 2);
    const running = started.map((entry) => /\bid=(\S+)/.exec(entry.message)?.[1]);
    for (const id of running) await machine.must(['sh', '-c', `until [ -e ${traces}/${id} ]; do sleep 0.05; done`]);

    await machine.must(['systemctl', 'kill', '--signal=KILL', '--kill-whom=main', 'booty']);
    await machine.journal.lines(/^supervisor\.ready\b/, 2);
    assert.equal((await machine.unit('NRestarts')).NRestarts, '1');
    await machine.must(['touch', `${traces}/go`]);

    for (const id of ids) {
      const wasRunning = running.includes(id);
      const ended = await machine.outcome(id);
      const attempts = wasRunning ? 2 : 1;
      assert.deepEqual(
        { id, outcome: ended.outcome, attempt: ended.attempt, attempts: ended.attempts.length },
        { id, outcome: 'succeeded', attempt: attempts, attempts },
      );
      assert.equal(await traceOf(machine, id), wasRunning ? 'start start end' : 'start end', id);
      if (wasRunning) assert.equal(ended.attempts[0]?.cause, 'lost', id);
    }
    for (const id of ids)
      assert.equal(machine.journal.matching(endOf(id)).length, 1, `${id} ended more or less than once`);
    const files = (await machine.must(['ls', '/var/spool/booty/outcomes'])).trim().split('\n');
    assert.deepEqual(files.sort(), ids.map((id) => `${id}.json`).sort());
  },
);

systemTest(
  'a defect of Booty ends it with status 70, systemd starts it again, and its jobs are carried on',
  async (machine) => {
    await machine.write(
      '/opt/defect.mjs',
      "process.once('SIGUSR2', () => { throw new Error('a defect, made by the test'); });\n",
    );
    await machine.write(
      '/etc/systemd/system/booty.service.d/defect.conf',
      '[Service]\nEnvironment=NODE_OPTIONS=--import=/opt/defect.mjs\n',
    );
    await machine.must(['systemctl', 'daemon-reload']);
    await machine.start();
    await machine.drop('carried.yaml', traced('carried'));
    await machine.must(['sh', '-c', `until [ -e ${traces}/carried ]; do sleep 0.05; done`]);

    await machine.must(['systemctl', 'kill', '--signal=USR2', '--kill-whom=main', 'booty']);
    await machine.journal.line(/Main process exited, code=exited, status=70/);
    await machine.journal.lines(/^supervisor\.ready\b/, 2);
    assert.equal((await machine.unit('NRestarts')).NRestarts, '1');
    assert.equal(
      machine.journal.matching(/a defect, made by the test/).length >= 1,
      true,
      'the journal says what the defect was',
    );
    await machine.must(['touch', `${traces}/go`]);
    assert.equal((await machine.outcome('carried')).outcome, 'succeeded');
    assert.equal(await traceOf(machine, 'carried'), 'start start end');
  },
);
