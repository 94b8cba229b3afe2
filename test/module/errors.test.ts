import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { SentryEvent } from '../harness/envelope.ts';
import { lineOf, ModuleScene, moduleAt } from './scene.ts';

let scene: ModuleScene;

const exceptionsOf = (event: SentryEvent) =>
  (event.exception?.values ?? []).map(({ type, value, mechanism }) => ({ type, value, ...pickLink(mechanism) }));

const pickLink = (mechanism: unknown) => {
  const { exception_id, parent_id, source } = mechanism as Readonly<Record<string, unknown>>;
  return { id: exception_id, parent: parent_id, source };
};

/** Where the last call of an exception stood. */
const placeOf = (event: SentryEvent, type: string) => {
  const frame = event.exception?.values.find((value) => value.type === type)?.stacktrace?.frames.at(-1);
  return { file: frame?.abs_path, line: frame?.lineno, function: frame?.function, source: frame?.context_line };
};

void suite('a module step that crashes', () => {
  before(async () => {
    scene = await ModuleScene.open();
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
  });

  void test('tells Sentry of the error with its causes and members, each at its line of TypeScript', async () => {
    const path = moduleAt('payments.ts');
    const { outcome, event } = await scene.crash('payments', { module: path, crash: { sourceLines: 1 } });
    assert.equal(outcome.reason, 'PaymentError: cannot pay');
    assert.equal(outcome.exitCode, 1);
    assert.equal(event.platform, 'node');
    assert.deepEqual(exceptionsOf(event), [
      { type: 'TypeError', value: 'no currency', id: 3, parent: 1, source: 'errors[1]' },
      { type: 'RangeError', value: 'no price for 42', id: 2, parent: 1, source: 'errors[0]' },
      { type: 'AggregateError', value: 'two reasons', id: 1, parent: 0, source: 'cause' },
      { type: 'PaymentError', value: 'cannot pay', id: 0, parent: undefined, source: undefined },
    ]);
    for (const [type, mark, name] of [
      ['RangeError', 'throws the price', 'readPrice'],
      ['TypeError', 'makes the member', 'pay'],
      ['PaymentError', 'throws the payment', 'pay'],
    ] as const) {
      const { source, ...place } = placeOf(event, type);
      assert.deepEqual(place, { file: path, line: lineOf(path, mark), function: name });
      assert.match(source ?? '', new RegExp(`${mark}$`));
    }
    const frames = event.exception?.values.flatMap((value) => value.stacktrace?.frames ?? []) ?? [];
    assert.deepEqual(
      frames.filter(({ abs_path: path }) => path?.includes('src/module')),
      [],
      'nothing of the host',
    );
  });

  void test('tells what its error had beside the message, and its source only where the job asks for it', async () => {
    const { event } = await scene.crash('properties', { module: moduleAt('payments.ts') });
    const last = event.exception?.values.at(-1);
    const mechanism = last?.mechanism as { readonly data?: unknown } | undefined;
    assert.deepEqual(mechanism?.data, { account: '{"id": 42}', code: 'E_PAYMENT' });
    const frames = event.exception?.values.flatMap((value) => value.stacktrace?.frames ?? []) ?? [];
    assert.ok(frames.length > 3);
    assert.deepEqual(
      frames.filter(({ context_line }) => context_line !== undefined),
      [],
    );
  });

  void test('tells Sentry what it logged, in order of time', async () => {
    const { event } = await scene.crash('logged', {
      steps: [{ run: 'sleep 0.1' }, { module: moduleAt('payments.ts') }],
    });
    const crumbs = event.breadcrumbs ?? [];
    const logged = crumbs.filter(({ category }) => category === 'log').map(({ message }) => message);
    assert.deepEqual(logged, ['reading accounts {"count": 2}', 'one is old']);
    const messages = crumbs.map(({ message }) => message);
    assert.ok(messages.findIndex((message) => /step-1 succeeded/.test(message)) < messages.indexOf('one is old'));
    assert.ok(messages.indexOf('one is old') < messages.findIndex((message) => /step-2 exited/.test(message)));
    assert.match(scene.log('logged'), /^info: reading accounts \{"count": 2\}$/m);
  });

  void test('tells once what it logged last, though it is on stderr too', async () => {
    const { event } = await scene.crash('once', { module: moduleAt('endings.ts'), export: 'logsAndExits' });
    const crumbs = (event.breadcrumbs ?? []).filter(({ message }) => message.includes('about to go'));
    assert.deepEqual(
      crumbs.map(({ category, message, level }) => ({ category, message, level })),
      [{ category: 'log', message: 'about to go {"status": 7}', level: 'error' }],
    );
    assert.match(scene.log('once'), /^error: about to go/);
  });

  void test('prints the error as Node.js does, for whoever reads the log', async () => {
    const { event } = await scene.crash('printed', { module: moduleAt('payments.ts') });
    const log = scene.log('printed');
    assert.match(log, /^PaymentError: cannot pay\n {4}at pay \(file:.*payments\.ts:\d+:\d+\)/m);
    assert.match(log, /\[cause\]: AggregateError: two reasons/);
    assert.match(log, /^Node\.js v/m);
    assert.doesNotMatch(log, /src\/module\/host/);
    assert.ok(event);
  });

  const elsewhere = {
    failsOnTheSide: ['RangeError', 'thrown by a timer'],
    rejectsOnTheSide: ['RangeError', 'rejected by nobody’s promise'],
    throwsText: ['Error', 'only a text'],
    listensForErrors: ['RangeError', 'heard by nobody'],
    writesBadOutputs: [
      'TypeError',
      '"two words" is no key of an output: at most 100 letters, digits, _ . - that begin with a letter or _',
    ],
  } as const;
  for (const [name, [type, value]] of Object.entries(elsewhere))
    void test(`that ${name} has its error told`, async () => {
      const { outcome, event } = await scene.crash(name, { module: moduleAt('endings.ts'), export: name });
      assert.equal(outcome.exitCode, 1);
      const last = event.exception?.values.at(-1);
      assert.deepEqual([last?.type, last?.value], [type, value]);
    });

  void test('is not told of an error that a listener of its own has caught', async () => {
    const { outcome } = await scene.crash('caught', { module: moduleAt('endings.ts'), export: 'catchesElsewhere' });
    assert.equal(outcome.exitCode, 9);
    assert.doesNotMatch(outcome.reason ?? '', /caught by a listener/);
  });

  void test('leaves none of its files behind', async () => {
    await scene.crash('tidy', { module: moduleAt('payments.ts') });
    assert.deepEqual(scene.supervisor.root.names('lib/jobs/tidy'), ['1.log']);
  });
});
