import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../src/ledger/history.ts';
import { acceptAll, claimOne, finishOf, now } from '../schedule/jobs.ts';
import { openLedger } from './opened.ts';

void test('the newest jobs are listed first, and it is told where there are more', async () => {
  await using opened = openLedger();
  await acceptAll(opened.queue, ['a'], ['b', { kind: 'verifier' }], ['c']);
  using history = new History(opened.path);
  const idsOf = (filter: Parameters<History['list']>[0]) => history.list(filter).jobs.map(({ id }) => id);
  assert.deepEqual(idsOf({ limit: 9 }), ['c', 'b', 'a']);
  assert.deepEqual(idsOf({ limit: 2 }), ['c', 'b']);
  assert.equal(history.list({ limit: 2 }).more, true);
  assert.equal(history.list({ limit: 3 }).more, false);
  assert.deepEqual(idsOf({ limit: 9, kind: 'verifier' }), ['b']);
  assert.deepEqual(idsOf({ limit: 9, name: 'a' }), ['a']);
  assert.deepEqual(idsOf({ limit: 9, name: "a' OR 1 --" }), []);
  await opened.queue.finish(await claimOne(opened.queue), finishOf('crashed'));
  assert.deepEqual(idsOf({ limit: 9, state: 'waiting' }), ['c', 'b']);
  assert.deepEqual(idsOf({ limit: 9, outcome: 'crashed', state: 'ended' }), ['a']);
  const [ended] = history.list({ limit: 9, outcome: 'crashed' }).jobs;
  assert.deepEqual([ended?.reason, ended?.attempt, ended?.endedAt], ['exited with 3', 1, now + 5000]);
});

void test('a job is found by its id, or by a beginning that only it has', async () => {
  await using opened = openLedger();
  await acceptAll(
    opened.queue,
    ['nightly', { verify: true }],
    ['nightly-2'],
    ['weekly', { verify: true }],
    ['Zoo'],
    ['a_b'],
    ['aXb'],
  );
  for (const claim of await opened.queue.claim('pipeline', 9, now))
    if (claim.job.id !== 'Zoo') await opened.queue.finish(claim, finishOf('succeeded'));
  using history = new History(opened.path);
  const find = (text: string): unknown => {
    const found = history.find(text);
    return 'candidates' in found ? found.candidates : found.id;
  };
  assert.equal(find('nightly'), 'nightly');
  assert.equal(find('nightly-'), 'nightly-2');
  assert.equal(find('week'), 'weekly', 'its verifier begins with the same letters');
  assert.equal(find('weekly+verify'), 'weekly+verify');
  assert.equal(find('Z'), 'Zoo');
  assert.deepEqual(find('z'), []);
  assert.deepEqual(find('night'), ['nightly', 'nightly-2']);
  assert.equal(find('a_'), 'a_b', 'an underscore is an underscore');
  assert.deepEqual(find('%'), []);
});

void test('a job is shown with its attempts, and with its record once it has ended', async () => {
  await using opened = openLedger();
  await acceptAll(opened.queue, ['a']);
  await opened.queue.finish(await claimOne(opened.queue), finishOf('interrupted'));
  const claim = await claimOne(opened.queue);
  using history = new History(opened.path);
  const show = () => {
    const found = history.find('a');
    return 'candidates' in found ? assert.fail() : found;
  };
  const running = show();
  assert.deepEqual([running.state, running.runningSince, running.record], ['running', now + 1000, null]);
  assert.deepEqual(
    running.attempts.map(({ outcome }) => outcome),
    ['interrupted'],
  );
  assert.deepEqual([running.spec, running.fileName, running.droppedBy], [claim.job.spec, 'a.yaml', 1000]);
  const finished = await opened.queue.finish(claim, finishOf('crashed'));
  const ended = show();
  assert.deepEqual([ended.state, ended.runningSince, ended.attempts.length], ['ended', null, 2]);
  assert.deepEqual(ended.record, finished.kind === 'ended' ? finished.records[0] : null);
});

void test('a job that was given back has not started', async () => {
  await using opened = openLedger();
  await acceptAll(opened.queue, ['a']);
  const started = (): unknown => {
    using history = new History(opened.path);
    return history.list({ limit: 1 }).jobs[0]?.startedAt;
  };
  const first = await claimOne(opened.queue);
  assert.equal(started(), now + 1000);
  await opened.queue.release(first);
  assert.equal(started(), null);
  await opened.queue.finish(await claimOne(opened.queue), finishOf('interrupted'));
  await opened.queue.release(await claimOne(opened.queue));
  assert.equal(started(), now + 1000, 'it had started before');
});
