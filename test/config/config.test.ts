import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { noLimits } from '../../src/job/limits.ts';
import type { Refusal } from '../../src/job/refusal.ts';

const read = (text: string) => readConfig(Buffer.from(text));

const reports = {
  always: [],
  policy: { webhooks: [], github: [], commands: 'deny', secrets: ['GITHUB_TOKEN'] },
};

const defaults = {
  concurrency: { pipeline: 2, verifier: 2 },
  defaults: { timeoutMs: 3_600_000, outputMaxBytes: 67_108_864, limits: noLimits, isolation: null, reports },
  killGraceMs: 10_000,
  drainLimitMs: 60_000,
  scanIntervalMs: 5000,
  settleMs: 200,
  crash: { burst: 10, windowMs: 60_000, maxPerHour: 300 },
  outbox: { maxBytes: 268_435_456, maxAgeMs: 2_592_000_000 },
  control: { group: null, mode: 0o660 },
  retention: { maxAgeMs: 7_776_000_000, maxJobs: 100_000, maxLogBytes: 4_294_967_296, maxRejected: 10_000 },
  maxLost: 3,
  githubApi: 'https://api.github.com',
  policy: { inline: 'allow', templates: null, secrets: new Map() },
  agingMs: null,
  journal: 'all',
  unenforcedLimits: 'ignore',
  jobsMayMount: false,
};

void test('no configuration file, an empty one, or one of comments means the defaults', () => {
  assert.deepEqual(readConfig(null), { config: defaults, paths: {}, problems: [] });
  for (const text of ['', ' \n\n', '# concurrency:\n#   pipeline: 4\n', '---\n', '{}', 'null\n'])
    assert.deepEqual(read(text), readConfig(null), JSON.stringify(text));
});

void test('a section without entries means its defaults', () => {
  const names = [
    'concurrency',
    'paths',
    'drain',
    'defaults',
    'spool',
    'crash',
    'outbox',
    'control',
    'retention',
    'policy',
    'reports',
  ];
  assert.deepEqual(read(names.map((name) => `${name}:\n`).join('')), readConfig(null));
});

void test('every key does what it says', () => {
  const text = `
concurrency: { pipeline: 8, verifier: 1 }
paths: { spool: /srv/spool, state: state, secrets: ./s.env, release: /r.env, modules: ./m, templates: ./t, socket: ./b.sock }
drain: { limit: 5m }
schedule: { aging: 10m }
defaults: { timeout: 10m, killGrace: 3s, output: 1M, limits: { memory: 1G, cpu: 150%, tasks: 64, io: 20M }, isolation: unit, maxLost: 5, report: { webhook: 'https://ops.example.com/all', on: [crashed], secret: OPS } }
spool: { scanInterval: 30s, settle: 50ms }
crash: { burst: 3, window: 5m, maxPerHour: 50 }
outbox: { maxBytes: 10M, maxAge: 1d }
control: { group: ops, mode: 0600 }
retention: { maxAge: 1w, maxJobs: 7, maxLogs: 1G, maxRejected: 9 }
policy:
  inline: { users: [alice, 1000] }
  templates: { deploy: { groups: [ops] }, restart: allow, wipe: deny }
  secrets: { PGPASSWORD: [deploy] }
  webhooks: [https://hooks.example.com/services/]
  github: [acme/shop, open/*]
  reportCommands: allow
  reportSecrets: [HOOK_SECRET]
  unenforcedLimits: refuse
  jobsMayMount: true
reports: { githubApi: https://github.example.com/api/v3 }
journal: errors
`;
  assert.deepEqual(read(text), {
    config: {
      concurrency: { pipeline: 8, verifier: 1 },
      defaults: {
        timeoutMs: 600_000,
        outputMaxBytes: 1_048_576,
        limits: { memoryBytes: 1_073_741_824, cpuPercent: 150, tasks: 64, ioBytes: 20_971_520 },
        isolation: 'unit',
        reports: {
          always: [
            {
              target: { kind: 'webhook', url: 'https://ops.example.com/all', secret: 'OPS', timeoutMs: 15_000 },
              on: ['crashed'],
              askedBy: 'configuration',
            },
          ],
          policy: {
            webhooks: ['https://hooks.example.com/services/'],
            github: ['acme/shop', 'open/*'],
            commands: 'allow',
            secrets: ['HOOK_SECRET'],
          },
        },
      },
      killGraceMs: 3000,
      drainLimitMs: 300_000,
      scanIntervalMs: 30_000,
      settleMs: 50,
      crash: { burst: 3, windowMs: 300_000, maxPerHour: 50 },
      outbox: { maxBytes: 10_485_760, maxAgeMs: 86_400_000 },
      control: { group: 'ops', mode: 0o600 },
      retention: { maxAgeMs: 604_800_000, maxJobs: 7, maxLogBytes: 1_073_741_824, maxRejected: 9 },
      maxLost: 5,
      githubApi: 'https://github.example.com/api/v3',
      journal: 'errors',
      policy: {
        inline: { users: ['alice', '1000'], groups: [] },
        templates: new Map<string, unknown>([
          ['deploy', { users: [], groups: ['ops'] }],
          ['restart', 'allow'],
          ['wipe', 'deny'],
        ]),
        secrets: new Map([['PGPASSWORD', ['deploy']]]),
      },
      agingMs: 600_000,
      unenforcedLimits: 'refuse',
      jobsMayMount: true,
    },
    paths: {
      spool: '/srv/spool',
      state: 'state',
      secrets: './s.env',
      release: '/r.env',
      modules: './m',
      templates: './t',
      socket: './b.sock',
    },
    problems: [],
  });
});

void test('the mode of the socket is meant as it is written', () => {
  for (const [text, mode] of [
    ['0660', 0o660],
    ['660', 0o660],
    ['"0660"', 0o660],
    ['0600', 0o600],
    ["'666'", 0o666],
  ] as const)
    assert.equal(read(`control: { mode: ${text} }`).config.control.mode, mode, text);
});

void test('a configuration cannot be changed once it is read', () => {
  assert.ok(Object.isFrozen(read('drain: {limit: 5s}').config));
});

const problems: readonly (readonly [text: string, told: Partial<Refusal>, hint?: RegExp])[] = [
  ['concurency: {pipeline: 2}', { code: 'UNKNOWN_KEY', key: 'concurency', line: 1, column: 1 }, /"concurrency"/],
  ['drain:\n  limits: 5s\n', { code: 'UNKNOWN_KEY', key: 'drain.limits', line: 2, column: 3 }, /"limit"/],
  ['paths: {spol: /x}', { code: 'UNKNOWN_KEY', key: 'paths.spol' }, /"spool"/],
  [
    'zzzzzz: 1',
    { code: 'UNKNOWN_KEY', key: 'zzzzzz' },
    /^known keys: concurrency, paths, drain, defaults, schedule, spool, crash, outbox, control, retention, policy, reports, journal$/,
  ],
  ['concurrency: 4', { code: 'INVALID_VALUE', key: 'concurrency', message: 'concurrency: expected a mapping' }],
  ['crash: {burst: 0}', { code: 'INVALID_VALUE', key: 'crash.burst' }],
  ['crash: {window: 99ms}', { code: 'INVALID_VALUE', key: 'crash.window' }],
  ['concurrency: {pipeline: 0}', { code: 'INVALID_VALUE', key: 'concurrency.pipeline' }],
  ['concurrency: {pipeline: 1025}', { code: 'INVALID_VALUE', key: 'concurrency.pipeline' }],
  ['concurrency: {pipeline: 1.5}', { code: 'INVALID_VALUE', key: 'concurrency.pipeline' }],
  ['concurrency: {pipeline: "2"}', { code: 'INVALID_VALUE', key: 'concurrency.pipeline' }],
  ['control: {mode: 0o660}', { code: 'INVALID_VALUE', key: 'control.mode', line: 1 }],
  ['control: {mode: 0777}', { code: 'INVALID_VALUE', key: 'control.mode' }],
  ['control: {group: ""}', { code: 'INVALID_VALUE', key: 'control.group' }],
  ['control: {groups: x}', { code: 'UNKNOWN_KEY', key: 'control.groups' }, /"group"/],
  ['retention: {maxJobs: 0}', { code: 'INVALID_VALUE', key: 'retention.maxJobs' }],
  ['policy: {webhoks: []}', { code: 'UNKNOWN_KEY', key: 'policy.webhoks' }, /"webhooks"/],
  ['policy: {webhooks: [ftp://a/]}', { code: 'INVALID_VALUE', key: 'policy.webhooks[0]' }],
  ['policy: {webhooks: [https://u:p@a/]}', { code: 'INVALID_VALUE', key: 'policy.webhooks[0]' }],
  ['policy: {webhooks: ["https://a/?x"]}', { code: 'INVALID_VALUE', key: 'policy.webhooks[0]' }],
  ['policy: {webhooks: [https://a/b%2f]}', { code: 'INVALID_VALUE', key: 'policy.webhooks[0]' }],
  ['policy: {github: ["*/*"]}', { code: 'INVALID_VALUE', key: 'policy.github[0]' }],
  ['policy: {reportCommands: yes}', { code: 'INVALID_VALUE', key: 'policy.reportCommands' }],
  ['reports: {githubApi: http://github.example.com/api/v3}', { code: 'INVALID_VALUE', key: 'reports.githubApi' }],
  ['defaults: {report: {webhok: a}}', { code: 'UNKNOWN_KEY', key: 'defaults.report.webhok' }, /"webhook"/],
  ['drain: {limit: 60}', { code: 'INVALID_VALUE', key: 'drain.limit', line: 1, column: 16 }],
  ['defaults: {output: lots}', { code: 'INVALID_VALUE', key: 'defaults.output' }],
  ['paths: {spool: ""}', { code: 'INVALID_VALUE', key: 'paths.spool', message: 'paths.spool: expected a path' }],
  ['paths: {spool: [a]}', { code: 'INVALID_VALUE', key: 'paths.spool' }],
  ['journal: some', { code: 'INVALID_VALUE', key: 'journal', message: 'journal: expected all, errors or off' }],
  ['- a\n', { code: 'INVALID_VALUE', message: 'the document: expected a mapping' }],
  ['drain: [', { code: 'SYNTAX', line: 1 }],
  ['drain: {limit: 5s}\n---\n{}\n', { code: 'SEVERAL_DOCUMENTS', line: 2 }],
];

for (const [text, told, hint] of problems) {
  void test(`${JSON.stringify(text)} is told, and the defaults stand in for it`, () => {
    const { config, paths, problems: found } = read(text);
    assert.deepEqual(config, defaults);
    assert.deepEqual(paths, {});
    const [first] = found;
    assert.ok(first);
    const known = Object.fromEntries(Object.keys(told).map((key) => [key, first[key as keyof Refusal]]));
    assert.deepEqual(known, told, JSON.stringify(first));
    assert.match(first.hint, hint ?? /./);
  });
}

void test('all that is wrong with a configuration is told together', () => {
  const { problems: found } = read('drain: {limit: 1}\nspool: {settle: 2, wat: 3}\nzzz: 1\n');
  assert.deepEqual(new Set(found.map(({ key }) => key)), new Set(['drain.limit', 'spool.settle', 'spool.wat', 'zzz']));
});

void test('a configuration that is not text is told', () => {
  assert.equal(readConfig(Buffer.of(0xff, 0xfe)).problems[0]?.code, 'NOT_UTF8');
});
