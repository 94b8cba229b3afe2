import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeJournald, type Fields } from '../harness/fake-journald.ts';
import { Root, type RootOptions } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

/** Nobody listens there: events wait in the outbox. */
const dsn = 'http://key@127.0.0.1:9/1';

/** A supervisor, once it is ready, whose records go to a journald that reads when it is told to. */
async function start(journald: FakeJournald, options: RootOptions = {}): Promise<SupervisorProcess & AsyncDisposable> {
  const root = await Root.make(options);
  const supervisor = SupervisorProcess.launch(root, { env: { BOOTY_JOURNAL_SOCKET: journald.path } });
  await journald.record({ BOOTY_EVENT: 'supervisor.ready' });
  return supervisor;
}

/** What happened to a job, as `journalctl BOOTY_JOB_ID=…` tells it: events by their names, lines as they are. */
const storyOf = (journald: FakeJournald, id: string): string[] =>
  journald
    .matching({ BOOTY_JOB_ID: id })
    .map((record) => record.BOOTY_EVENT ?? `${record.BOOTY_STEP}: ${record.MESSAGE}`);

const endOf = (id: string): Fields => ({ BOOTY_EVENT: 'job.ended', BOOTY_JOB_ID: id });

void test('the records of a job tell its whole story in order, and each of them has its fields', async () => {
  using journald = new FakeJournald();
  await using supervisor = await start(journald, { dsn });
  await using _root = supervisor.root;
  await supervisor.drop(
    'tale.yaml',
    `id: tale
name: nightly
tags: { team: data }
retries: { limit: 1, delay: 10ms }
steps:
  - { name: dump, run: 'echo dumping $BOOTY_ATTEMPT; printf "no end"' }
  - { name: load, run: 'echo loading; sleep 0.1; test "$BOOTY_ATTEMPT" = 2 || { echo "bad row" >&2; exit 3; }' }
`,
  );
  await journald.record(endOf('tale'));
  assert.deepEqual(storyOf(journald, 'tale'), [
    'job.accepted',
    'attempt.started',
    'dump: dumping 1',
    'dump: no end',
    'load: loading',
    'load: bad row',
    'crash.captured',
    'attempt.ended',
    'attempt.started',
    'dump: dumping 2',
    'dump: no end',
    'load: loading',
    'job.ended',
  ]);
  for (const record of journald.matching({ BOOTY_JOB_ID: 'tale' }).slice(1)) {
    const { BOOTY_JOB_NAME: name, BOOTY_KIND: kind, BOOTY_TAG_TEAM: team } = record;
    assert.deepEqual({ name, kind, team }, { name: 'nightly', kind: 'pipeline', team: 'data' }, JSON.stringify(record));
  }
  const [bad] = journald.matching({ MESSAGE: 'bad row' });
  assert.deepEqual(
    [bad?.BOOTY_STREAM, bad?.BOOTY_ATTEMPT, bad?.BOOTY_STEP, bad?.PRIORITY],
    ['stderr', '1', 'load', '5'],
  );
  const [captured] = journald.matching({ BOOTY_EVENT: 'crash.captured' });
  assert.equal(captured?.SENTRY_EVENT_ID, supervisor.root.outbox()[0]);
  await supervisor.stop();
  await journald.record({ BOOTY_EVENT: 'supervisor.stopped' });
  assert.deepEqual(supervisor.lines, [], 'nothing is told twice');
});

void test('journal: off and errors, of booty.yaml and of a job, hold for what jobs print', async () => {
  using journald = new FakeJournald();
  await using supervisor = await start(journald, { config: 'journal: off\n' });
  await using _root = supervisor.root;
  const run = 'echo out; echo err >&2';
  await supervisor.run({ id: 'silent', run });
  await supervisor.run({ id: 'errors', journal: 'errors', run });
  await supervisor.run({ id: 'loud', journal: 'all', run });
  await supervisor.root.write('etc/booty.yaml', 'journal: errors\n');
  supervisor.signal('SIGHUP');
  await journald.record({ BOOTY_EVENT: 'supervisor.reloaded', BOOTY_CHANGED: 'journal' });
  await supervisor.run({ id: 'later', run });
  await journald.record(endOf('later'));
  const printed = (id: string) => storyOf(journald, id).filter((line) => line.startsWith('main: '));
  assert.deepEqual(['silent', 'errors', 'later'].map(printed), [[], ['main: err'], ['main: err']]);
  assert.deepEqual(printed('loud').sort(), ['main: err', 'main: out']);
  assert.match((await supervisor.root.booty('logs', 'silent')).stdout, /out\nerr|err\nout/);
});

void test('a journald that has stopped holds up neither jobs nor the supervisor, and what it missed is counted', async () => {
  using journald = new FakeJournald();
  await using supervisor = await start(journald, { config: 'concurrency: { pipeline: 2 }\n' });
  await using _root = supervisor.root;
  await supervisor.drop('flood.yaml', 'id: flood\nrun: seq 300000; echo the end\n');
  const ids = Array.from({ length: 25 }, (_, index) => `quick-${index}`);
  for (const id of ids) await supervisor.drop(`${id}.yaml`, `id: ${id}\nrun: echo ${id}\n`);
  for (const id of [...ids, 'flood']) assert.equal((await supervisor.outcome(id, 60_000)).outcome, 'succeeded', id);
  assert.equal(journald.matching({ BOOTY_EVENT: 'job.ended' }).length, 0, 'nobody has read');
  const log = await supervisor.root.booty('logs', 'flood');
  assert.match(log.stdout, /\n300000\nthe end\n$/);

  const hasAll = (): true | null => {
    journald.read();
    return journald.matching({ BOOTY_EVENT: 'job.ended' }).length === 26 || null;
  };
  await poll('every end', hasAll, { everyMs: 1, timeoutMs: 60_000 });
  for (const id of ids)
    assert.deepEqual(storyOf(journald, id), ['job.accepted', 'attempt.started', `main: ${id}`, 'job.ended']);
  const records = journald.matching({ BOOTY_JOB_ID: 'flood' });
  const lines = records.filter(({ BOOTY_EVENT }) => BOOTY_EVENT === undefined);
  const lost = records.reduce((sum, record) => sum + Number(record.BOOTY_LINES ?? 0), 0);
  assert.equal(lines.length + lost, 300_001);
  assert.ok(lines.length >= 10_000 && lines.length < 15_000, `${lines.length} lines`);
});

void test('a journald that has stopped does not keep the supervisor from stopping', async () => {
  using journald = new FakeJournald();
  await using supervisor = await start(journald);
  await using _root = supervisor.root;
  for (let index = 0; index < 20; index += 1) await supervisor.run({ id: `a-${index}`, run: 'echo x' });
  const began = performance.now();
  assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
  assert.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
});

void test('a journald that is slow misses nothing of a supervisor that ends', async () => {
  using journald = new FakeJournald();
  await using supervisor = await start(journald);
  await using _root = supervisor.root;
  await supervisor.run({ id: 'last', run: 'seq 5000' });
  const reading = setInterval(() => journald.read(20), 1);
  await supervisor.stop();
  clearInterval(reading);
  journald.read();
  assert.equal(journald.matching({ BOOTY_STREAM: 'stdout' }).length, 5000);
  assert.equal(journald.records.at(-1)?.BOOTY_EVENT, 'supervisor.stopped');
});
