import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createTransport, defaultStackParser, NodeClient } from '@sentry/node';
import { dsnFlaw, parseSampleRate } from '../../src/config/telemetry.ts';
import { decide, dsn } from './policy.ts';

const rates: readonly (readonly [text: string, rate: number | null])[] = [
  ['', 1],
  ['  ', 1],
  ['1', 1],
  ['1.0', 1],
  ['0', 0],
  ['0.0', 0],
  ['0.25', 0.25],
  ['.5', 0.5],
  [' 0.5 ', 0.5],
  ['banana', null],
  ['NaN', null],
  ['Infinity', null],
  ['2', null],
  ['1.01', null],
  ['-0.5', null],
  ['+1', null],
  ['1e-1', null],
  ['0,5', null],
  ['50%', null],
  ['0x1', null],
  ['1.', null],
  ['true', null],
];

void test('a sample rate is a number from 0 to 1; nothing is everything', () => {
  for (const [text, rate] of rates) assert.equal(parseSampleRate(text), rate, JSON.stringify(text));
});

void test('a sample rate that is none forbids the start, and its file and line are named', () => {
  const secrets = `SENTRY_DSN=${dsn}\nSENTRY_SAMPLE_RATE=banana\n`;
  const told = (where: string): string[] => [`SENTRY_SAMPLE_RATE in ${where}: "banana" is not a number from 0 to 1`];
  assert.deepEqual(decide({ secrets }).errors, told('secrets.env:2'));
  assert.deepEqual(decide({ release: 'SENTRY_SAMPLE_RATE=banana' }).errors, told('release.env:1'));
  assert.deepEqual(decide({ environment: { SENTRY_SAMPLE_RATE: 'banana' } }).errors, told('the environment'));
  const good = decide({ secrets: `SENTRY_DSN=${dsn}\nSENTRY_SAMPLE_RATE=0.25\n` });
  assert.deepEqual(good.errors, []);
  assert.equal(good.telemetry.kind === 'on' && good.telemetry.sampleRate, 0.25);
});

void test('without a release there is none: no placeholder', () => {
  const releaseOf = (release: string, environment = {}) =>
    decide({ secrets: `SENTRY_DSN=${dsn}`, release, environment }).telemetry.release;
  assert.equal(releaseOf(''), null);
  assert.equal(releaseOf('SENTRY_RELEASE='), null);
  assert.equal(releaseOf('SENTRY_RELEASE="  "'), null);
  assert.equal(releaseOf('SENTRY_RELEASE=', { GITHUB_SHA: 'abc', SOURCE_VERSION: 'def' }), null);
  assert.equal(releaseOf('SENTRY_RELEASE=shop@1.2.3'), 'shop@1.2.3');
  assert.equal(releaseOf('SENTRY_RELEASE=a', { SENTRY_RELEASE: 'b' }), 'b');
  assert.equal(decide({ release: 'SENTRY_RELEASE=a' }).telemetry.release, 'a');
});

void test('a release or environment that Sentry would not take forbids the start', () => {
  for (const release of ['a/b', 'a\\b', 'a\tb', 'a\nb', '.', '..', 'x'.repeat(201)])
    assert.deepEqual(decide({ environment: { SENTRY_RELEASE: release } }).errors, [
      'SENTRY_RELEASE: expected at most 200 characters without slashes, tabs or line ends',
    ]);
  for (const environment of ['a b', 'a/b', 'a\nb', 'x'.repeat(65)])
    assert.deepEqual(decide({ environment: { SENTRY_ENVIRONMENT: environment } }).errors, [
      'SENTRY_ENVIRONMENT in the environment: expected at most 64 characters without spaces or slashes',
    ]);
  const long = { SENTRY_RELEASE: 'x'.repeat(200), SENTRY_ENVIRONMENT: 'x'.repeat(64) };
  assert.deepEqual(decide({ environment: long }).errors, []);
});

const dsns: readonly (readonly [dsn: string, flaw: string | null])[] = [
  [dsn, null],
  ['http://abc@127.0.0.1:9000/1', null],
  ['https://abc@[::1]:9000/1', null],
  ['https://abc:secret@sentry.example/prefix/7', null],
  ['https://abc@o1.ingest.sentry.example:443/4505', null],
  ['', 'not a URL'],
  ['sentry.example/7', 'not a URL'],
  ['https://', 'not a URL'],
  ['https://abc@/7', 'not a URL'],
  ['https://abc@sentry.example:99999/7', 'not a URL'],
  ['ftp://abc@sentry.example/7', 'expected https:// or http://'],
  ['javascript:alert(1)', 'expected https:// or http://'],
  ['https://sentry.example/7', 'no public key before the @'],
  ['https://a-b@sentry.example/7', 'no public key before the @'],
  ['https://abc@sentry.example', 'no project id at its end'],
  ['https://abc@sentry.example/', 'no project id at its end'],
  ['https://abc@sentry.example/7/', 'no project id at its end'],
  ['https://abc@sentry.example/shop', 'no project id at its end'],
];

void test('a DSN is usable, or it is told what it lacks, and never quoted', () => {
  for (const [text, flaw] of dsns) assert.equal(dsnFlaw(text), flaw, text);
  const { warnings, errors } = decide({ secrets: 'SENTRY_DSN=https://hush@sentry.example/' });
  assert.doesNotMatch([...warnings, ...errors].join('\n'), /hush|sentry\.example/);
});

/** Whether the SDK makes a client of it that sends. */
function sdkTakes(text: string): boolean {
  const transport = (options: Parameters<typeof createTransport>[0]) =>
    createTransport(options, () => Promise.resolve({}));
  const silenced = mock.method(console, 'error', () => undefined); // It would print the DSN.
  const client = new NodeClient({ dsn: text, integrations: [], stackParser: defaultStackParser, transport });
  silenced.mock.restore();
  return client.getDsn() !== undefined;
}

void test('what Booty takes for a DSN, the SDK takes too', () => {
  for (const [text] of dsns) if (dsnFlaw(text) === null) assert.ok(sdkTakes(text), text);
});

void test('a DSN that only a browser understands is malformed', () => {
  const odd = [
    'https:/abc@h/7',
    'HTTPS://abc@h/7',
    'https://abc@h\t/7',
    'https://abc@exämple.org/7',
    'https://abc:p%40ss@h/7',
  ];
  for (const text of odd) assert.equal(dsnFlaw(text) === null, sdkTakes(text), text);
});
