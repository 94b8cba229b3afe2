import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import type { OutcomeRecord } from '../../src/job/outcome.ts';
import type { SentryEvent } from '../harness/envelope.ts';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

let receiver: Receiver;
let supervisor: SupervisorProcess;

/** The event of a crash. */
async function eventOf({ sentry }: OutcomeRecord): Promise<SentryEvent> {
  return (await receiver.event(sentry?.eventId ?? assert.fail('no event'))).event;
}
const stepsOf = (outcome: OutcomeRecord, attempt = 1): string[] =>
  outcome.attempts[attempt - 1]?.steps?.map(({ step, outcome: how }) => `${step} ${how}`) ?? [];
const crumbsOf = (event: SentryEvent): string =>
  event.breadcrumbs?.map(({ level, message }) => `${level} ${message}`).join('\n') ?? '';

void suite('the steps of a job', () => {
  before(async () => {
    receiver = await Receiver.listen();
    supervisor = await SupervisorProcess.start({ dsn: receiver.dsn });
  });
  after(async () => {
    await supervisor[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  void test('a crash is that of the step that failed, and not of one that cleaned up after it', async () => {
    const load = 'import sys; sys.stderr.write("loading\\n"); raise ValueError("bad row")';
    const clean = 'raise KeyError("nothing to clean")';
    const outcome = await supervisor.run({
      id: 'cleaned',
      steps: [
        { name: 'warm', command: ['python3', '-c', 'raise OSError("no cache")'], continueOnError: true },
        { name: 'load', command: ['python3', '-c', load] },
        { name: 'clean', if: 'always()', command: ['python3', '-c', clean] },
      ],
    });
    assert.deepEqual(
      [outcome.outcome, outcome.step, outcome.exitCode, outcome.reason],
      ['crashed', 'load', 1, 'ValueError: bad row'],
    );
    assert.deepEqual(stepsOf(outcome), ['warm continued', 'load failed', 'clean failed']);
    const event = await eventOf(outcome);
    assert.deepEqual(
      event.exception?.values.map(({ type, value }) => `${type}: ${value}`),
      ['ValueError: bad row'],
    );
    assert.equal(event.tags?.step, 'load');
    const crumbs = crumbsOf(event);
    assert.match(crumbs, /^warning warm exited with 1 after .*, and the job went on$/m);
    assert.match(crumbs, /^info loading$/m);
    assert.match(crumbs, /^error load exited with 1 after/m);
    assert.match(crumbs, /^error clean exited with 1 after/m);
    const line = await supervisor.line({ kind: 'step.continued', id: 'cleaned' });
    assert.deepEqual([line.fields.step, line.fields.reason, line.fields.attempt], ['warm', 'exited with 1', '1']);
  });

  void test('what a step printed that may fail is not taken for the crash of one that fails without a word', async () => {
    const outcome = await supervisor.run({
      id: 'silent',
      steps: [
        { command: ['python3', '-c', 'raise OSError("no cache")'], continueOnError: true },
        { name: 'load', run: 'exit 4' },
      ],
    });
    assert.deepEqual([outcome.step, outcome.reason], ['load', 'exited with 4']);
  });

  void test('an error that a module handed over is not lost to a module that cleans up', async () => {
    await supervisor.root.write(
      'etc/modules/pair.mjs',
      'export const load = () => { process.stderr.write = () => true; throw new RangeError("row 7", { cause: new Error("disk") }); };\nexport const clean = (job) => job.log.info("cleaned");\n',
    );
    const outcome = await supervisor.run({
      id: 'pair',
      steps: [
        { name: 'load', module: 'pair.mjs', export: 'load' },
        { name: 'clean', if: 'failure()', module: 'pair.mjs', export: 'clean' },
      ],
    });
    const event = await eventOf(outcome);
    assert.deepEqual(
      event.exception?.values.map(({ type, value }) => `${type}: ${value}`),
      ['Error: disk', 'RangeError: row 7'],
    );
    assert.match(crumbsOf(event), /^info cleaned$/m);
  });

  void test('a step that could not be started has nothing of the step before it', async () => {
    const outcome = await supervisor.run({
      id: 'unstarted',
      steps: [
        { module: 'pair.mjs', export: 'load', continueOnError: true },
        { name: 'next', module: 'pair.mjs', export: 'clean', cwd: 'nowhere' },
      ],
    });
    assert.deepEqual([outcome.step, outcome.cause], ['next', 'spawn']);
    assert.match(outcome.reason ?? '', /^could not be started: its cwd .*nowhere does not exist \(ENOENT\)$/);
  });

  void test('a bash script that was cleaned up after has the line of the command that failed', async () => {
    const outcome = await supervisor.run({
      id: 'noted',
      shell: 'bash',
      steps: [{ run: 'load() {\n  test -e nothing\n}\nload\n' }, { if: 'always()', run: 'false || true' }],
    });
    const [exception] = (await eventOf(outcome)).exception?.values ?? [];
    assert.match(exception?.value ?? '', /^test -e nothing: /);
  });

  void test('a verifier that rejects and tidies up has the reason of the step that rejected', async () => {
    const outcome = await supervisor.run({
      id: 'picky',
      kind: 'verifier',
      steps: [
        { name: 'list', run: 'echo rows=7 >>"$BOOTY_OUTPUT"' },
        { name: 'look', run: 'echo "only $BOOTY_OUTPUT_rows rows"; exit 1' },
        { name: 'tidy', if: 'always()', run: 'echo tidied; exit 2' },
      ],
    });
    assert.deepEqual([outcome.outcome, outcome.step, outcome.reason], ['rejected', 'look', 'only 7 rows']);
  });

  void test('a job whose failures are all of steps that may fail succeeds, and its verifier looks at it', async () => {
    const outcome = await supervisor.run({
      id: 'lenient',
      steps: [
        { name: 'warm', run: 'exit 3', continueOnError: true },
        { name: 'load', run: 'echo rows=7 >>"$BOOTY_OUTPUT"; echo a.b=c >>"$BOOTY_OUTPUT"' },
        { name: 'count', run: 'echo "seen=$BOOTY_OUTPUT_rows" >>"$BOOTY_OUTPUT"' },
      ],
      verify: { run: 'test "$BOOTY_OUTPUT_rows$BOOTY_OUTPUT_a_b$BOOTY_OUTPUT_seen" = 7c7' },
    });
    assert.equal(outcome.outcome, 'succeeded', outcome.reason ?? '');
    assert.deepEqual(outcome.outputs, { rows: '7', 'a.b': 'c', seen: '7' });
    assert.deepEqual(stepsOf(outcome), ['warm continued', 'load succeeded', 'count succeeded']);
    const { stdout } = await supervisor.root.booty('show', 'lenient');
    assert.match(stdout, /^ {2}step +warm \(may fail\): exit 3$/m);
    assert.match(stdout, /^ {13}warm continued after \d+ms \(exit 3\)\n {13}load succeeded after \d+ms\n/m);
  });

  void test('a job that needs others finds how they ended, and what they put out', async () => {
    const put = (rows: number) => `echo rows=${rows} >>"$BOOTY_OUTPUT"`;
    await supervisor.run({ id: 'part-1', run: put(1) });
    await supervisor.run({ id: 'part-2', run: put(2) });
    await supervisor.root.write(
      'etc/modules/needs.mjs',
      'export default (job) => job.output("sum", Object.values(job.needs).reduce((sum, { outputs }) => sum + Number(outputs.rows), 0));\n',
    );
    const outcome = await supervisor.run({
      id: 'whole',
      needs: ['part-1', 'part-2'],
      steps: [{ run: 'cat "$BOOTY_NEEDS"' }, { module: 'needs.mjs' }],
    });
    assert.deepEqual([outcome.outcome, outcome.outputs], ['succeeded', { sum: '3' }], outcome.reason ?? '');
    assert.deepEqual(JSON.parse(readFileSync(supervisor.root.in('lib/jobs/whole/1.log'), 'utf8')), {
      'part-1': { outcome: 'succeeded', outputs: { rows: '1' } },
      'part-2': { outcome: 'succeeded', outputs: { rows: '2' } },
    });
    assert.deepEqual(supervisor.root.names('lib/jobs/whole'), ['1.log']);
  });
});

/** Works in two steps; the second fails in its first attempt. */
const resumable = {
  resumeFrom: 'failed-step',
  steps: [
    { name: 'fetch', run: 'echo "fetch $BOOTY_ATTEMPT"; echo data > data; echo rows=7 >>"$BOOTY_OUTPUT"' },
    {
      name: 'load',
      run: 'echo "load $BOOTY_ATTEMPT $(cat data) $BOOTY_OUTPUT_rows"; echo x >> loads; test "$BOOTY_ATTEMPT" -gt 1',
    },
    { name: 'clean', if: 'always()', run: 'echo "clean $BOOTY_ATTEMPT"' },
    { name: 'tell', run: 'echo tell $(wc -l < loads); echo done=yes >>"$BOOTY_OUTPUT"' },
  ],
} as const;

void test('a retry goes on at the step that failed, also after a restart, with the files and outputs of before', async () => {
  await using root = await Root.make();
  await using first = await SupervisorProcess.start(root);
  await root.dropJob({ id: 'again', ...resumable, retries: { limit: 1, delay: '1s', backoff: 'fixed' } });
  await first.line({ kind: 'attempt.ended', id: 'again' });
  await first.kill();
  await using second = await SupervisorProcess.start(root);
  const outcome = await second.outcome('again');
  assert.deepEqual([outcome.outcome, outcome.outputs], ['succeeded', { rows: '7', done: 'yes' }], outcome.reason ?? '');
  assert.deepEqual(stepsOf(outcome, 1), ['fetch succeeded', 'load failed', 'clean succeeded', 'tell skipped']);
  assert.deepEqual(stepsOf(outcome, 2), ['fetch kept', 'load succeeded', 'clean succeeded', 'tell succeeded']);
  const log = (attempt: number): string => readFileSync(root.in(`lib/jobs/again/${attempt}.log`), 'utf8');
  assert.deepEqual([log(1), log(2)], ['fetch 1\nload 1 data 7\nclean 1\n', 'load 2 data 7\nclean 2\ntell 2\n']);
  assert.deepEqual(root.names('lib/jobs/again'), ['1.log', '2.log'], 'nothing else is left');
});

void test('a job that is cancelled while it waits to go on leaves nothing but its log', async () => {
  await using scene = await SupervisorProcess.start();
  const group = { concurrency: { group: 'db', onNew: 'replace-waiting' } };
  await scene.root.dropJob({ id: 'old', ...resumable, ...group, retries: { limit: 1, delay: '1h' } });
  await scene.line({ kind: 'attempt.ended', id: 'old' });
  await poll('its files', () => scene.root.has('lib/jobs/old/work/data') || null);
  await scene.run({ id: 'new', run: 'true', ...group });
  assert.equal((await scene.outcome('old')).outcome, 'cancelled');
  assert.deepEqual(scene.root.names('lib/jobs/old'), ['1.log']);
});

void test('without resumeFrom a retry begins with the first step, and nothing of the attempt before', async () => {
  await using scene = await SupervisorProcess.start();
  const { resumeFrom: _, ...job } = resumable;
  const outcome = await scene.run({ id: 'anew', ...job, retries: { limit: 1, delay: '10ms' } });
  assert.deepEqual(stepsOf(outcome, 2), ['fetch succeeded', 'load succeeded', 'clean succeeded', 'tell succeeded']);
  assert.match(readFileSync(scene.root.in('lib/jobs/anew/2.log'), 'utf8'), /^tell 1$/m);
});

/** Its second step waits in the first attempt. */
const waiting = {
  resumeFrom: 'failed-step',
  steps: [
    { name: 'fetch', run: 'echo "fetch $BOOTY_ATTEMPT"; test ! -e data; echo data > data' },
    {
      name: 'load',
      run: 'echo "load $BOOTY_ATTEMPT $(cat data)"; if [ "$BOOTY_ATTEMPT" = 1 ]; then echo x > started; sleep 30; fi',
    },
    { name: 'clean', if: 'always()', run: 'echo "clean $BOOTY_ATTEMPT"' },
  ],
} as const;

for (const [how, end, again] of [
  [
    'stopped goes on at the step that was stopped',
    (one: SupervisorProcess) => one.stop(),
    ['fetch kept', 'load succeeded', 'clean succeeded'],
  ],
  [
    'killed begins with the first step, in an empty directory: nobody knows how far it came',
    (one: SupervisorProcess) => one.kill(),
    ['fetch succeeded', 'load succeeded', 'clean succeeded'],
  ],
] as const)
  void test(`an attempt whose supervisor was ${how}`, async () => {
    await using root = await Root.make({ config: 'drain: { limit: 1ms }\ndefaults: { killGrace: 2s }\n' });
    await using first = await SupervisorProcess.start(root);
    await root.dropJob({ id: 'waits', ...waiting });
    await poll('its second step', () => existsSync(root.in('lib/jobs/waits/work/started')) || null);
    await end(first);
    await using second = await SupervisorProcess.start(root);
    const outcome = await second.outcome('waits');
    assert.equal(outcome.outcome, 'succeeded', outcome.reason ?? '');
    assert.deepEqual(stepsOf(outcome, 2), again);
    if (outcome.attempts[0]?.cause === 'lost') assert.equal(outcome.attempts[0].steps, undefined);
    else assert.deepEqual(stepsOf(outcome, 1), ['fetch succeeded', 'load interrupted', 'clean skipped']);
    assert.equal(root.has('lib/jobs/waits/work'), false);
  });
