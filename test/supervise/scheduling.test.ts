import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

const config = 'concurrency: { pipeline: 8 }\n';

/** Each job of it writes when it begins and ends; the text is what they wrote. */
const trace = (root: Root): string =>
  `echo "begin $BOOTY_JOB_ID" >>${join(root.path, 'trace')}; sleep 0.15; echo "end $BOOTY_JOB_ID" >>${join(root.path, 'trace')}`;
const traceOf = (root: Root): string[] => readFileSync(join(root.path, 'trace'), 'utf8').trim().split('\n');

/** The most that ran at a time. */
function mostAtOnce(lines: readonly string[]): number {
  let [now, most] = [0, 0];
  for (const line of lines) {
    now += line.startsWith('begin') ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

void test('a group of one never overlaps, in the order of priority and arrival', async () => {
  await using root = await Root.make({ config });
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.drop('first.json', JSON.stringify({ id: 'first', run: trace(root), concurrency: 'db' }));
  await supervisor.line({ kind: 'attempt.started', id: 'first' });
  for (const [id, priority] of [
    ['low', -1],
    ['b', 0],
    ['c', 0],
    ['high', 5],
  ] as const)
    await supervisor.drop(`${id}.json`, JSON.stringify({ id, run: trace(root), concurrency: 'db', priority }));
  for (const id of ['low', 'b', 'c', 'high']) assert.equal((await supervisor.outcome(id)).outcome, 'succeeded');
  const lines = traceOf(root);
  assert.equal(mostAtOnce(lines), 1);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('begin')).map((line) => line.slice(6)),
    ['first', 'high', 'b', 'c', 'low'],
  );
});

void test('a group of one does not overlap over kill -9 either', async () => {
  await using root = await Root.make({ config });
  // The first attempt of the first job ends by the kill alone.
  const hold = '[ "$BOOTY_JOB_ID$BOOTY_ATTEMPT" != a1 ] || sleep 60';
  const body = {
    run: `echo "begin $BOOTY_JOB_ID" >>${join(root.path, 'trace')}; ${hold}; sleep 0.1; echo end >>${join(root.path, 'trace')}`,
    concurrency: 'db',
  };
  {
    await using first = await SupervisorProcess.start(root);
    for (const id of ['a', 'b', 'c']) await first.drop(`${id}.json`, JSON.stringify({ id, ...body }));
    await poll('the first to begin', () => existsSync(root.in('trace')) || null);
    await first.kill();
  }
  await using second = await SupervisorProcess.start(root);
  for (const id of ['a', 'b', 'c']) assert.equal((await second.outcome(id)).outcome, 'succeeded');
  // The one that was lost began, and was killed before the next attempt.
  assert.deepEqual(traceOf(root), ['begin a', 'begin a', 'end', 'begin b', 'end', 'begin c', 'end']);
});

void test('no more start than the rate allows, over a restart as well', async () => {
  await using root = await Root.make({ config });
  const ids = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'];
  {
    await using first = await SupervisorProcess.start(root);
    for (const id of ids)
      await first.drop(`${id}.json`, JSON.stringify({ id, name: 'rated', command: ['/bin/true'], rate: '2/s' }));
    await first.outcome('r1');
    await first.kill();
  }
  await using second = await SupervisorProcess.start(root);
  const outcomes = await Promise.all(ids.map(async (id) => second.outcome(id)));
  // One that was lost by the kill has started twice.
  const starts = outcomes
    .flatMap(({ attempts }) => attempts.map(({ startedAt }) => Date.parse(String(startedAt))))
    .toSorted((a, b) => a - b);
  assert.ok(starts.length >= ids.length);
  for (const [index, start] of starts.entries())
    if (index >= 2) assert.ok(start - (starts[index - 2] ?? 0) >= 1000, starts.join(' '));
});

void test('a thousand jobs that need one, and one that needs them', { timeout: 120_000 }, async (t) => {
  await using root = await Root.make({ config });
  await using supervisor = await SupervisorProcess.start(root);
  const leaves = Array.from({ length: 999 }, (_, number) => `leaf-${number}`);
  const began = performance.now();
  await supervisor.drop('last.json', JSON.stringify({ id: 'last', command: ['/bin/true'], needs: leaves }));
  for (const id of leaves)
    await supervisor.drop(`${id}.json`, JSON.stringify({ id, command: ['/bin/true'], needs: 'first' }));
  await supervisor.drop('first.json', JSON.stringify({ id: 'first', command: ['/bin/true'] }));
  const last = await supervisor.outcome('last', 90_000);
  t.diagnostic(`${Math.round(performance.now() - began)} ms from the first drop to the last outcome`);
  assert.equal(last.outcome, 'succeeded');
  const [first, leaf] = [await supervisor.outcome('first'), await supervisor.outcome('leaf-998')];
  assert.ok(String(first.endedAt) <= String(leaf.startedAt) && String(leaf.endedAt) <= String(last.startedAt));
});

void test('what needs a job that failed is skipped, and so is what needs that; a circle is refused', async () => {
  await using supervisor = await SupervisorProcess.start({});
  for (const [id, needs] of [
    ['c', 'b'],
    ['b', 'a'],
  ] as const)
    await supervisor.drop(`${id}.json`, JSON.stringify({ id, run: 'true', needs }));
  const a = await supervisor.run({ id: 'a', run: 'exit 3' });
  assert.equal(a.outcome, 'crashed');
  const [b, c] = [await supervisor.outcome('b'), await supervisor.outcome('c')];
  assert.deepEqual([b.outcome, b.reason, b.attempt], ['skipped', 'it needs a, which crashed', 0]);
  assert.deepEqual([c.outcome, c.reason, c.sentry], ['skipped', 'it needs b, which was skipped', null]);
  await supervisor.drop('x.json', JSON.stringify({ id: 'x', run: 'true', needs: 'y' }));
  await supervisor.line({ kind: 'job.accepted', id: 'x' });
  await supervisor.drop('y.json', JSON.stringify({ id: 'y', run: 'true', needs: ['x'] }));
  const refused = await supervisor.line({ kind: 'job.refused', file: 'y.json' });
  assert.deepEqual(
    [refused.fields.code, refused.fields.reason],
    ['NEEDS_CIRCLE', 'its needs form a circle: y → x → y'],
  );
});

void test('a new job of a group waits, replaces, cancels or is skipped, as it says', async () => {
  await using supervisor = await SupervisorProcess.start({ config });
  const drop = async (id: string, group: string, onNew: string, run = 'sleep 30'): Promise<void> => {
    await supervisor.drop(`${id}.json`, JSON.stringify({ id, run, concurrency: { group, onNew } }));
    await supervisor.line({ kind: 'job.accepted', id });
  };
  const ends = async (...ids: string[]): Promise<string[]> =>
    Promise.all(ids.map(async (id) => `${id} ${(await supervisor.outcome(id)).outcome}`));
  await drop('s1', 's', 'queue', 'sleep 1');
  await drop('s2', 's', 'skip');
  assert.deepEqual(await ends('s2', 's1'), ['s2 skipped', 's1 succeeded']);
  await drop('r1', 'r', 'queue', 'sleep 1');
  await drop('r2', 'r', 'queue');
  await drop('r3', 'r', 'replace-waiting', 'true');
  assert.deepEqual(await ends('r1', 'r2', 'r3'), ['r1 succeeded', 'r2 cancelled', 'r3 succeeded']);
  await drop('c1', 'c', 'queue');
  await supervisor.line({ kind: 'attempt.started', id: 'c1' });
  await drop('c2', 'c', 'queue');
  await drop('c3', 'c', 'cancel-running', 'true');
  assert.deepEqual(await ends('c1', 'c2', 'c3'), ['c1 cancelled', 'c2 cancelled', 'c3 succeeded']);
  assert.equal((await supervisor.outcome('c1')).reason, 'replaced by c3, the newest of group c');
});

void test('what waits gains on what is more important, so that it runs in the end', async () => {
  await using root = await Root.make({ config: 'concurrency: { pipeline: 1 }\nschedule: { aging: 1s }\n' });
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.drop('busy.json', JSON.stringify({ id: 'busy', run: 'sleep 3' }));
  await supervisor.line({ kind: 'attempt.started', id: 'busy' });
  await supervisor.drop('old.json', JSON.stringify({ id: 'old', run: trace(root), priority: 0 }));
  await supervisor.line({ kind: 'job.accepted', id: 'old' });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await supervisor.drop('one.json', JSON.stringify({ id: 'one', run: trace(root), priority: 1 }));
  await supervisor.drop('nine.json', JSON.stringify({ id: 'nine', run: trace(root), priority: 9 }));
  for (const id of ['one', 'nine', 'old']) await supervisor.outcome(id);
  assert.deepEqual(
    traceOf(root).filter((line) => line.startsWith('begin')),
    ['begin nine', 'begin old', 'begin one'],
  );
});
