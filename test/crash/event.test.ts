import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventIdOf } from '../../src/crash/crash.ts';
import { crashEvent } from '../../src/crash/event.ts';
import { readCrash } from '../../src/crash/read.ts';
import { nameOf } from '../../src/crash/stack.ts';
import { defaultFlow } from '../../src/job/job.ts';
import { instant } from '../../src/job/units.ts';
import { idOf, now, specOf } from '../schedule/jobs.ts';
import { crashOf, jobOf } from './crashes.ts';

const eventOf = (rest: Parameters<typeof crashOf>[0] = {}) => crashEvent(crashOf(rest), 'db1').event;
const reading = readCrash(
  'Traceback (most recent call last):\n  File "/srv/a.py", line 1, in f\n    g()\nValueError: bad\n',
  '',
);

void test('the same crash is the same event, and another crash is another', () => {
  const job = jobOf();
  const id = eventIdOf(job, 1);
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(id, '01f57a2a6279ef304762500fec5bd9b8', 'over releases of Booty too');
  assert.equal(eventIdOf(jobOf(), 1), id);
  const others = [
    eventIdOf(job, 2),
    eventIdOf(jobOf('nightly-2'), 1),
    eventIdOf(jobOf('nightly-1', { acceptedAt: instant(now + 2) }), 1),
  ];
  assert.equal(new Set([id, ...others]).size, 4);
  assert.equal(eventOf({ attempt: 1 }).event_id, id);
  assert.equal(crashEvent(crashOf({ attempt: 1 }), 'db1').hint.event_id, id);
});

void test('an event says whose crash it is, in tags that can be searched', () => {
  const tags = {
    team: 'data',
    job_id: 'nightly-1',
    job_name: 'nightly',
    job_kind: 'pipeline',
    job_final: 'true',
    step: 'load',
    attempt: '2',
    cause: 'exit-code',
  };
  assert.deepEqual(eventOf().tags, { ...tags, exit_code: '3' });
  const killed = eventOf({ cause: 'signal', exit: { kind: 'signal', signal: 'SIGKILL' }, final: false });
  assert.deepEqual(killed.tags, { ...tags, cause: 'signal', signal: 'SIGKILL', job_final: 'false' });
  const { step: _, ...stepless } = { ...tags, cause: 'lost', pipeline_id: 'p', job_id: 'p+verify' };
  const job = jobOf('p+verify', { pipelineId: idOf('p') });
  assert.deepEqual(eventOf({ job, step: null, cause: 'lost', exit: { kind: 'lost', message: 'lost' } }).tags, stepless);
});

void test('a job cannot pass its own tags off as Booty’s', () => {
  const job = jobOf();
  const forged = { ...job, spec: { ...job.spec, tags: { job_id: 'forged', cause: 'oom', attempt: '9' } } };
  const { tags } = eventOf({ job: forged });
  assert.deepEqual([tags?.job_id, tags?.cause, tags?.attempt], ['nightly-1', 'exit-code', '2']);
});

void test('the last attempt is an error, one that will be repeated a warning', () => {
  assert.equal(eventOf({ final: true }).level, 'error');
  assert.equal(eventOf({ final: false }).level, 'warning');
});

void test('a crash with a stack is grouped by its stack', () => {
  const event = eventOf({ reading });
  assert.equal('fingerprint' in event, false);
  assert.equal(event.platform, 'python');
  assert.deepEqual(event.exception?.values, [
    {
      type: 'ValueError',
      value: 'bad',
      mechanism: { type: 'booty.child', handled: false },
      stacktrace: {
        frames: [
          {
            platform: 'python',
            in_app: true,
            function: 'f',
            filename: '/srv/a.py',
            abs_path: '/srv/a.py',
            lineno: 1,
            context_line: 'g()',
          },
        ],
      },
    },
  ]);
});

void test('a group of exceptions is a tree, and a type is told from its module', () => {
  const text = [
    '  + Exception Group Traceback (most recent call last):',
    '  | ExceptionGroup: all (2 sub-exceptions)',
    '  +-+---------------- 1 ----------------',
    '    | shop.errors.LoadError: one',
    '    +---------------- 2 ----------------',
    '    | ValueError: two',
    '    +------------------------------------',
  ].join('\n');
  const values = eventOf({ reading: readCrash(text, '') }).exception?.values ?? [];
  const child = { type: 'chained', handled: false, parent_id: 0 };
  assert.deepEqual(values, [
    { type: 'ValueError', value: 'two', mechanism: { ...child, exception_id: 2, source: 'exceptions[1]' } },
    {
      type: 'LoadError',
      module: 'shop.errors',
      value: 'one',
      mechanism: { ...child, exception_id: 1, source: 'exceptions[0]' },
    },
    {
      type: 'ExceptionGroup',
      value: 'all',
      mechanism: { type: 'booty.child', handled: false, exception_id: 0, is_exception_group: true },
    },
  ]);
});

void test('the package of an exception and the class of a frame are told apart, where the language does', () => {
  const java = readCrash('Exception in thread "main" shop.Load$BadRow: 7\n\tat shop.Load.row(Load.java:22)\n', '');
  const [exception] = eventOf({ reading: java }).exception?.values ?? [];
  assert.deepEqual([exception?.module, exception?.type, exception?.value], ['shop', 'Load$BadRow', '7']);
  const [frame] = exception?.stacktrace?.frames ?? [];
  assert.deepEqual([frame?.module, frame?.function, frame?.filename], ['shop.Load', 'row', 'Load.java']);
});

void test('without a stack the title says who failed, and how', () => {
  const values = (rest: Parameters<typeof crashOf>[0]) => eventOf(rest).exception?.values;
  const mechanism = { type: 'booty.child', handled: false };
  assert.deepEqual(values({}), [{ type: 'nightly/load exited with 3', value: 'disk full', mechanism }]);
  const killed = { exit: { kind: 'signal', signal: 'SIGKILL' }, cause: 'signal', lastLine: null } as const;
  assert.deepEqual(values(killed), [{ type: 'nightly/load killed by SIGKILL', value: '', mechanism }]);
  const rejected = { cause: 'rejected', reason: '3 rows are missing' } as const;
  assert.deepEqual(values(rejected), [{ type: 'nightly/load rejected', value: '3 rows are missing', mechanism }]);
  assert.equal(eventOf(rejected).level, 'warning');
});

void test('an event tells where, when and for how long', () => {
  const event = eventOf();
  assert.deepEqual([event.server_name, event.transaction, event.timestamp], ['db1', 'nightly', (now + 3500) / 1000]);
  assert.deepEqual(event.contexts?.job, {
    id: 'nightly-1',
    name: 'nightly',
    kind: 'pipeline',
    step: 'load',
    steps: 1,
    attempt: 2,
    attempt_limit: 2,
    argv: '["/bin/sh","-e","-c","load"]',
    workdir: '/var/lib/booty/jobs/nightly-1/work',
    reason: 'exited with 3: disk full',
    dropped_at: '2026-11-24T00:00:00.000Z',
    dropped_by_uid: 1000,
    accepted_at: '2026-11-24T00:00:00.001Z',
    started_at: '2026-11-24T00:00:01.000Z',
    ended_at: '2026-11-24T00:00:03.500Z',
    duration_ms: 2500,
    timeout_ms: 1000,
    priority: 0,
    show: 'booty show nightly-1',
    logs: 'booty logs nightly-1',
    journal: 'journalctl -u booty --grep=nightly-1',
  });
});

void test('an event tells what the attempt used, and whether its memory was dumped', () => {
  const usage = { cpuUserMs: 1200, cpuSystemMs: 40, peakMemoryBytes: 3e8, readBytes: 4096, writtenBytes: 512 };
  const exit = { kind: 'signal', signal: 'SIGSEGV', coreDumped: true } as const;
  const job = eventOf({ cause: 'signal', exit, usage }).contexts?.job;
  const wanted = {
    cpu_user_ms: 1200,
    cpu_system_ms: 40,
    peak_memory_bytes: 3e8,
    read_bytes: 4096,
    written_bytes: 512,
    core_dumped: 'yes',
  };
  assert.deepEqual({ ...job, ...wanted }, job);
  const small = { ...usage, peakMemoryBytes: null };
  const { contexts } = eventOf({ cause: 'signal', exit: { kind: 'signal', signal: 'SIGKILL' }, usage: small });
  assert.deepEqual([contexts?.job?.core_dumped, contexts?.job?.peak_memory_bytes], [undefined, undefined]);
});

void test('a pipeline and its verifier name each other', () => {
  const pipeline = jobOf('nightly-1', { spec: specOf('nightly', { verify: true }) });
  assert.equal(eventOf({ job: pipeline }).contexts?.job?.verifier, 'nightly-verify');
  const { contexts } = eventOf({ job: jobOf('nightly-1+verify', { pipelineId: idOf('nightly-1') }) });
  assert.deepEqual([contexts?.job?.pipeline_id, contexts?.job?.pipeline], ['nightly-1', 'booty show nightly-1']);
});

void test('the runtime is that of the program, not ours', () => {
  const runtime = (rest: Parameters<typeof crashOf>[0]) => eventOf(rest).contexts?.runtime;
  assert.deepEqual(runtime({}), { name: 'sh' });
  assert.deepEqual(runtime({ reading }), { name: 'python' });
  const text = 'Error: x\n    at f (/srv/a.js:1:2)\n\nNode.js v22.11.0\n';
  const tails = [{ fileName: 'stderr.txt', data: Buffer.from(text) }];
  assert.deepEqual(runtime({ reading: readCrash(text, ''), tails }), { name: 'node', version: '22.11.0' });
  const job = jobOf();
  const script = { kind: 'script', text: '#!/usr/bin/env -S X=1 python3 -u\nfoo' } as const;
  const step = { name: 'load', action: script, timeoutMs: null, env: {}, secrets: [], ...defaultFlow };
  const scripted = { ...job, spec: { ...job.spec, steps: [step] as const } };
  assert.deepEqual(runtime({ job: scripted, argv: ['/jobs/1/script'] }), { name: 'python3' });
});

void test('a path is relative to the job’s directories, which are others in each run', () => {
  const workdir = '/var/lib/booty/jobs/nightly-1/work';
  assert.equal(nameOf(`${workdir}/lib/a.py`, workdir), 'lib/a.py');
  assert.equal(nameOf(`file://${workdir}/a.mjs`, workdir), 'a.mjs');
  assert.equal(nameOf('/var/lib/booty/jobs/nightly-1/script', workdir), 'script');
  assert.equal(nameOf('/var/lib/booty/jobs/nightly-10/work/a.py', workdir), '/var/lib/booty/jobs/nightly-10/work/a.py');
  assert.equal(nameOf('/srv/app/a.py', workdir), '/srv/app/a.py');
  assert.equal(nameOf('node:fs', workdir), 'node:fs');
  assert.equal(nameOf('/tmp/tmp.aB3xYz/lib/a.py', workdir), 'lib/a.py');
  assert.equal(nameOf('/tmp/a.py', workdir), '/tmp/a.py');
});

void test('an event keeps to the limits of Sentry, however much a job says', () => {
  const long = 'x'.repeat(20_000);
  const job = jobOf();
  const exceptions = [{ type: long, value: long, frames: [] }] as const;
  const crumb = { at: now, category: 'stderr', message: long, level: 'info' } as const;
  const big = {
    job: { ...job, spec: { ...job.spec, tags: { team: long } } },
    step: long,
    argv: [long],
    lastLine: long,
    crumbs: Array.from({ length: 150 }, (_, index) => ({ ...crumb, at: instant(now + index) })),
  };
  for (const event of [eventOf(big), eventOf({ ...big, reading: { platform: 'node', exceptions } })]) {
    for (const [key, value] of Object.entries(event.tags ?? {}))
      assert.ok(key.length <= 200 && String(value).length <= 200, key);
    const [exception] = event.exception?.values ?? [];
    assert.ok((exception?.type?.length ?? 0) <= 200 && (exception?.value?.length ?? 0) <= 8192);
    assert.equal(event.breadcrumbs?.length, 100);
    assert.equal(event.breadcrumbs?.at(-1)?.timestamp, (now + 149) / 1000, 'the last crumbs are kept');
    assert.ok(event.breadcrumbs?.every(({ message }) => (message?.length ?? 0) <= 1000));
    assert.ok(String(event.contexts?.job?.argv).length <= 2000);
  }
  const frame = { function: 'f', file: 'a', line: 1, column: 1, source: null, inApp: true };
  const deep = { type: 'E', value: '', frames: Array.from({ length: 1000 }, (_, line) => ({ ...frame, line })) };
  const { frames } =
    eventOf({ reading: { platform: 'node', exceptions: [deep] } }).exception?.values?.[0]?.stacktrace ?? {};
  assert.deepEqual([frames?.length, frames?.at(-1)?.lineno], [250, 999], 'the frames nearest to the crash are kept');
});

void test('the end of the output is attached', () => {
  const { hint } = crashEvent(
    crashOf({ tails: [{ fileName: 'stderr.txt', data: Buffer.from('disk full\n') }] }),
    'db1',
  );
  assert.deepEqual(hint.attachments, [
    { filename: 'stderr.txt', data: Buffer.from('disk full\n'), contentType: 'text/plain' },
  ]);
});

void test('a limit never cuts a character in two: Sentry would refuse the whole event', () => {
  const text = `x${'\u{1F4A5}'.repeat(9000)}`;
  const crumbs = [{ at: now, category: 'stderr', message: text, level: 'info' }] as const;
  const event = eventOf({ step: text, lastLine: text, reason: text, argv: [text], crumbs });
  assert.doesNotMatch(JSON.stringify(event), /\\ud[89a-f][0-9a-f]{2}/i);
});
