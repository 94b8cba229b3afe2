import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

const config = 'drain: { limit: 100ms }\ndefaults: { killGrace: 500ms }\n';
/** Its verifier sleeps in the first attempt, so that the supervisor can end under it. */
const checkedJob = `id: made
run: echo data > made
verify:
  run: if [ "$BOOTY_ATTEMPT" = 1 ]; then sleep 30; fi; grep data made
`;

for (const [how, end] of [
  ['killed', (supervisor: SupervisorProcess) => supervisor.kill()],
  ['stopped', (supervisor: SupervisorProcess) => supervisor.stop()],
] as const) {
  void test(`a verifier finds what its pipeline made when the supervisor was ${how} under it`, async () => {
    await using root = await Root.make({ config });
    await using first = await SupervisorProcess.start(root);
    await first.drop('made.yaml', checkedJob);
    await first.line({ kind: 'attempt.started', id: 'made+verify' });
    await end(first);
    await using second = await SupervisorProcess.start(root);
    const outcome = await second.outcome('made');
    assert.equal(outcome.outcome, 'succeeded', String(outcome.reason));
  });
}

void test('nothing that a dead supervisor’s attempt started lives on beside the next attempt', async () => {
  await using root = await Root.make({ config });
  const marks = root.in('marks');
  await using first = await SupervisorProcess.start(root);
  // In a session of its own, with its output closed, its parent gone, deaf to TERM: nothing but its mark is left of it.
  const stray = `trap "" TERM HUP; while :; do echo "$BOOTY_ATTEMPT" >> ${marks}; sleep 0.02; done`;
  await first.drop(
    'stray.yaml',
    `id: stray\nrun: |\n  echo "start $BOOTY_ATTEMPT" >> ${marks}\n  if [ "$BOOTY_ATTEMPT" = 2 ]; then sleep 0.3; exit 0; fi\n  (setsid sh -c '${stray}' >/dev/null 2>&1 &)\n  sleep 30\n`,
  );
  await poll('a beat', () => ifThere(marks).includes('\n1\n') || null);
  await first.kill();
  const before = ifThere(marks).length;
  await poll('a beat after the supervisor’s death', () => ifThere(marks).length > before || null);
  await using second = await SupervisorProcess.start(root);
  const outcome = await second.outcome('stray');
  assert.equal(outcome.outcome, 'succeeded');
  assert.deepEqual(
    outcome.attempts.map(({ attempt, cause }) => [attempt, cause]),
    [
      [1, 'lost'],
      [2, null],
    ],
  );
  // What the lost one used, only its supervisor could have learned.
  const [lost, ended] = outcome.attempts.map(({ usage }) => usage);
  assert.equal(lost, null);
  assert.deepEqual(Object.keys(ended ?? {}).sort(), [
    'cpuSystemMs',
    'cpuUserMs',
    'peakMemoryBytes',
    'readBytes',
    'writtenBytes',
  ]);
  const lines = ifThere(marks).trimEnd().split('\n');
  assert.deepEqual(lines.slice(lines.indexOf('start 2') + 1), []);
});

/** What a job may put in place of its log. */
const inPlaceOfLog: Readonly<Record<string, string>> = {
  fifo: 'mkfifo "$log"',
  'held-fifo': 'mkfifo "$log"; (exec 3<>"$log"; env -i setsid sleep 20 >/dev/null 2>&1 &)',
  link: 'ln -s ../../../other "$log"',
  directory: 'mkdir "$log"',
  nothing: ':',
};

void test('whatever jobs have put in place of their logs, the start after a kill waits for none of it', async () => {
  await using receiver = await Receiver.listen();
  await using root = await Root.make({ config: `${config}concurrency: { pipeline: 5 }\n`, dsn: receiver.dsn });
  await root.write('other', 'not for anybody');
  await using first = await SupervisorProcess.start(root);
  const ids = Object.keys(inPlaceOfLog);
  for (const id of ids) {
    const log = 'log=$(realpath "$BOOTY_WORKDIR/../1.log"); until [ -s "$log" ]; do sleep 0.02; done; rm "$log"';
    const run = `echo printed; ${log}; ${inPlaceOfLog[id]}; touch ${root.in(id)}; sleep 60`;
    await root.dropJob({ id, onInterrupt: 'fail', run });
  }
  await poll('all to be there', () => ids.every((id) => existsSync(root.in(id))) || null, {
    state: () => first.lines.map(({ raw }) => raw).join('\n'),
  });
  await first.kill();
  await using second = await SupervisorProcess.start(root);
  for (const id of ids) {
    const { outcome, cause, sentry } = await second.outcome(id);
    assert.deepEqual([outcome, cause], ['crashed', 'lost']);
    const { raw } = await receiver.event(sentry?.eventId ?? '');
    assert.ok(!raw.includes('not for anybody'));
  }
});

void test('a job that may not be repeated ends as lost when the supervisor was killed under it', async () => {
  await using root = await Root.make({ config });
  await using first = await SupervisorProcess.start(root);
  await first.drop('once.yaml', 'id: once\nonInterrupt: fail\nrun: sleep 30\n');
  await first.line({ kind: 'attempt.started', id: 'once' });
  await first.kill();
  await using second = await SupervisorProcess.start(root);
  const outcome = await second.outcome('once');
  assert.deepEqual([outcome.outcome, outcome.cause, outcome.attempt], ['crashed', 'lost', 1]);
});

void test('a job under which the supervisor dies again and again is put aside, and the next one runs', async () => {
  await using root = await Root.make({ config: `${config}concurrency: { pipeline: 1 }\n` });
  await (await SupervisorProcess.start(root)).stop();
  await root.drop('poison.yaml', 'id: poison\nrun: kill -9 $PPID; sleep 30\n');
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    // It may die before it is ready.
    await using supervisor = SupervisorProcess.launch(root);
    assert.equal((await supervisor.exited).signal, 'SIGKILL');
  }
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.drop('good.yaml', 'id: good\nrun: "true"\n');
  assert.equal((await supervisor.outcome('good')).outcome, 'succeeded');
  const outcome = await supervisor.outcome('poison');
  assert.deepEqual([outcome.outcome, outcome.cause, outcome.attempt], ['crashed', 'lost', 3]);
});

void test('files that lie in the spool while no supervisor runs are taken by the next', async () => {
  await using root = await Root.make({ config });
  await (await SupervisorProcess.start(root)).stop();
  for (let number = 0; number < 5; number += 1) await root.drop(`${number}.yaml`, `id: job-${number}\nrun: "true"\n`);
  await using supervisor = await SupervisorProcess.start(root);
  for (let number = 0; number < 5; number += 1) await supervisor.outcome(`job-${number}`);
  assert.deepEqual(readdirSync(root.in('spool/incoming')), ['.claimed']);
});

const ifThere = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
