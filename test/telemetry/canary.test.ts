import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';
import { canariesIn, searchAll, secrets, secretsFile, texts } from './canaries.ts';
import { inspectable, runInside } from './inspector.ts';

const printer = fileURLToPath(new URL('../children/print-canaries.ts', import.meta.url));
const config = 'defaults: { killGrace: 500ms }\n';

interface Scene extends AsyncDisposable {
  readonly root: Root;
  readonly receiver: Receiver;
  /** The command of a child that prints the canaries. It reads them from a file that is no file of Booty's. */
  readonly printing: (mode: string) => string[];
}

async function openScene(): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const receiver = opened.use(await Receiver.listen());
  const root = opened.use(await Root.make({ secrets: secretsFile(receiver.dsn), config }));
  const outside = opened.use(await Root.make({ prefix: 'booty-canaries-' }));
  await outside.write('texts.json', JSON.stringify(texts));
  const owned = opened.move();
  return {
    root,
    receiver,
    printing: (mode) => [process.execPath, printer, outside.in('texts.json'), mode],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Of all that lies below the root, only this may hold a secret: the file that the administrator put there. */
const secretsOnly = /^etc\/secrets\.env$/;

void test('what children print, write and die of brings no secret into any file, request or line of the journal', async () => {
  await using scene = await openScene();
  const { root, receiver, printing } = scene;
  await receiver.behave({ kind: 'answer', status: 500 });
  await using first = await SupervisorProcess.start(root);
  assert.ok(texts.length > 100);
  assert.notDeepEqual(canariesIn(readFileSync(root.in('etc/secrets.env'))), [], 'the search finds what is there');

  for (const mode of ['lines', 'bytes', 'borders', 'traceback', 'node-error', 'colours']) {
    const { outcome, sentry } = await first.run({ id: mode, command: printing(mode) });
    assert.deepEqual([outcome, sentry?.capture], ['crashed', 'captured'], mode);
  }
  const made = await first.run({ id: 'made', command: printing('outputs') });
  assert.match(made.outputs.key_0 ?? '', /redacted/);
  for (const mode of ['verdict', 'verdict-printed', 'traceback']) {
    const { outcome, verdicts } = await first.run({
      id: `verified-by-${mode}`,
      run: 'true',
      verify: { command: printing(mode) },
    });
    assert.equal(outcome, mode === 'traceback' ? 'crashed' : 'rejected');
    if (mode !== 'traceback') assert.match(verdicts[0]?.reason ?? '', /x{900}|redacted/);
  }
  const waiting = searchAll(root, receiver, [first], secretsOnly);
  for (const kind of [
    /^lib\/outbox\/\d+-\w+-\w+\.envelope$/,
    /^lib\/ledger\.db-wal$/,
    /^lib\/jobs\/lines\/1\.log$/,
    /^spool\/outcomes\/lines\.json$/,
  ])
    assert.ok(
      waiting.some((name) => kind.test(name)),
      `${kind.source} among ${waiting.join(' ')}`,
    );
  assert.match(readFileSync(root.in('lib/jobs/lines/1.log'), 'utf8'), /^<\[redacted:CANARY_LETTERS_AND_DIGITS\]>\n/);

  await root.dropJob({ id: 'lost', onInterrupt: 'fail', command: printing('hang') });
  await poll(
    'its last word',
    () =>
      (root.has('lib/jobs/lost/1.log') &&
        readFileSync(root.in('lib/jobs/lost/1.log'), 'utf8').includes('all is printed')) ||
      null,
  );
  searchAll(root, receiver, [first], secretsOnly);
  await first.kill();
  await receiver.behave({ kind: 'answer', status: 400 });
  await using second = await SupervisorProcess.start(root);
  const { sentry } = await second.outcome('lost');
  await poll(
    'the dead letters',
    () => (root.outbox('dead').includes(sentry?.eventId ?? '') && root.outbox().length === 0) || null,
  );
  const dead = searchAll(root, receiver, [first, second], secretsOnly);
  assert.ok(dead.filter((name) => name.startsWith('lib/outbox/dead/')).length >= 8);

  await receiver.behave({ kind: 'accept' });
  for (const mode of ['lines', 'traceback', 'node-error']) {
    const crashed = await second.run({ id: `sent-${mode}`, command: printing(mode) });
    const { event, attachments } = await receiver.event(crashed.sentry?.eventId ?? '');
    assert.match(JSON.stringify(event), /\[redacted:CANARY_/);
    assert.ok(attachments.some(({ data }) => data.includes('[redacted:CANARY_')));
  }
  await second.stop();
  searchAll(root, receiver, [first, second], secretsOnly);
});

/** The values that a job file can have in a name, and those that a path can have. */
const plain = secrets.CANARY_LETTERS_AND_DIGITS ?? '';
const oneLine = Object.values(secrets).filter((value) => !value.includes('\n'));

/**
 * A job's file is its producer's, and so is its name: as it is in rejected/, and beside it in the name of the reason. What
 * the ledger holds of it is looked at column by column.
 */
const jobFiles = /^etc\/secrets\.env$|^lib\/ledger\.db|^spool\/rejected\/(?!.*\.reason\.json$)/;

void test('what stands in job files brings no secret beyond them: arguments, variables, tags, names, what is refused', async () => {
  await using scene = await openScene();
  const { root, receiver } = scene;
  await using supervisor = await SupervisorProcess.start(root);
  const crash = {
    name: `job ${plain}`,
    tags: Object.fromEntries(oneLine.map((value, index) => [`tag_${index}`, value])),
    env: Object.fromEntries(Object.values(secrets).map((value, index) => [`VARIABLE_${index}`, value])),
    steps: [{ name: `step ${plain}`, command: ['/bin/sh', '-c', 'env; echo "$@"; exit 7', ...Object.values(secrets)] }],
  };
  // Without an id of its own: it gets one of its name.
  await root.drop('made-of-its-name.json', JSON.stringify(crash));
  const { fields } = await supervisor.line({ kind: 'job.ended', outcome: 'crashed' });
  const { event } = await receiver.event(fields.event_id ?? '');
  assert.match(JSON.stringify(event.tags), /redacted:CANARY_UMLAUTS/);

  await root.dropJob({ id: `id-${plain}`, run: 'exit 7' });
  await poll('its outcome', () => root.outcome(`id-${plain}`));
  // Where the event cuts the arguments, in the middle of a secret.
  const [before, value] = [['/bin/sh', '-c', 'exit 7'], secrets.CANARY_SPACES ?? ''];
  const room = 2000 - JSON.stringify(before).length - 12;
  await root.dropJob({ id: 'cut', command: [...before, `${'.'.repeat(room)}${value}`] });
  const cut = await receiver.event((await supervisor.outcome('cut')).sentry?.eventId ?? '');
  assert.match(JSON.stringify(cut.event.contexts?.job?.argv), /\.{1000}/);
  assert.ok(!cut.raw.includes(value.slice(0, 6)), 'nor the beginning of one');

  const copy = `cp "$BOOTY_PIPELINE_OUTCOME" ${root.in('told.json')}`;
  await root.drop(
    'told.json',
    JSON.stringify({ name: `told ${plain}`, run: 'true', verify: { name: plain, run: copy } }),
  );
  await poll('what its verifier is told', () => root.has('told.json') || null);
  await root.dropJob({ id: 'unstartable', command: [`/nowhere/${plain}`] });
  await supervisor.line({ kind: 'job.ended', id: 'unstartable' });
  await root.drop(`refused-${plain}.yaml`, `id: refused\nrun: true\n${plain}: 1\nextra: "${plain}"\n`);
  await root.drop(`broken.yaml`, `id: [${plain}\nrun: "${plain}`);
  await poll('two refusals', () => supervisor.linesOf({ kind: 'job.refused' }).length === 2 || null);
  const reasons = root.names('spool/rejected').filter((name) => name.endsWith('.reason.json'));
  assert.equal(reasons.length, 2);
  await supervisor.stop();

  for (const reason of reasons)
    assert.deepEqual(canariesIn(readFileSync(root.in('spool/rejected', reason))), [], reason);
  // The name of a file that its producer chose, and an id that it asked for, are names of files here as well.
  const chosen = new RegExp(`${jobFiles.source}|refused-${plain}|id-${plain}`);
  searchAll(root, receiver, [supervisor], chosen);
  assert.deepEqual(canariesIn(readFileSync(root.in('spool/outcomes', `id-${plain}.json`))), []);
  for (const [name, text] of columnsOf(root)) assert.deepEqual(canariesIn(Buffer.from(text)), [], name);
});

void test('what is counted in a storm, and told later, brings no secret either', async () => {
  await using scene = await openScene();
  const { root, receiver, printing } = scene;
  await root.write('etc/booty.yaml', 'crash: { burst: 1 }\n');
  await using first = await SupervisorProcess.start(root);
  for (const id of ['one', 'two', 'three']) {
    const { sentry } = await first.run({ id, command: printing('traceback') });
    assert.equal(sentry?.capture, id === 'one' ? 'captured' : 'counted');
  }
  const kept = searchAll(root, receiver, [first], secretsOnly);
  for (const kind of [/^lib\/outbox\/counted\/\w+\.envelope$/, /^lib\/outbox\/tally\.log$/])
    assert.ok(
      kept.some((name) => kind.test(name)),
      `${kind.source} among ${kept.join(' ')}`,
    );
  await first.stop();
  await using second = await SupervisorProcess.start(root);
  const repeated = await receiver.until('the sum', () => receiver.events.find(({ event }) => event.tags?.repeated));
  assert.equal(repeated.event.tags?.repeated, '2');
  assert.match(JSON.stringify(repeated.event.exception), /\[redacted:CANARY_/);
  await second.stop();
  searchAll(root, receiver, [first, second], secretsOnly);
});

void test('a defect of Booty itself tells no secret, to nobody', async () => {
  await using scene = await openScene();
  const { root, receiver } = scene;
  await receiver.behave({ kind: 'answer', status: 500 });
  await using supervisor = await SupervisorProcess.start(root, { env: inspectable });
  const message = JSON.stringify(`made by a test: ${texts.slice(0, 100).join(' ')}`);
  await runInside(
    supervisor,
    `setTimeout(() => { throw Object.assign(new RangeError(${message}), { cause: new Error(${message}) }) }, 0)`,
  );
  assert.equal((await supervisor.exited).status, 70);
  assert.equal(root.outbox().length, 1);
  assert.match((await supervisor.line({ kind: 'supervisor.failed' })).raw, /made by a test: \[redacted:CANARY_/);
  searchAll(root, receiver, [supervisor], secretsOnly);
});

void test('of a log that an older Booty wrote, or a job itself, no secret comes into the event of a lost attempt', async () => {
  await using scene = await openScene();
  const { root, receiver, printing } = scene;
  await using first = await SupervisorProcess.start(root);
  await root.dropJob({ id: 'lost', onInterrupt: 'fail', command: printing('hang') });
  await poll('its log', () => root.has('lib/jobs/lost/1.log') || null);
  await first.kill();
  // Its tail begins within a secret.
  const value = secrets.CANARY_SPACES ?? '';
  await root.write('lib/jobs/lost/1.log', `${texts.join('\n')}\n${value}${'.'.repeat(64 * 1024 - 12)}`);
  await using second = await SupervisorProcess.start(root);
  const { sentry } = await second.outcome('lost');
  const { raw } = await receiver.event(sentry?.eventId ?? '');
  assert.deepEqual(canariesIn(raw), []);
  assert.ok(!raw.includes(value.slice(-10)), 'nor the end of one that the cut went through');
});

void test('secrets that come on standard input are kept back as well', async () => {
  await using scene = await openScene();
  const { root, receiver, printing } = scene;
  const secretsPath = root.in('etc/elsewhere');
  renameSync(root.in('etc/secrets.env'), secretsPath);
  await using supervisor = await SupervisorProcess.start(root, {
    args: ['--secrets-stdin'],
    wrapper: ['/bin/sh', '-c', `exec "$@" <${secretsPath}`, 'sh'],
  });
  const { sentry } = await supervisor.run({ id: 'lines', command: printing('lines') });
  await receiver.event(sentry?.eventId ?? '');
  searchAll(root, receiver, [supervisor], /^etc\/elsewhere$/);
});

void test('a release that is a secret is told neither by booty sentry-test nor by an event or a monitor’s check-in', async () => {
  await using scene = await openScene();
  await scene.root.write('etc/release.env', `SENTRY_RELEASE=${plain}\n`);
  const { status } = await scene.root.booty('sentry-test');
  assert.equal(status, 0);
  assert.equal(scene.receiver.events.length, 1);
  assert.deepEqual(canariesIn(scene.receiver.events[0]?.raw ?? Buffer.alloc(0)), []);
  await scene.receiver.behave({ kind: 'answer', status: 500 });
  await using supervisor = await SupervisorProcess.start(scene.root);
  await supervisor.run({ id: 'nightly', run: 'exit 3', monitor: 'nightly' });
  searchAll(scene.root, scene.receiver, [supervisor], /^etc\/(?:secrets|release)\.env$/);
});

void test('a secret that is too short to be kept back is told at the start, by its name', async () => {
  await using supervisor = await SupervisorProcess.start({ secrets: 'PIN=4711x\nKEY=long enough\n' });
  const { text } = await supervisor.line(/^PIN in .*secrets\.env:1 has fewer than 6 characters: it is not redacted$/);
  assert.doesNotMatch(text, /4711x/);
  assert.deepEqual(supervisor.linesOf(/not redacted/).length, 1);
});

/** What the ledger holds, but for its copy of the job file: the spec, the names, the id. */
function columnsOf(root: Root): [string, string][] {
  using ledger = new DatabaseSync(root.in('lib/ledger.db'), { readOnly: true });
  const tables = { job: ['outputs', 'record'], attempt: ['process', 'record'] };
  return Object.entries(tables).flatMap(([table, columns]) =>
    ledger
      .prepare(`SELECT ${columns.join(', ')} FROM ${table}`)
      .all()
      .flatMap((row) =>
        Object.entries(row).map(([column, value]): [string, string] => {
          const { id: _id, name: _name, ...rest } = (JSON.parse(String(value)) ?? {}) as Record<string, unknown>;
          return [`${table}.${column}`, JSON.stringify(rest)];
        }),
      ),
  );
}
