import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

/** Fails until its third attempt, in a new working directory each time. */
const third = 'test ! -e here; touch here; test $BOOTY_ATTEMPT -ge 3';

void test('a job that crashes is tried again, and only its last failure is an error', async () => {
  await using receiver = await Receiver.listen();
  await using supervisor = await SupervisorProcess.start({ dsn: receiver.dsn });
  const retries = { limit: 2, delay: '50ms', backoff: 'fixed' };
  const good = await supervisor.run({ id: 'good', run: third, retries });
  assert.deepEqual([good.outcome, good.attempt, good.sentry], ['succeeded', 3, null]);
  assert.deepEqual(
    good.attempts.map(({ outcome, cause }) => [outcome, cause]),
    [
      ['crashed', 'exit-code'],
      ['crashed', 'exit-code'],
      ['succeeded', null],
    ],
  );
  const bad = await supervisor.run({ id: 'bad', run: 'echo words; exit 3', retries });
  assert.deepEqual([bad.outcome, bad.attempt], ['crashed', 3]);
  const told = (await receiver.count(5)).map(({ event }) => event).filter(({ tags }) => tags?.job_id === 'bad');
  assert.deepEqual(
    told.map(({ level, tags, contexts }) => [level, tags?.job_final, tags?.attempt, contexts?.job?.attempt_limit]),
    [
      ['warning', 'false', '1', 3],
      ['warning', 'false', '2', 3],
      ['error', 'true', '3', 3],
    ],
  );
  assert.equal(new Set(told.map(({ fingerprint }) => JSON.stringify(fingerprint))).size, 1, 'one issue');
  assert.match(told[2]?.breadcrumbs?.map(({ message }) => message).join() ?? '', /attempt 1 crashed: exited with 3/);
  const line = await supervisor.line({ kind: 'attempt.ended', id: 'bad', attempt: '2' });
  assert.deepEqual(
    [line.fields.again, line.fields.retry_ms, line.fields.reason],
    ['true', '50', 'exited with 3: words'],
  );
  await supervisor.stop();
  assert.equal(receiver.events.length, 5);
});

void test('a retry keeps its time over kill -9 and a restart, and a job waits for its own', async () => {
  const root = await Root.make();
  await using _root = root;
  const started = Date.now();
  {
    await using first = await SupervisorProcess.start(root);
    await first.drop(
      'again.yaml',
      'id: again\nrun: test $BOOTY_ATTEMPT = 2\nretries: { limit: 1, delay: 3s, backoff: fixed }\n',
    );
    await first.drop('later.yaml', 'id: later\nrun: echo at=$(date +%s%3N) >"$BOOTY_OUTPUT"\nnotBefore: 3s\n');
    await first.drop('never.yaml', 'id: never\nrun: "true"\nnotBefore: 1h\nexpires: 1s\n');
    await first.line({ kind: 'attempt.ended', id: 'again' });
    await first.line({ kind: 'job.accepted', id: 'never' });
    first.signal('SIGKILL');
    await first.exited;
  }
  await using second = await SupervisorProcess.start(root);
  const never = await second.outcome('never');
  assert.equal(never.outcome, 'cancelled');
  assert.match(never.reason ?? '', /^expired: not started by /);
  const [again, later] = [await second.outcome('again'), await second.outcome('later')];
  assert.deepEqual([again.outcome, again.attempt], ['succeeded', 2]);
  const [one, two] = again.attempts.map(({ startedAt, endedAt }) => [startedAt, endedAt ?? ''].map(Date.parse));
  assert.ok((two?.[0] ?? 0) - (one?.[1] ?? 0) >= 2900, JSON.stringify(again.attempts));
  assert.ok(Number(later.outputs.at) >= started + 3000);
  assert.ok(Number(later.outputs.at) < started + 15_000);
  assert.equal(JSON.parse(readFileSync(root.in('spool/outcomes/never.json'), 'utf8')).attempt, 0);
});
