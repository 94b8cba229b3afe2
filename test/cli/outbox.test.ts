import assert from 'node:assert/strict';
import { chmodSync, readdirSync } from 'node:fs';
import { suite, test } from 'node:test';
import { program } from '../harness/program.ts';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { asUser, nobody, rootOnly } from '../supervise/another-user.ts';
import { finished } from '../system/finished.ts';

const crashing = { run: 'echo "what it said" >&2; exit 3' };

/** Deliveries have failed for a while: the next try may be far away. */
const slowMs = 60_000;

/** Two crashes that wait for a Sentry that cannot be reached, and a supervisor that goes on. */
async function openScene() {
  const stack = new AsyncDisposableStack();
  const receiver = stack.use(await Receiver.listen());
  await receiver.behave({ kind: 'refuse' });
  const root = stack.use(await Root.make({ dsn: receiver.dsn }));
  const supervisor = stack.use(await SupervisorProcess.start(root));
  const ids: string[] = [];
  for (const id of ['first', 'second'])
    ids.push((await supervisor.run({ id, name: id, ...crashing })).sentry?.eventId ?? '');
  const [first = '', second = ''] = ids;
  return { receiver, root, supervisor, first, second, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

void suite('booty outbox', { concurrency: 2 }, () => {
  void test('list says when nothing waits', async () => {
    await using root = await Root.make();
    assert.equal((await root.booty('outbox', 'list')).stdout, 'nothing waits\n');
    assert.equal((await root.booty('outbox', 'list', '--dead')).stdout, 'nothing was given up\n');
    const { status, stderr } = await root.booty('outbox', 'show', 'abc');
    assert.deepEqual([status, stderr.includes('no event "abc"')], [1, true]);
  });

  void test('list tells what waits, and show one event of it; status says how many and how old', async () => {
    await using scene = await openScene();
    const { root, first, second } = scene;
    const { stdout } = await root.booty('outbox', 'list');
    assert.match(stdout, new RegExp(`${first} .* first .*\\n${second} .* second .*what it said`));
    const { events, waiting, failing } = JSON.parse((await root.booty('outbox', 'list', '--json')).stdout);
    assert.deepEqual(
      events.map((event: { eventId: string; jobId: string; crashes: number }) => [
        event.eventId,
        event.jobId,
        event.crashes,
      ]),
      [
        [first, 'first', 1],
        [second, 'second', 1],
      ],
    );
    assert.equal(waiting.count, 2);
    assert.equal(failing.state, 'delayed');
    const shown = await root.booty('outbox', 'show', first.slice(0, 8));
    assert.match(shown.stdout, /^first\/\w+ exited with 3: what it said\n/);
    assert.match(shown.stdout, /stderr\.txt \(13B\)/);
    const event = JSON.parse((await root.booty('outbox', 'show', first, '--json')).stdout);
    assert.deepEqual([event.event_id, event.tags.job_id], [first, 'first']);
    const status = await root.booty('status');
    assert.equal(status.status, 0);
    assert.match(status.stdout, /^outbox +2 waiting, oldest .*$/m);
    assert.match(status.stdout, /^deliveries +fail: ECONNREFUSED$/m);
    assert.match(status.stdout, /^jobs +0 running, 0 verifying, 0 waiting$/m);
    const { outbox, supervisor } = JSON.parse((await root.booty('status', '--json')).stdout);
    assert.deepEqual([outbox.waiting.count, supervisor.pid], [2, scene.supervisor.pid]);
  });

  void test('status exits with 69 where no supervisor runs', async () => {
    await using root = await Root.make();
    const { status, stdout } = await root.booty('status');
    assert.equal(status, 69);
    assert.match(stdout, /^supervisor +none runs here/);
    assert.match(stdout, /^Sentry +off/m);
  });

  void test('where this user may not look, nobody is told that no supervisor runs', rootOnly, async () => {
    await using supervisor = await SupervisorProcess.start();
    const { root } = supervisor;
    chmodSync(root.path, 0o755);
    chmodSync(root.in('lib'), 0o700);
    const as = (...args: string[]) => finished([...asUser(nobody), program, '--root', root.path, ...args]);
    const { status, stdout } = await as('status');
    assert.equal(status, 1);
    assert.match(stdout, /^supervisor +unknown: this user may not look into /);
    assert.match((await as('check')).stdout, /supervisor: unknown: this user may not look into /);
    const ran = await as('run', '--', 'true');
    assert.deepEqual([ran.status, /may not look into/.test(ran.stderr)], [1, true]);
  });

  void test('drop removes an event beside a running supervisor, which sends the others', async () => {
    await using scene = await openScene();
    const { root, receiver, first, second } = scene;
    const asked = await root.booty('outbox', 'drop', first);
    assert.equal(asked.status, 2);
    assert.match(asked.stderr, /say --yes/);
    const { stdout } = await root.booty('outbox', 'drop', first, '--yes');
    assert.equal(stdout, '1 event dropped\n');
    assert.deepEqual(root.outbox(), [second]);
    await receiver.behave({ kind: 'accept' });
    await receiver.event(second, slowMs);
    await poll('an empty outbox', () => (root.outbox().length === 0 ? true : null));
    assert.deepEqual(
      receiver.events.map(({ id }) => id),
      [second],
    );
    assert.match((await root.booty('outbox', 'list')).stderr, new RegExp(`1 dropped; .*${first} \\(dropped by `));
  });

  void test('retry has a running supervisor send what was given up', async () => {
    await using scene = await openScene();
    const { root, receiver, supervisor, first, second } = scene;
    await receiver.behave({ kind: 'answer', status: 400 });
    await supervisor.line({ kind: 'outbox.buried', event_id: second }, slowMs);
    await supervisor.line({ kind: 'outbox.buried', event_id: first }, slowMs);
    const dead = await root.booty('outbox', 'list', '--dead');
    assert.match(dead.stdout, new RegExp(`${first} .*the server answered 400`));
    await receiver.behave({ kind: 'accept' });
    assert.match((await root.booty('outbox', 'retry', first.slice(0, 10))).stdout, /^1 event will be sent again/);
    assert.equal((await receiver.event(first, slowMs)).id, first);
    assert.match((await root.booty('outbox', 'retry', '--all')).stdout, /^1 event will be sent again/);
    await receiver.event(second, slowMs);
    await poll('an empty outbox', () => (root.outbox().length + root.outbox('dead').length === 0 ? true : null));
    assert.deepEqual(readdirSync(root.in('lib/outbox/dead')), []);
  });

  void test('is not for every user', rootOnly, async () => {
    await using scene = await openScene();
    chmodSync(scene.root.path, 0o755);
    for (const command of ['list', 'show', 'retry', 'drop']) {
      const args =
        command === 'list'
          ? []
          : command === 'show'
            ? [scene.first]
            : ['--all', ...(command === 'drop' ? ['--yes'] : [])];
      const { status, stderr } = await finished([
        ...asUser(nobody),
        program,
        'outbox',
        command,
        ...args,
        '--root',
        scene.root.path,
      ]);
      assert.deepEqual([status, stderr.includes(`as root: booty outbox ${command}`)], [1, true], stderr);
    }
  });

  for (const [args, says] of [
    [['retry'], /no event is named/],
    [['drop'], /no event is named/],
    [['drop', 'abc', '--all', '--yes'], /not both/],
    [['lst'], /Did you mean list\?/],
  ] as const)
    void test(`${args.join(' ')} is a mistake of usage`, async () => {
      await using root = await Root.make();
      const { status, stderr } = await root.booty('outbox', ...args);
      assert.deepEqual([status, says.test(stderr)], [2, true], stderr);
    });
});
