import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

void suite('a job file has rules for its crashes:', () => {
  let receiver: Receiver;
  let supervisor: SupervisorProcess;
  before(async () => {
    receiver = await Receiver.listen();
    supervisor = await SupervisorProcess.start({ dsn: receiver.dsn, config: 'spool: { settle: 20ms }' });
  });
  after(async () => {
    await supervisor[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  const eventOf = async (eventId: string | null | undefined) => (await receiver.event(eventId ?? '')).event;

  void test('an exit code that is to be expected is a crash without an event', async () => {
    const crash = { ignoreExitCodes: [75] };
    const expected = await supervisor.run({ id: 'expected', run: 'exit 75', crash });
    assert.deepEqual([expected.outcome, expected.reason], ['crashed', 'exited with 75']);
    assert.deepEqual(expected.sentry, { eventId: null, capture: 'ignored' });
    const other = await supervisor.run({ id: 'unexpected', run: 'exit 74', crash });
    assert.equal(other.sentry?.capture, 'captured');
    await eventOf(other.sentry?.eventId);
    const checked = await supervisor.run({ id: 'check', run: 'true', verify: { run: 'exit 75' }, crash });
    assert.deepEqual(checked.sentry, { eventId: null, capture: 'ignored' });
    assert.deepEqual(
      receiver.events.map(({ event }) => event.tags?.job_id),
      ['unexpected'],
    );
  });

  void test('a rejection is an event where it is asked for', async () => {
    const job = { name: 'backup', run: 'true', verify: { run: 'echo 3 rows are missing; exit 1' } };
    const silent = await supervisor.run({ id: 'silent', ...job });
    assert.deepEqual([silent.outcome, silent.sentry], ['rejected', null]);
    const told = await supervisor.run({ id: 'told', ...job, crash: { captureRejections: true } });
    assert.equal(told.outcome, 'rejected');
    const event = await eventOf(told.sentry?.eventId);
    assert.equal(event.level, 'warning');
    const [exception] = event.exception?.values ?? [];
    assert.deepEqual([exception?.type, exception?.value], ['backup-verify/verify rejected', '3 rows are missing']);
    assert.equal(event.tags?.cause, 'rejected');
    assert.equal(event.contexts?.job?.pipeline, 'booty show told');
    assert.deepEqual(event.breadcrumbs?.at(-1)?.message, 'rejected: 3 rows are missing');
    await supervisor.line({ kind: 'job.ended', id: 'told', event_id: told.sentry?.eventId ?? '' });
  });

  void test('what is grouped can be said, and source goes along where it is asked for', async () => {
    const script =
      '#!/usr/bin/env python3\ndef load(row):\n    wrong = row * 2\n    raise ValueError(wrong)\n\nload(7)\n';
    const crash = { fingerprint: ['imports', '{{ default }}'], sourceLines: 1 };
    const { sentry } = await supervisor.run({ id: 'ruled', script, crash });
    const event = await eventOf(sentry?.eventId);
    assert.deepEqual(event.fingerprint, ['imports', '{{ default }}']);
    assert.deepEqual(
      event.exception?.values[0]?.stacktrace?.frames.map(
        ({ filename, lineno, pre_context, context_line, post_context }) => ({
          filename,
          lineno,
          pre_context,
          context_line,
          post_context,
        }),
      ),
      [
        { filename: 'script', lineno: 6, pre_context: [''], context_line: 'load(7)', post_context: [''] },
        {
          filename: 'script',
          lineno: 4,
          pre_context: ['    wrong = row * 2'],
          context_line: '    raise ValueError(wrong)',
          post_context: [''],
        },
      ],
    );
    assert.deepEqual(event.contexts?.runtime, { name: 'python' });
  });
});
