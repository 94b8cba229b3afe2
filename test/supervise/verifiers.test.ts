import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

void test('all verifiers of a pipeline must accept', async () => {
  await using receiver = await Receiver.listen();
  await using supervisor = await SupervisorProcess.start({ dsn: receiver.dsn });
  const make = { run: 'echo good >"$BOOTY_WORKDIR/made"; echo rows=3 >>"$BOOTY_OUTPUT"' };
  const look = 'test "$(cat "$BOOTY_WORKDIR/made")" = good && test "$BOOTY_OUTPUT_rows" = 3';
  const both = await supervisor.run({ id: 'both', ...make, verify: [{ run: look }, { run: `sleep 0.3; ${look}` }] });
  assert.deepEqual([both.outcome, both.outputs], ['succeeded', { rows: '3' }]);
  assert.deepEqual(
    both.verdicts.map(({ id, outcome }) => [id, outcome]),
    [
      ['both+verify', 'succeeded'],
      ['both+verify.2', 'succeeded'],
    ],
  );
  const one = await supervisor.run({
    id: 'one',
    ...make,
    verify: [
      { name: 'sound', run: look },
      { name: 'strict', run: 'echo row 7 is bad >"$BOOTY_VERDICT"; exit 1' },
      { name: 'broken', run: 'exit 3' },
    ],
  });
  // What was found counts for more than what could not be looked at.
  assert.deepEqual([one.outcome, one.cause, one.reason], ['rejected', null, 'strict: row 7 is bad']);
  assert.deepEqual(
    one.verdicts.map(({ outcome }) => outcome),
    ['succeeded', 'rejected', 'crashed'],
  );
  const broken = await supervisor.run({ id: 'broken', ...make, verify: [{ run: look }, { name: 'b', run: 'exit 3' }] });
  assert.deepEqual(
    [broken.outcome, broken.cause, broken.reason],
    ['crashed', 'exit-code', 'its verifier b crashed: exited with 3'],
  );
  assert.equal(existsSync(join(supervisor.root.path, 'lib/jobs/one/work')), false, 'the working directory is removed');
});

void test('what a verifier rejects is tried again, and the next attempt reads why', async () => {
  await using supervisor = await SupervisorProcess.start({});
  const job = {
    run: 'test ! -e made; echo "$BOOTY_ATTEMPT:$BOOTY_REJECTION" >made; cat made; cp made "$BOOTY_WORKDIR/answer"',
    verify: {
      run: 'grep -q "^2:the first is never good$" "$BOOTY_WORKDIR/answer" || { echo the first is never good >"$BOOTY_VERDICT"; exit 1; }',
    },
    retries: { limit: 2, delay: '50ms', backoff: 'fixed', on: ['rejected'] },
  };
  const good = await supervisor.run({ id: 'good', ...job });
  assert.deepEqual([good.outcome, good.attempt], ['succeeded', 2]);
  assert.deepEqual(
    good.verdicts.map(({ id, outcome, reason }) => [id, outcome, reason]),
    [
      ['good+verify', 'rejected', 'the first is never good'],
      ['good+verify-r2', 'succeeded', null],
    ],
  );
  const never = await supervisor.run({ id: 'never', ...job, verify: { run: 'echo no; exit 1' } });
  assert.deepEqual([never.outcome, never.reason, never.attempt], ['rejected', 'no', 3]);
  assert.equal(never.verdicts.length, 3);
  const crashed = await supervisor.run({ id: 'crashed', ...job, verify: { run: 'exit 3' } });
  assert.deepEqual([crashed.outcome, crashed.attempt], ['crashed', 1], 'a crash of the verifier is no rejection');
});

void test('a pipeline waits for the last of its verifiers over kill -9, and loses no verdict', async () => {
  const root = await Root.make();
  await using _root = root;
  const here = join(root.path, 'go');
  const job = {
    id: 'long',
    run: 'echo good >made',
    verify: [
      { run: 'echo bad >"$BOOTY_VERDICT"; exit 1' },
      { run: `test "$(cat "$BOOTY_WORKDIR/made")" = good; while ! test -e ${here}; do sleep 0.05; done` },
    ],
  };
  {
    await using first = await SupervisorProcess.start(root);
    await first.drop('long.json', JSON.stringify(job));
    await first.line({ kind: 'job.ended', id: 'long+verify' });
    await first.line({ kind: 'attempt.started', id: 'long+verify.2' });
    await first.kill();
  }
  await using second = await SupervisorProcess.start(root);
  await root.write('go', '');
  const outcome = await second.outcome('long');
  assert.deepEqual([outcome.outcome, outcome.reason?.endsWith(': bad')], ['rejected', true]);
  assert.deepEqual(
    outcome.verdicts.map((verdict) => verdict.outcome),
    ['rejected', 'succeeded'],
  );
});

void test('a pipeline that is cancelled while it is verified ends with its verifiers', async () => {
  await using supervisor = await SupervisorProcess.start({});
  const wait = { run: 'sleep 60' };
  await supervisor.drop(
    'slow.json',
    JSON.stringify({
      id: 'slow',
      run: 'true',
      verify: [wait, wait],
      retries: { limit: 3, on: ['rejected', 'verifier-crashed'] },
    }),
  );
  await supervisor.line({ kind: 'attempt.started', id: 'slow+verify.2' });
  const { status } = await supervisor.root.booty('cancel', 'slow');
  assert.equal(status, 0);
  const outcome = await supervisor.outcome('slow');
  assert.deepEqual([outcome.outcome, outcome.attempt], ['cancelled', 1]);
  assert.match(outcome.reason ?? '', /^cancelled by /);
  assert.deepEqual(
    outcome.verdicts.map((verdict) => verdict.outcome),
    ['cancelled', 'cancelled'],
  );
});
