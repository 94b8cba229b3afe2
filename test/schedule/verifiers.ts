import assert from 'node:assert/strict';
import { verifierIdOf } from '../../src/job/id.ts';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import type { Finished, JobQueue } from '../../src/schedule/queue.ts';
import { acceptAll, claimOne, drop, endsOf, finishOf, idOf, judgements, now } from './jobs.ts';
import type { Check } from './open-queue.ts';

/** The steps of pipeline `p` succeed, with these outputs. */
async function startVerifying(queue: JobQueue, outputs: Readonly<Record<string, string>> = {}): Promise<Finished> {
  await acceptAll(queue, ['p', { verify: true, priority: 4 }]);
  return queue.finish(await claimOne(queue), finishOf('succeeded', { outputs }));
}

const recordsOf = (finished: Finished): readonly OutcomeRecord[] => {
  assert.ok(finished.kind === 'ended');
  return finished.records;
};

/** Pipelines that have a verifier. */
export function testVerifiers(check: Check): void {
  check('steps that succeed make a verifier job, and no outcome yet', async (queue) => {
    const finished = await startVerifying(queue);
    assert.ok(finished.kind === 'verifying');
    const claim = await claimOne(queue, 'verifier');
    assert.deepEqual([claim.job], finished.verifiers);
    const { id, pipelineId, spec } = claim.job;
    assert.deepEqual(
      [id, pipelineId, spec.kind, spec.priority, claim.attempt],
      [verifierIdOf(idOf('p')), 'p', 'verifier', 4, 1],
    );
    assert.deepEqual(await queue.claim('pipeline', 9, now), []);
  });

  check('steps that crash end the pipeline, and nothing is verified', async (queue) => {
    await acceptAll(queue, ['p', { verify: true }]);
    assert.deepEqual(endsOf(await queue.finish(await claimOne(queue), finishOf('crashed'))), ['p crashed']);
    assert.deepEqual(await queue.claim('verifier', 9, now), []);
  });

  for (const outcome of ['succeeded', 'rejected', 'crashed'] as const) {
    check(`a verifier that ends as ${outcome} ends its pipeline as ${outcome}, in one step`, async (queue) => {
      await startVerifying(queue, { rows: '7' });
      const finished = await queue.finish(
        await claimOne(queue, 'verifier'),
        finishOf(outcome, { outputs: { own: '1' } }),
      );
      const [verifier, pipeline, ...others] = recordsOf(finished);
      assert.deepEqual(others, []);
      assert.deepEqual([verifier?.id, verifier?.outcome, verifier?.outputs], ['p+verify', outcome, { own: '1' }]);
      const reason = outcome === 'succeeded' ? null : judgements[outcome].reason;
      assert.deepEqual(
        [pipeline?.id, pipeline?.outcome, pipeline?.outputs, pipeline?.verdicts, pipeline?.exitCode],
        ['p', outcome, { rows: '7' }, [{ id: 'p+verify', outcome, reason }], 0],
      );
      assert.equal(pipeline?.reason, outcome === 'crashed' ? `its verifier crashed: ${reason}` : reason);
      assert.equal(pipeline?.cause, outcome === 'crashed' ? 'exit-code' : null);
      // One crash, one event: both name it.
      assert.deepEqual(pipeline?.sentry, outcome === 'crashed' ? verifier?.sentry : null);
      assert.equal(pipeline?.attempts.length, 1);
    });
  }

  check('an interrupted verifier runs again, and its pipeline waits for it', async (queue, opened) => {
    await startVerifying(queue);
    assert.deepEqual(await queue.finish(await claimOne(queue, 'verifier'), finishOf('interrupted')), {
      kind: 'waiting',
      retryAt: null,
      makesRoom: false,
    });
    const next = await opened.restart();
    const claim = await claimOne(next, 'verifier');
    assert.deepEqual([claim.job.id, claim.attempt], ['p+verify', 2]);
    assert.deepEqual(endsOf(await next.finish(claim, finishOf('succeeded'))), ['p+verify succeeded', 'p succeeded']);
  });

  check('the id of a pipeline that is being verified stays taken', async (queue) => {
    await startVerifying(queue);
    const answers = await queue.accept([drop('p'), drop('p', { token: 'other' })], now);
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ['repeated', 'duplicate'],
    );
  });

  check('a stand-alone verifier ends alone', async (queue) => {
    await acceptAll(queue, ['v', { kind: 'verifier' }]);
    assert.deepEqual(endsOf(await queue.finish(await claimOne(queue, 'verifier'), finishOf('rejected'))), [
      'v rejected',
    ]);
  });
}
