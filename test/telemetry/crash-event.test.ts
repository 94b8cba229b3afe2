import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

interface Case {
  readonly what: string;
  /** Its id is the name of the case. */
  readonly job: Readonly<Record<string, unknown>>;
  /** The id of the job whose crash it is, where that is another. */
  readonly crashed?: string;
  /** Undefined: it must not have the tag. */
  readonly tags: Readonly<Record<string, string | undefined>>;
  readonly title: RegExp;
  readonly printed: string | null;
  readonly crumbs: readonly RegExp[];
}

const nodeThatThrows = [process.execPath, '-e', 'function check() { throw new TypeError("no such table") }\ncheck()'];

const cases: Readonly<Record<string, Case>> = {
  'exit-7': {
    what: 'exits with another status than 0',
    job: {
      name: 'nightly',
      steps: [
        { name: 'dump', run: 'echo dumped' },
        { name: 'load', run: 'echo no room >&2; exit 7' },
      ],
    },
    tags: {
      job_kind: 'pipeline',
      job_name: 'nightly',
      step: 'load',
      cause: 'exit-code',
      exit_code: '7',
      signal: undefined,
    },
    title: /^nightly\/load exited with 7$/,
    printed: 'no room\n',
    crumbs: [/accepted pipeline nightly/, /attempt 1 started/, /dump succeeded/, /load exited with 7/, /no room/],
  },
  signal: {
    what: 'is killed by a signal',
    job: { run: 'echo before; kill -TERM $$' },
    tags: { job_kind: 'pipeline', step: 'main', cause: 'signal', signal: 'SIGTERM', exit_code: undefined },
    title: /^signal\/main killed by SIGTERM$/,
    printed: 'before\n',
    crumbs: [/accepted pipeline signal/, /main was killed by SIGTERM/],
  },
  timeout: {
    what: 'runs into its time limit',
    job: { run: 'echo waiting; exec sleep 60', timeout: '300ms' },
    tags: { step: 'main', cause: 'timeout', exit_code: undefined, signal: undefined },
    title: /ran into the time limit of the job, 300ms/,
    printed: 'waiting\n',
    crumbs: [/main ran into the time limit/],
  },
  missing: {
    what: 'names a program that does not exist',
    job: { command: ['no-such-program-anywhere', '--now'] },
    tags: { step: 'main', cause: 'spawn', exit_code: undefined, signal: undefined },
    title: /no-such-program-anywhere: no such program/,
    printed: null,
    crumbs: [/main could not be started/],
  },
  'not-executable': {
    what: 'names a program that is not executable',
    job: { command: ['/etc/passwd'] },
    tags: { step: 'main', cause: 'spawn', exit_code: undefined, signal: undefined },
    title: /\/etc\/passwd: not executable/,
    printed: null,
    crumbs: [/main could not be started/],
  },
  checked: {
    what: 'has a verifier that crashes',
    job: { name: 'backup', run: 'echo made', verify: { run: 'echo looking; exit 2' } },
    crashed: 'checked+verify',
    tags: { job_kind: 'verifier', pipeline_id: 'checked', cause: 'exit-code', exit_code: '2' },
    title: /exited with 2/,
    printed: 'looking\n',
    crumbs: [/accepted verifier/, /exited with 2/],
  },
  'check-broken': {
    what: 'has a verifier that dies of an uncaught exception',
    job: { run: 'echo made', verify: { command: nodeThatThrows } },
    crashed: 'check-broken+verify',
    tags: { job_kind: 'verifier', pipeline_id: 'check-broken', cause: 'exit-code', exit_code: '1' },
    title: /^TypeError$/,
    printed: 'no such table',
    crumbs: [/exited with 1/],
  },
  verdict: {
    what: 'is a verifier of its own that crashes',
    job: { kind: 'verifier', run: 'echo verdict?; exit 3' },
    tags: { job_kind: 'verifier', pipeline_id: undefined, cause: 'exit-code', exit_code: '3' },
    title: /exited with 3/,
    printed: 'verdict?\n',
    crumbs: [/accepted verifier verdict/],
  },
};

void suite('a job that crashes becomes one Sentry event:', () => {
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

  for (const [id, { what, job, crashed = id, tags, title, printed, crumbs }] of Object.entries(cases)) {
    void test(`one that ${what}`, async () => {
      const outcome = await supervisor.run({ id, ...job });
      assert.equal(outcome.outcome, 'crashed');
      assert.equal(outcome.sentry?.capture, 'captured');
      const eventId = outcome.sentry?.eventId ?? '';
      const { event, attachments } = await receiver.event(eventId);
      const expected = { job_id: crashed, attempt: '1', job_final: 'true', ...tags };
      const found = Object.fromEntries(Object.keys(expected).map((tag) => [tag, event.tags?.[tag]]));
      assert.deepEqual(found, expected);
      assert.equal(event.level, 'error');
      assert.deepEqual(event.exception?.values.at(-1)?.mechanism, { type: 'booty.child', handled: false });
      assert.match(event.exception?.values.at(-1)?.type ?? '', title);
      const captured = await supervisor.line({ kind: 'crash.captured', event_id: eventId });
      assert.equal(captured.fields.id, crashed);
      for (const told of new Set([id, crashed])) {
        assert.equal((await supervisor.outcome(told)).sentry?.eventId, eventId);
        await supervisor.line({ kind: 'job.ended', id: told, event_id: eventId });
      }
      const output = attachments.map(({ data }) => data.toString()).join('');
      if (printed === null) assert.equal(attachments.length, 0);
      else assert.ok(output.includes(printed), `${JSON.stringify(printed)} is not in ${JSON.stringify(output)}`);
      const messages = (event.breadcrumbs ?? []).map(({ message }) => message);
      for (const crumb of crumbs)
        assert.ok(
          messages.some((message) => crumb.test(message)),
          `${crumb} in ${messages.join()}`,
        );
    });
  }

  void test('and nothing else does', async () => {
    assert.equal((await supervisor.run({ id: 'fine', run: 'echo fine', verify: { run: 'true' } })).sentry, null);
    assert.equal((await supervisor.run({ id: 'no', run: 'true', verify: { run: 'exit 1' } })).outcome, 'rejected');
    await supervisor.drop('bad.yaml', 'ruun: x\n');
    await supervisor.line({ kind: 'job.refused', file: 'bad.yaml' });
    await receiver.count(Object.keys(cases).length);
    await supervisor.stop();
    const ids = receiver.events.map(({ event }) => String(event.tags?.job_id));
    assert.deepEqual(
      ids.sort(),
      Object.entries(cases)
        .map(([id, { crashed = id }]) => crashed)
        .sort(),
    );
    assert.deepEqual(supervisor.root.outbox(), []);
    assert.deepEqual(
      receiver.requests.filter(
        ({ status, contentType }) => status !== 200 || contentType !== 'application/x-sentry-envelope',
      ),
      [],
    );
  });
});
