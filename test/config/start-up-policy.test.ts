import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideTelemetry } from '../../src/config/telemetry.ts';
import { decide, dsn, type Machine } from './policy.ts';

/** What the policy makes of a machine: on or off, its environment, what it warns of and what it refuses to start for. */
type Row = readonly [
  what: string,
  machine: Machine,
  decided: {
    readonly on: boolean;
    readonly environment: string;
    readonly warnings?: readonly string[];
    readonly errors?: readonly string[];
  },
];

const refusal = 'Sentry disabled — production requires DSN; refusing to start';
const off = (environment: string) => `Sentry disabled — no DSN configured (environment=${environment})`;
const withDsn = `SENTRY_DSN=${dsn}\n`;
const production = 'SENTRY_ENVIRONMENT=production\n';
const misplaced = 'SENTRY_DSN in release.env:1: credentials belong in secrets.env; remove the line';
const open = (mode: string) => `secrets.env is open to every user (mode ${mode}): chmod o= secrets.env`;

const rows: readonly Row[] = [
  ['nothing configured', {}, { on: false, environment: 'development', warnings: [off('development')] }],
  [
    'empty files',
    { secrets: '', release: '' },
    { on: false, environment: 'development', warnings: [off('development')] },
  ],
  [
    'an empty DSN',
    { secrets: 'SENTRY_DSN=\n' },
    { on: false, environment: 'development', warnings: [off('development')] },
  ],
  [
    'another environment',
    { release: 'SENTRY_ENVIRONMENT=staging' },
    { on: false, environment: 'staging', warnings: [off('staging')] },
  ],
  [
    'a blank environment',
    { secrets: withDsn, release: 'SENTRY_ENVIRONMENT="  "' },
    { on: true, environment: 'development' },
  ],
  ['a DSN', { secrets: withDsn }, { on: true, environment: 'development' }],
  ['a DSN in production', { secrets: withDsn, release: production }, { on: true, environment: 'production' }],
  ['a DSN in the environment', { environment: { SENTRY_DSN: dsn } }, { on: true, environment: 'development' }],
  [
    'a DSN in the environment, in production',
    { environment: { SENTRY_DSN: dsn, SENTRY_ENVIRONMENT: 'prod' } },
    { on: true, environment: 'prod' },
  ],
  [
    'an empty variable over a file',
    { secrets: withDsn, release: production, environment: { SENTRY_DSN: '', SENTRY_ENVIRONMENT: '' } },
    { on: true, environment: 'production' },
  ],
  [
    'a variable over a file',
    { secrets: withDsn, release: production, environment: { SENTRY_ENVIRONMENT: 'staging' } },
    { on: true, environment: 'staging' },
  ],
  ...['production', 'prod', 'Production', 'PROD', ' production '].map(
    (name): Row => [
      `no DSN in ${JSON.stringify(name)}`,
      { release: `SENTRY_ENVIRONMENT="${name}"` },
      { on: false, environment: name.trim(), errors: [refusal] },
    ],
  ),
  ...['preprod', 'production-eu', 'reproduction', 'live'].map(
    (name): Row => [
      `no DSN in ${name}`,
      { release: `SENTRY_ENVIRONMENT=${name}` },
      { on: false, environment: name, warnings: [off(name)] },
    ],
  ),
  [
    'a malformed DSN',
    { secrets: '# c\nSENTRY_DSN=sentry.example/7' },
    {
      on: false,
      environment: 'development',
      warnings: ['Sentry disabled — SENTRY_DSN in secrets.env:2 is malformed: not a URL (environment=development)'],
    },
  ],
  [
    'a malformed DSN in production',
    { secrets: 'SENTRY_DSN=https://sentry.example/7', release: production },
    {
      on: false,
      environment: 'production',
      errors: [`${refusal} (SENTRY_DSN in secrets.env:1 is malformed: no public key before the @)`],
    },
  ],
  [
    'a malformed DSN in the environment over a good one in the file',
    { secrets: withDsn, environment: { SENTRY_DSN: 'x' } },
    {
      on: false,
      environment: 'development',
      warnings: ['Sentry disabled — SENTRY_DSN in the environment is malformed: not a URL (environment=development)'],
    },
  ],
  [
    'a DSN in release.env',
    { release: withDsn },
    { on: false, environment: 'development', warnings: [`${misplaced} (ignored)`, off('development')] },
  ],
  [
    'a DSN in release.env besides the right one',
    { secrets: withDsn, release: withDsn },
    { on: true, environment: 'development', warnings: [`${misplaced} (ignored)`] },
  ],
  [
    'a DSN in release.env, in production',
    { release: withDsn + production },
    { on: false, environment: 'production', errors: [misplaced, refusal] },
  ],
  [
    'a DSN in release.env besides the right one, in production',
    { secrets: withDsn, release: withDsn + production },
    { on: true, environment: 'production', errors: [misplaced] },
  ],
  [
    'an empty DSN in release.env, in production',
    { secrets: withDsn, release: `SENTRY_DSN=\n${production}` },
    { on: true, environment: 'production', errors: [misplaced] },
  ],
  [
    'an environment in secrets.env',
    { secrets: withDsn + production },
    {
      on: true,
      environment: 'production',
      warnings: ['SENTRY_ENVIRONMENT in secrets.env:2 belongs in release.env, which deployments write'],
    },
  ],
  ['secrets for the group', { secrets: withDsn, secretsMode: 0o640 }, { on: true, environment: 'development' }],
  [
    'secrets for everybody',
    { secrets: withDsn, secretsMode: 0o644 },
    { on: true, environment: 'development', warnings: [open('0644')] },
  ],
  [
    'secrets for everybody, in production',
    { secrets: withDsn, secretsMode: 0o604, release: production },
    { on: true, environment: 'production', errors: [open('0604')] },
  ],
  [
    'secrets that everybody can write, in production and without a DSN',
    { secrets: '', secretsMode: 0o602, release: production },
    { on: false, environment: 'production', errors: [open('0602'), refusal] },
  ],
];

for (const [what, machine, { on, environment, warnings = [], errors = [] }] of rows) {
  void test(`${what}: Sentry is ${on ? 'on' : 'off'}${errors.length > 0 ? ', and Booty refuses to start' : ''}`, () => {
    const decided = decide(machine);
    assert.deepEqual([decided.warnings, decided.errors], [warnings, errors]);
    assert.equal(decided.telemetry.kind, on ? 'on' : 'off');
    assert.equal(decided.telemetry.environment, environment);
    if (decided.telemetry.kind === 'on') assert.equal(decided.telemetry.dsn, dsn);
  });
}

void test('a file that cannot be read forbids the start: what it says of production is not known', () => {
  const failed = { kind: 'failed', path: '/etc/booty/release.env', code: 'EACCES' } as const;
  const missing = { kind: 'missing' } as const;
  const message = '/etc/booty/release.env cannot be read (EACCES): mend its permissions, or remove it';
  for (const sources of [
    { secrets: missing, release: failed },
    { secrets: failed, release: missing },
  ])
    assert.deepEqual(decideTelemetry({ ...sources, environment: {} }).errors, [message]);
});
