import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { inspectable, runInside } from './inspector.ts';

/** A job that runs until it may end. */
const patient = (root: Root) => ({ id: 'patient', run: `until [ -e ${root.in('go')} ]; do sleep 0.02; done` });

/** Damages what the ledger says of a job, or mends it. Gives back what stood there. */
function rewriteSpec(root: Root, id: string, spec: string): string {
  const ledger = new DatabaseSync(root.in('lib/ledger.db'), { timeout: 5000 });
  try {
    const before = ledger.prepare('SELECT spec FROM job WHERE id = ?').get(id)?.spec;
    ledger.prepare('UPDATE job SET spec = ? WHERE id = ?').run(spec, id);
    return String(before);
  } finally {
    ledger.close();
  }
}

interface Defect {
  /** Provokes it; what it gives back undoes the cause. */
  readonly provoke: (supervisor: SupervisorProcess, root: Root) => Promise<() => void>;
  readonly title: { readonly type: string; readonly value: RegExp };
}

const defects: Readonly<Record<string, Defect>> = {
  'an exception that nobody catches': {
    provoke: async (supervisor) => {
      await runInside(supervisor, `setTimeout(() => { throw new RangeError('made by a test') }, 0)`);
      return () => undefined;
    },
    title: { type: 'RangeError', value: /made by a test$/ },
  },
  'a promise whose rejection nobody handles': {
    provoke: async (supervisor) => {
      await runInside(supervisor, `void Promise.reject(new TypeError('made by a test'))`);
      return () => undefined;
    },
    title: { type: 'TypeError', value: /made by a test$/ },
  },
  'a damaged row in its ledger': {
    provoke: async (supervisor, root) => {
      const before = rewriteSpec(root, 'next', 'not JSON');
      await root.write('go', '');
      await supervisor.exited;
      return () => void rewriteSpec(root, 'next', before);
    },
    title: { type: 'SyntaxError', value: /JSON/ },
  },
};

for (const [name, { provoke, title }] of Object.entries(defects)) {
  void test(`${name} ends the supervisor with 70; Sentry gets it, once, and the next supervisor carries on`, async () => {
    await using receiver = await Receiver.listen();
    await receiver.behave({ kind: 'refuse' });
    await using root = await Root.make({ dsn: receiver.dsn, config: 'concurrency: { pipeline: 1 }' });
    await using supervisor = await SupervisorProcess.start(root, { env: inspectable });
    await root.dropJob(patient(root));
    await supervisor.line({ kind: 'attempt.started', id: 'patient' });
    await root.dropJob({ id: 'next', run: 'true' });
    await supervisor.line({ kind: 'job.accepted', id: 'next' });

    const mend = await provoke(supervisor, root);
    assert.deepEqual(await supervisor.exited, { status: 70, signal: null });
    const [failed, ...others] = supervisor.linesOf({ kind: 'supervisor.failed' });
    assert.deepEqual(others, [], 'told once');
    assert.equal(failed?.priority, 'error');
    assert.equal(failed.fields.capture, 'captured');
    assert.match(failed.fields.error?.split('\n', 1)[0] ?? '', new RegExp(`^${title.type}: .*${title.value.source}`));
    const eventId = failed.fields.event_id ?? '';
    assert.deepEqual(root.outbox(), [eventId], 'the event was safe before it exited');

    mend();
    await receiver.behave({ kind: 'accept' });
    await root.write('go', '');
    await using again = await SupervisorProcess.start(root);
    const { event } = await receiver.event(eventId);
    assert.equal(event.level, 'fatal');
    assert.equal(event.tags?.supervisor, 'true');
    assert.equal(event.tags?.job_id, undefined);
    const exception = event.exception?.values.at(-1);
    assert.equal(exception?.type, title.type);
    assert.match(exception?.value ?? '', title.value);
    for (const id of ['patient', 'next']) assert.equal((await again.outcome(id)).outcome, 'succeeded');
    await poll('an empty outbox', () => (root.outbox().length === 0 ? true : null));
    assert.equal(receiver.events.filter(({ id }) => id === eventId).length, 1);
  });
}

void test('a defect without a DSN ends the supervisor with 70 too, and is told in the journal', async () => {
  await using supervisor = await SupervisorProcess.start({}, { env: inspectable });
  await runInside(supervisor, `setTimeout(() => { throw new RangeError('made by a test') }, 0)`);
  assert.deepEqual(await supervisor.exited, { status: 70, signal: null });
  assert.equal((await supervisor.line({ kind: 'supervisor.failed' })).fields.capture, 'disabled');
});
