import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accepted, defaults, refusals, specOf } from './parsing.ts';

/** What every step has that says nothing of it. */
const step = { timeoutMs: null, env: {}, secrets: [], cwd: null, when: 'success', continueOnError: false };

void test('a file that only says what to run gets every default', () => {
  assert.deepEqual(accepted('run: "true"', { fileName: 'nightly.yaml' }), {
    id: null,
    spec: {
      kind: 'pipeline',
      name: 'nightly',
      steps: [{ name: 'main', action: { kind: 'run', line: 'true', shell: 'sh' }, ...step }],
      verify: [],
      timeoutMs: defaults.timeoutMs,
      priority: 0,
      env: {},
      tags: {},
      outputMaxBytes: defaults.outputMaxBytes,
      limits: defaults.limits,
      isolation: null,
      onInterrupt: 'retry',
      retries: { limit: 0, backoff: 'exponential', delayMs: 30_000, maxDelayMs: 3_600_000, on: ['crashed'] },
      notBefore: null,
      expires: null,
      crash: { fingerprint: null, ignoreExitCodes: [], captureRejections: false, sourceLines: 0 },
      monitor: null,
      report: [],
      needs: [],
      concurrency: null,
      rate: null,
      resumeFrom: 'first-step',
      journal: null,
      secrets: [],
      template: null,
    },
  });
});

void test('everything that a file asks for is in the job', () => {
  const content = `
kind: pipeline
id: nightly-2026-11-24
name: nightly backup
steps:
  - { name: dump, run: 'pg_dump > "$BOOTY_WORKDIR/x"', env: { PGHOST: other } }
  - { command: [rclone, copy, 5, true, "1.10"], timeout: 20m }
  - script: "#!/bin/sh\\necho a\\n"
verify: { run: pg_restore --list x, timeout: 90s, env: { A: b }, retries: 2 }
timeout: 1h
priority: -10
env: { PGHOST: db.internal, PGPORT: 5432, DEBUG: false }
tags: { team: data, 'a.b:c': 7 }
limits: { output: 1.5M, memory: 512M, cpu: 150%, tasks: 64, io: 20M }
isolation: offline-unit
onInterrupt: fail
retries: { limit: 3, backoff: linear, delay: 5s, maxDelay: 1m, on: [timeout, signal] }
notBefore: 2026-11-24T02:00:00+01:00
expires: 6h
crash: { fingerprint: ["{{ default }}", 7], ignoreExitCodes: [3, 75], captureRejections: true, sourceLines: 5 }
monitor: { slug: nightly, schedule: "0 2 * * *", timezone: Europe/Berlin, checkinMargin: 5m, maxRuntime: 2h }
report:
  - { webhook: https://hooks.example.com/services/x, on: [succeeded, crashed], secret: HOOK_SECRET, timeout: 5s }
  - { command: [notify, --job, "7"] }
  - { github: "acme/Shop#12", on: [skipped] }
needs: [extract-1, extract-2, extract-1]
concurrency: { group: db, limit: 2, onNew: skip }
rate: 10/m
resumeFrom: failed-step
journal: errors
`;
  const shared = {
    priority: -10,
    env: { PGHOST: 'db.internal', PGPORT: '5432', DEBUG: 'false' },
    tags: { team: 'data', 'a.b:c': '7' },
    outputMaxBytes: 1_572_864,
    limits: { memoryBytes: 536_870_912, cpuPercent: 150, tasks: 64, ioBytes: 20_971_520 },
    isolation: 'offline-unit',
    onInterrupt: 'fail',
    crash: {
      fingerprint: ['{{ default }}', '7'],
      ignoreExitCodes: [3, 75],
      captureRejections: true,
      sourceLines: 5,
    },
    needs: [],
    concurrency: null,
    rate: null,
    secrets: [],
    template: null,
  };
  assert.deepEqual(accepted(content), {
    id: 'nightly-2026-11-24',
    spec: {
      ...shared,
      kind: 'pipeline',
      name: 'nightly backup',
      steps: [
        {
          ...step,
          name: 'dump',
          action: { kind: 'run', line: 'pg_dump > "$BOOTY_WORKDIR/x"', shell: 'sh' },
          env: { PGHOST: 'other' },
        },
        {
          ...step,
          name: 'step-2',
          action: { kind: 'command', argv: ['rclone', 'copy', '5', 'true', '1.10'] },
          timeoutMs: 1_200_000,
        },
        { ...step, name: 'step-3', action: { kind: 'script', text: '#!/bin/sh\necho a\n' } },
      ],
      timeoutMs: 3_600_000,
      verify: [
        {
          ...shared,
          kind: 'verifier',
          name: 'nightly backup-verify',
          steps: [
            {
              ...step,
              name: 'verify',
              action: { kind: 'run', line: 'pg_restore --list x', shell: 'sh' },
              timeoutMs: 90_000,
              env: { A: 'b' },
              secrets: [],
            },
          ],
          verify: [],
          timeoutMs: 90_000,
          retries: { limit: 2, backoff: 'exponential', delayMs: 30_000, maxDelayMs: 3_600_000, on: ['crashed'] },
          notBefore: null,
          expires: null,
          monitor: null,
          // The pipeline's tell of it.
          report: [],
          needs: [],
          concurrency: null,
          rate: null,
          resumeFrom: 'first-step',
          journal: 'errors',
        },
      ],
      retries: { limit: 3, backoff: 'linear', delayMs: 5000, maxDelayMs: 60_000, on: ['timeout', 'signal'] },
      notBefore: { kind: 'at', at: Date.UTC(2026, 10, 24, 1) },
      expires: { kind: 'after', ms: 21_600_000 },
      monitor: {
        slug: 'nightly',
        schedule: { type: 'crontab', value: '0 2 * * *' },
        timezone: 'Europe/Berlin',
        checkinMarginMs: 300_000,
        maxRuntimeMs: 7_200_000,
      },
      report: [
        {
          target: {
            kind: 'webhook',
            url: 'https://hooks.example.com/services/x',
            secret: 'HOOK_SECRET',
            timeoutMs: 5000,
          },
          on: ['succeeded', 'crashed'],
          askedBy: 'job',
        },
        {
          target: { kind: 'command', argv: ['notify', '--job', '7'], timeoutMs: 30_000 },
          on: ['crashed', 'rejected'],
          askedBy: 'job',
        },
        {
          target: {
            kind: 'github',
            owner: 'acme',
            repository: 'Shop',
            issue: 12,
            secret: 'GITHUB_TOKEN',
            timeoutMs: 30_000,
          },
          on: ['skipped'],
          askedBy: 'job',
        },
      ],
      needs: ['extract-1', 'extract-2'],
      concurrency: { group: 'db', limit: 2, onNew: 'skip' },
      rate: { starts: 10, perMs: 60_000 },
      resumeFrom: 'failed-step',
      journal: 'errors',
    },
  });
});

void test('a verifier has a time limit of its own, not its pipeline’s', () => {
  const [verify] = specOf('run: a\ntimeout: 1h\nverify: {command: [b], name: check}').verify;
  assert.equal(verify?.timeoutMs, defaults.timeoutMs);
  assert.equal(verify.name, 'check');
});

void test('the verifier of a job with a long name has a name that is long enough', () => {
  assert.equal(specOf(`name: ${'n'.repeat(100)}\nrun: a\nverify: {run: b}`).verify[0]?.name.length, 100);
});

void test('a monitor may be named by its slug alone, or have an interval', () => {
  const monitor = { slug: 'nightly', schedule: null, timezone: null, checkinMarginMs: null, maxRuntimeMs: null };
  assert.deepEqual(specOf('run: a\nmonitor: nightly').monitor, monitor);
  const { monitor: every } = specOf('run: a\nmonitor: { slug: nightly, every: 10 minutes }');
  assert.deepEqual(every, { ...monitor, schedule: { type: 'interval', value: 10, unit: 'minute' } });
});

void test('a monitor that Sentry would not take is refused', () => {
  const refused = (monitor: string) => refusals(`run: a\nmonitor: ${monitor}`).map(({ message }) => message);
  assert.match(refused('Nightly Backup')[0] ?? '', /small letters/);
  assert.match(refused('{ slug: a, schedule: "0 2 * *" }')[0] ?? '', /five fields/);
  assert.match(refused('{ slug: a, schedule: "0 2 * * *", every: 1 day }')[0] ?? '', /only one of schedule and every/);
  assert.match(refused('{ slug: a, maxRuntime: 5m }')[0] ?? '', /only goes with schedule or every/);
  assert.match(refused('{ slug: a, every: 1 day, maxRuntime: 90s }')[0] ?? '', /whole minutes/);
  assert.match(refused('{ slug: a, every: 1 day, timezone: Berlin }')[0] ?? '', /a time zone/);
  assert.match(refused('{ slug: a, every: 0 days }')[0] ?? '', /an interval/);
  assert.match(refused('{ slug: a, evry: 1 day }')[0] ?? '', /evry/);
});

void test('retries are counted right for 0, 1 and unset', () => {
  const limitOf = (text: string): number => specOf(`run: a\n${text}`).retries.limit;
  assert.deepEqual([limitOf(''), limitOf('retries: 0'), limitOf('retries: 1')], [0, 0, 1]);
  assert.deepEqual([limitOf('retries: { limit: 0 }'), limitOf('retries: { limit: 1 }')], [0, 1]);
});

void test('retries and times that mean nothing are refused, and say what is meant', () => {
  const refused = (text: string) => refusals(`run: a\n${text}`).map(({ message }) => message)[0] ?? '';
  assert.match(refused('retries: many'), /a number of retries/);
  assert.match(refused('retries: -1'), /at least 0/);
  assert.match(refused('retries: { limit: 1, on: [lost] }'), /one of crashed/);
  assert.match(refused('retries: { limit: 1, backof: fixed }'), /backof/);
  assert.match(refused('notBefore: 2026-11-24 02:00'), /with its zone/);
  assert.match(refused('notBefore: 2026-13-24T02:00:00Z'), /with its zone/);
  assert.match(refused('expires: 0s'), /a duration/);
});

void test('rules for crashes that mean nothing are refused', () => {
  const refused = (crash: string) => refusals(`run: a\ncrash: ${crash}`).map(({ message }) => message);
  assert.match(refused('{ fingerprint: [] }')[0] ?? '', /list of texts/);
  assert.match(refused('{ ignoreExitCodes: [0] }')[0] ?? '', /ignoreExitCodes/);
  assert.match(refused('{ sourceLines: 21 }')[0] ?? '', /at most 20/);
});

void test('a stand-alone verifier is one job', () => {
  const spec = specOf('kind: verifier\nrun: test -s x');
  assert.equal(spec.kind, 'verifier');
  assert.deepEqual(spec.verify, []);
});

const script = '#!/usr/bin/env python3\nprint("a: b")\n';

void test('an executable file that begins with #! is a pipeline of that one script', () => {
  const { id, spec } = accepted(script, { fileName: 'report.py', executable: true });
  assert.equal(id, null);
  assert.equal(spec.name, 'report');
  assert.deepEqual(spec.steps, [{ name: 'main', action: { kind: 'script', text: script }, ...step }]);
  assert.equal(spec.timeoutMs, defaults.timeoutMs);
});

void test('a script keeps each of its bytes', () => {
  const text = '#!/bin/sh\r\n\tprintf "%s" "é\u2028💥"  \n\n# no line end';
  const { steps } = specOf(text, { executable: true });
  assert.deepEqual(steps[0].action, { kind: 'script', text });
});

void test('an executable file without #! is a description of a job like any other', () => {
  assert.equal(specOf('run: "true"', { executable: true }).steps[0].action.kind, 'run');
});

void test('a script that no text can hold is refused', () => {
  for (const bytes of ['#!/bin/sh\n\xff', '#!/bin/sh\n\xc3', '#!/bin/sh\n\0']) {
    const [refusal] = refusals(Buffer.from(bytes, 'latin1'), { executable: true });
    assert.equal(refusal.code, 'NOT_UTF8');
    assert.match(refusal.hint, /install the program/);
  }
  for (const size of [600 * 1024, 1024 * 1024])
    assert.equal(refusals(`#!/bin/sh\n${'#'.repeat(size)}`, { executable: true })[0].code, 'TOO_LARGE');
});

void test('the same job in YAML, in JSON and with a byte order mark is the same', () => {
  const yaml = 'id: a\nsteps:\n- run: "x"\n  timeout: 5s\nenv: {A: "1"}\n';
  const json = '{"id": "a", "steps": [{"run": "x", "timeout": "5s"}], "env": {"A": "1"}}';
  for (const text of [
    json,
    ` \n${json}\n`,
    `\uFEFF${yaml}`,
    `\uFEFF${json}`,
    yaml.replaceAll('\n', '\r\n'),
    `---\n${yaml}...\n`,
  ])
    assert.deepEqual(accepted(text), accepted(yaml), JSON.stringify(text));
});

void test('anchors and aliases may share parts of a file', () => {
  const spec = specOf('env: &shared {A: b}\nsteps:\n- {run: x, env: *shared}\n- {run: y, env: *shared}\n');
  assert.deepEqual(
    spec.steps.map(({ env }) => env),
    [{ A: 'b' }, { A: 'b' }],
  );
});

void test('words that only YAML 1.1 knew stay words', () => {
  assert.deepEqual(specOf('command: [echo, yes, off, 12:30:45, 2026-11-24]').steps[0].action, {
    kind: 'command',
    argv: ['echo', 'yes', 'off', '12:30:45', '2026-11-24'],
  });
});

void test('a number reaches its program as it is written', () => {
  for (const [before, after] of [
    ['command: [a, ', ']'],
    ['{"command": ["a", ', ']}'],
  ] as const)
    for (const text of ['1.0', '1.10', '1e3', '-0', '12345678901234567890', '5', '-7']) {
      const { action } = specOf(`${before}${text}${after}`).steps[0];
      assert.deepEqual(action, { kind: 'command', argv: ['a', text] });
    }
  const { action } = specOf('command: [chmod, 0755, 0o755, 0x10, 007, +5, .5, TRUE, ~1, 1_000]').steps[0];
  assert.deepEqual(action.kind === 'command' && action.argv.slice(1), [
    '0755',
    '0o755',
    '0x10',
    '007',
    '+5',
    '.5',
    'TRUE',
    '~1',
    '1_000',
  ]);
});

void test('fifty-one entries on one line are no nesting', () => {
  const entries = Array.from({ length: 51 }, (_, index) => `V${index}: x`).join(', ');
  assert.equal(Object.keys(specOf(`run: a\nenv: {${entries}}\n`).env).length, 51);
});
