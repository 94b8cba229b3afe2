import assert from 'node:assert/strict';
import { instant } from '../../src/job/units.ts';
import type { JobQueue } from '../../src/schedule/queue.ts';
import { acceptAll, claimOne, endsOf, finishOf, idOf, idsOf, judgements, now } from './jobs.ts';
import type { Check } from './open-queue.ts';

/** From the claim to the outcome, or back. */
export function testEnds(check: Check): void {
  for (const outcome of ['succeeded', 'rejected', 'crashed'] as const) {
    check(
      `a job that ${outcome === 'succeeded' ? outcome : `was ${outcome}`} has that outcome, and is never run again`,
      async (queue) => {
        await acceptAll(queue, ['a', { kind: 'verifier' }]);
        const claim = await claimOne(queue, 'verifier');
        const finished = await queue.finish(claim, finishOf(outcome, { outputs: { rows: '7' } }));
        assert.ok(finished.kind === 'ended');
        const { outcome: _, ...details } = {
          cause: null,
          reason: null,
          step: null,
          exitCode: 0,
          signal: null,
          ...judgements[outcome],
        };
        const { capture: sentry, usage } = finishOf(outcome);
        const times = { startedAt: '2026-11-24T00:00:01.000Z', endedAt: '2026-11-24T00:00:05.000Z', durationMs: 4000 };
        assert.deepEqual(finished.records, [
          {
            version: 1,
            id: 'a',
            name: 'a',
            kind: 'verifier',
            outcome,
            ...details,
            sentry,
            attempt: 1,
            attempts: [{ attempt: 1, outcome, ...details, sentry, usage, ...times }],
            droppedAt: '2026-11-24T00:00:00.000Z',
            acceptedAt: '2026-11-24T00:00:00.000Z',
            ...times,
            verdicts: [],
            pipelineId: null,
            monitor: null,
            outputs: { rows: '7' },
            release: 'shop@1',
            environment: 'test',
          },
        ]);
        assert.deepEqual(await queue.claim('verifier', 9, now), []);
      },
    );
  }

  check('an interrupted job waits again, in its old place, and its attempts are counted', async (queue) => {
    await acceptAll(queue, ['a'], ['b']);
    const first = await claimOne(queue);
    assert.deepEqual(await queue.finish(first, finishOf('interrupted')), {
      kind: 'waiting',
      retryAt: null,
      makesRoom: false,
    });
    const [second] = await queue.claim('pipeline', 1, instant(now + 9000));
    assert.ok(second);
    assert.deepEqual([second.job.id, second.attempt], ['a', 2]);
    assert.ok(second.token > first.token);
    const finished = await queue.finish(second, finishOf('crashed'));
    assert.ok(finished.kind === 'ended');
    const [record] = finished.records;
    assert.deepEqual(
      record?.attempts.map(({ attempt, outcome }) => `${attempt} ${outcome}`),
      ['1 interrupted', '2 crashed'],
    );
    assert.deepEqual([record?.attempt, record?.startedAt], [2, '2026-11-24T00:00:01.000Z']);
  });

  check('an interrupted job that may not run again ends as a crash', async (queue) => {
    await acceptAll(queue, ['a']);
    assert.deepEqual(endsOf(await queue.finish(await claimOne(queue), finishOf('lost', { again: false }))), [
      'a crashed',
    ]);
  });

  check('a job that is given back has lost neither its place nor an attempt', async (queue) => {
    await acceptAll(queue, ['a'], ['b']);
    const first = await claimOne(queue);
    await queue.release(first);
    const second = await queue.claim('pipeline', 1, instant(now + 9000));
    assert.deepEqual(
      second.map(({ job, attempt }) => [job.id, attempt]),
      [['a', 1]],
    );
    const [claim] = second;
    assert.ok(claim && claim.token > first.token);
    const finished = await queue.finish(claim, finishOf('succeeded'));
    assert.equal(finished.kind === 'ended' && finished.records[0]?.startedAt, '2026-11-24T00:00:09.000Z');
  });

  check('who has lost a job changes nothing', async (queue, opened) => {
    await acceptAll(queue, ['a', { verify: true }]);
    const stale = [await claimOne(queue)];
    await queue.release(stale[0] ?? assert.fail());
    const interrupted = await claimOne(queue);
    stale.push(interrupted);
    await queue.finish(interrupted, finishOf('interrupted'));
    const holder = await claimOne(queue);
    const tryAll = async (on: JobQueue, claims = stale): Promise<void> => {
      for (const claim of claims) {
        for (const how of ['succeeded', 'crashed', 'interrupted'] as const)
          assert.deepEqual(await on.finish(claim, finishOf(how)), { kind: 'stale' });
        await on.release(claim);
      }
      assert.deepEqual(await on.claim('pipeline', 9, now), []);
    };
    await tryAll(queue);
    await tryAll(queue, [{ ...holder, token: holder.token + 1 }]);
    const next = await opened.restart();
    await tryAll(next);
    assert.equal((await next.finish(holder, finishOf('succeeded'))).kind, 'verifying');
    await tryAll(next, [...stale, holder]);
    const finished = await next.finish(await claimOne(next, 'verifier'), finishOf('succeeded'));
    assert.deepEqual(endsOf(finished), ['a+verify succeeded', 'a succeeded']);
    const attempts = finished.kind === 'ended' ? finished.records[1]?.attempts : [];
    assert.deepEqual(
      attempts?.map(({ attempt, outcome }) => `${attempt} ${outcome}`),
      ['1 interrupted', '2 succeeded'],
    );
    await tryAll(next, [...stale, holder]);
  });

  check('a claim on a job that never was is stale', async (queue) => {
    await acceptAll(queue, ['a']);
    const { job, ...claim } = await claimOne(queue);
    const stranger = { ...claim, job: { ...job, id: idOf('stranger') } };
    assert.deepEqual(await queue.finish(stranger, finishOf('succeeded')), { kind: 'stale' });
    await queue.release(stranger);
  });

  check('what was acknowledged is there after a restart', async (queue, opened) => {
    await acceptAll(queue, ['a'], ['b'], ['c', { priority: 3 }]);
    const claim = await claimOne(queue);
    await queue.finish(await claimOne(queue), finishOf('succeeded'));
    const next = await opened.restart();
    assert.deepEqual(idsOf(await next.claim('pipeline', 9, now)), ['b']);
    assert.deepEqual(endsOf(await next.finish(claim, finishOf('crashed'))), ['c crashed']);
  });
}
