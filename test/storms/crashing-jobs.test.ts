import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { crashesIn } from './storm.ts';

const jobs = 300;
const slow = { timeoutMs: 90_000 };
const config = `concurrency: { pipeline: 8 }
crash: { burst: 3, window: 500ms }
`;

async function dropCrashingJobs(root: Root): Promise<void> {
  for (let index = 0; index < jobs; index += 1)
    // One attempt each: a crash, or a loss, and never both.
    await root.dropJob({
      id: `boom-${index}`,
      name: 'boom',
      command: ['/bin/sh', '-c', 'echo "no such table: users" >&2; exit 3'],
      onInterrupt: 'fail',
    });
}

const outcomesIn = (root: Root): number =>
  root.names('spool/outcomes').filter((name) => name.startsWith('boom-')).length;

void suite('300 jobs that crash in the same way', { concurrency: true }, () => {
  void test('are a few events, whose sum is 300, and each outcome says which it was', async () => {
    await using receiver = await Receiver.listen();
    await using root = await Root.make({ dsn: receiver.dsn, config });
    await using supervisor = await SupervisorProcess.start(root);
    await dropCrashingJobs(root);
    await poll('all outcomes', () => (outcomesIn(root) === jobs ? true : null), slow);
    await receiver.until('the sum of all events', () => (crashesIn(receiver.events) >= jobs ? true : null), 15_000);
    assert.equal(crashesIn(receiver.events), jobs);
    assert.ok(receiver.events.length < 60, `${receiver.events.length} events`);
    const outcomes = Array.from({ length: jobs }, (_, index) => root.outcome(`boom-${index}`)?.sentry);
    const captured = outcomes.filter((sentry) => sentry?.capture === 'captured');
    const counted = outcomes.filter((sentry) => sentry?.capture === 'counted');
    assert.equal(captured.length + counted.length, jobs);
    assert.ok(counted.length > 200, `${counted.length} counted`);
    const ids = new Set(receiver.events.map(({ id }) => id));
    for (const sentry of counted) assert.ok(sentry?.eventId && ids.has(sentry.eventId), 'an event that people find');
    assert.equal(supervisor.linesOf({ kind: 'crash.counted' }).length, counted.length);
    assert.ok(supervisor.linesOf({ kind: 'crash.repeated' }).length > 0);
  });

  void test('are 300 too where the supervisor is killed in the middle, again and again', async () => {
    await using receiver = await Receiver.listen();
    await using root = await Root.make({ dsn: receiver.dsn, config });
    {
      await using first = SupervisorProcess.launch(root);
      await first.line({ kind: 'supervisor.ready' });
      await dropCrashingJobs(root);
      await poll('some counts', () => (first.linesOf({ kind: 'crash.counted' }).length > 40 ? true : null), slow);
      await first.kill();
    }
    for (const enough of [30, 50]) {
      await using next = SupervisorProcess.launch(root);
      await poll('some counts', () => (next.linesOf({ kind: 'crash.counted' }).length > enough ? true : null), slow);
      await next.kill();
    }
    await using _last = await SupervisorProcess.start(root);
    await poll('all outcomes', () => (outcomesIn(root) === jobs ? true : null), slow);
    await receiver.until('the sum of all events', () => (crashesIn(receiver.events) >= jobs ? true : null), 15_000);
    assert.equal(crashesIn(receiver.events), jobs);
  });
});

void test('another limit applies with a reload', async () => {
  await using receiver = await Receiver.listen();
  await using root = await Root.make({ dsn: receiver.dsn, config: 'crash: { burst: 1 }\n' });
  await using supervisor = await SupervisorProcess.start(root);
  const captured = async (name: string, ids: readonly string[]) => {
    const states = [];
    for (const id of ids) states.push((await supervisor.run({ id, name, run: 'exit 3' })).sentry?.capture);
    return states;
  };
  assert.deepEqual(await captured('one', ['a', 'b']), ['captured', 'counted']);
  await root.write('etc/booty.yaml', 'crash: { burst: 2 }\n');
  process.kill(supervisor.pid, 'SIGHUP');
  const line = await supervisor.line({ kind: 'supervisor.reloaded' });
  assert.equal(line.fields.changed, 'crash');
  assert.deepEqual(await captured('two', ['c', 'd', 'e']), ['captured', 'captured', 'counted']);
});
