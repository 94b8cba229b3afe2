import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant, milliseconds } from '../../src/job/units.ts';
import { History } from '../../src/ledger/history.ts';
import { claimOne, drop, finishOf, idOf, now } from '../schedule/jobs.ts';
import { openLedger } from './opened.ts';

void test('the list tells what each waiting job waits for', async () => {
  await using opened = openLedger();
  const { queue, path } = opened;
  const accept = async (id: string, more: object): Promise<void> => {
    const made = drop(id);
    await queue.accept([{ ...made, spec: { ...made.spec, ...more } }], now);
  };
  const group = { concurrency: { group: 'db', limit: 1, onNew: 'queue' } };
  await accept('runs', group);
  await claimOne(queue);
  await accept('grouped', group);
  await accept('needy', { needs: [idOf('runs'), idOf('nobody')] });
  await accept('later', { notBefore: { kind: 'at', at: instant(now + 3_600_000) } });
  await accept('held', {});
  await queue.control({ kind: 'hold', target: { kind: 'id', id: idOf('held') } }, now);
  await accept('rated', { rate: { starts: 1, perMs: milliseconds(60_000) } });
  await accept('free', {});
  await queue.control({ kind: 'pause', scope: { kind: 'kind', jobKind: 'verifier' } }, now);
  using history = new History(path);
  const waits = (): Record<string, readonly string[]> =>
    Object.fromEntries(history.list({ limit: 99 }).jobs.map(({ id, waitsFor }) => [id, waitsFor]));
  assert.deepEqual(waits(), {
    runs: [],
    grouped: ['group db: runs runs'],
    needy: ['needs nobody (not dropped yet), runs'],
    later: ['not before 2026-11-24T01:00:00.000Z'],
    held: ['held: booty unhold lets it go'],
    rated: [],
    free: [],
  });
  await accept('alone', { concurrency: { group: 'web', limit: 1, onNew: 'queue' } });
  await queue.control({ kind: 'pause', scope: { kind: 'group', group: 'web' } }, now);
  assert.deepEqual(waits().alone, ['paused: group web'], 'nobody else is before it');
  await queue.control({ kind: 'resume', scope: { kind: 'group', group: 'web' } }, now);
  await queue.control({ kind: 'cancel', target: { kind: 'id', id: idOf('alone') }, reason: 'x' }, now);
  await queue.control({ kind: 'pause', scope: { kind: 'all' } }, now);
  assert.deepEqual(waits().free, ['paused']);
  await queue.control({ kind: 'resume', scope: { kind: 'all' } }, now);
  const claims = await queue.claim('pipeline', 9, now);
  assert.deepEqual(
    claims.map(({ job }) => job.id),
    ['rated', 'free'],
  );
  const another = drop('rated-2');
  await queue.accept(
    [{ ...another, spec: { ...another.spec, name: 'rated', rate: { starts: 1, perMs: milliseconds(60_000) } } }],
    now,
  );
  assert.deepEqual(waits()['rated-2'], ['rate of rated: the next may start at 2026-11-24T00:01:00.000Z']);
});

void test('a copy of an ended job runs again, and names what it is a copy of', async () => {
  await using opened = openLedger();
  const { queue, path } = opened;
  await queue.accept([drop('a')], now);
  await queue.finish(await claimOne(queue), finishOf('crashed'));
  const answer = await queue.control({ kind: 'retry', id: idOf('a'), newId: null }, now);
  assert.deepEqual(answer, { kind: 'done', changes: [{ id: 'a', effect: 'retried', detail: 'a.2' }], total: 1 });
  using history = new History(path);
  const copy = history.find('a.2');
  assert.ok('retryOf' in copy);
  assert.deepEqual([copy.retryOf, copy.state, copy.attempt], ['a', 'waiting', 0]);
  assert.equal((await claimOne(queue)).job.id, 'a.2');
});
