import assert from 'node:assert/strict';
import { parseJobId } from '../../src/job/id.ts';
import { acceptAll, claimOne, drop, finishOf, idsOf, now } from './jobs.ts';
import type { Check } from './open-queue.ts';

/** From the drop to the claim. */
export function testAcceptance(check: Check): void {
  check('an accepted job is what was dropped', async (queue) => {
    const [answer] = await queue.accept([drop('a', { priority: 7 })], now);
    assert.ok(answer?.kind === 'accepted');
    const { job } = await claimOne(queue);
    assert.deepEqual(job, answer.job);
    const { spec, drop: dropped } = drop('a', { priority: 7 });
    assert.deepEqual(job, {
      id: 'a',
      spec,
      pipelineId: null,
      droppedAt: dropped.droppedAt,
      acceptedAt: now,
      droppedBy: 1000,
    });
  });

  check('a job without an id gets one that is made of its drop', async (queue) => {
    const [first] = await queue.accept([drop(null, { token: '0abcdefgh12345' })], now);
    assert.ok(first?.kind === 'accepted');
    assert.equal(parseJobId(first.job.id), first.job.id);
    const again = await queue.accept([drop(null, { token: '0abcdefgh12345' })], now);
    assert.deepEqual(again, [{ kind: 'repeated', id: first.job.id }]);
  });

  check('the same id again is a duplicate, and the first job is left as it is', async (queue) => {
    await acceptAll(queue, ['a', { priority: 1 }]);
    const answers = await queue.accept(
      [drop('a', { token: 'other', priority: 9 }), drop('b'), drop('b', { token: 'b2' })],
      now,
    );
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ['duplicate', 'accepted', 'duplicate'],
    );
    const claims = await queue.claim('pipeline', 9, now);
    assert.deepEqual(
      claims.map(({ job }) => [job.id, job.spec.priority]),
      [
        ['a', 1],
        ['b', 0],
      ],
    );
  });

  check('the same drop again is no second job, in whatever state the first is', async (queue) => {
    const repeat = async (): Promise<void> =>
      assert.deepEqual(await queue.accept([drop('a')], now), [{ kind: 'repeated', id: 'a' }]);
    await acceptAll(queue, ['a']);
    await repeat();
    const claim = await claimOne(queue);
    await repeat();
    await queue.finish(claim, finishOf('succeeded'));
    await repeat();
    assert.deepEqual(await queue.accept([drop('a', { token: 'new' })], now), [{ kind: 'duplicate', id: 'a' }]);
    assert.deepEqual(await queue.claim('pipeline', 9, now), []);
  });

  check('higher priorities go first, equal ones in the order in which they came', async (queue) => {
    await acceptAll(queue, ['a'], ['b', { priority: 5 }], ['c', { priority: -1 }]);
    await acceptAll(queue, ['d'], ['e', { priority: 5 }]);
    assert.deepEqual(idsOf(await queue.claim('pipeline', 3, now)), ['b', 'e', 'a']);
    assert.deepEqual(idsOf(await queue.claim('pipeline', 9, now)), ['d', 'c']);
    assert.deepEqual(await queue.claim('pipeline', 9, now), []);
  });

  check('a claim takes its kind only, and no more than asked for', async (queue) => {
    await acceptAll(queue, ['p1'], ['v1', { kind: 'verifier' }], ['p2'], ['v2', { kind: 'verifier', priority: 9 }]);
    assert.deepEqual(idsOf(await queue.claim('verifier', 1, now)), ['v2']);
    assert.deepEqual(await queue.claim('pipeline', 0, now), []);
    assert.deepEqual(idsOf(await queue.claim('pipeline', 9, now)), ['p1', 'p2']);
    assert.deepEqual(idsOf(await queue.claim('verifier', 9, now)), ['v1']);
  });

  check('claims at the same time never share a job', async (queue) => {
    await acceptAll(queue, ...Array.from({ length: 20 }, (_, index) => [`j${index}`] as const));
    const claims = (await Promise.all([7, 7, 7, 7].map((limit) => queue.claim('pipeline', limit, now)))).flat();
    assert.equal(claims.length, 20);
    assert.equal(new Set(idsOf(claims)).size, 20);
  });
}
