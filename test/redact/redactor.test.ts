import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redactor } from '../../src/redact/redactor.ts';
import { secretsOf } from '../../src/redact/secrets.ts';
import { awkward, encodings } from './encodings.ts';

const of = (values: Readonly<Record<string, string>>): Redactor => new Redactor(secretsOf(values).secrets);

for (const [kind, value] of Object.entries(awkward)) {
  for (const [encoding, encode] of Object.entries(encodings)) {
    void test(`a value with ${kind} is not seen ${encoding}`, () => {
      const encoded = encode(value);
      const redacted = of({ THE_KEY: value }).text(`before ${encoded} after`);
      assert.ok(!redacted.includes(encoded), redacted);
      assert.match(redacted, /^before .{0,4}\[redacted:THE_KEY\].{0,4} after$/s);
    });
  }
}

void test('a value inside something that is base64 is not seen, wherever it lies in it', () => {
  const value = 'correct horse battery staple';
  for (const before of ['', 'a', 'ab', 'user:', 'longer than that:'])
    for (const after of ['', 'x', 'xy', '\n', ' and more']) {
      const text = Buffer.from(before + value + after).toString('base64');
      const redacted = of({ THE_KEY: value }).text(text);
      assert.match(redacted, /\[redacted:THE_KEY\]/);
      // A character at each end belongs to the neighbour as well.
      assert.ok(redacted.replace('[redacted:THE_KEY]', '').length <= Math.ceil(((before + after).length * 4) / 3) + 5);
    }
});

void test('base64 in lines, as programs wrap it, hides no value', () => {
  const value = Array.from({ length: 20 }, (_, index) => `part-${index}`).join('/');
  for (const width of [20, 60, 64, 76])
    for (const lineEnd of ['\n', '\r\n']) {
      const text = Buffer.from(`key ${value}`)
        .toString('base64')
        .replace(new RegExp(`.{${width}}`, 'g'), `$&${lineEnd}`);
      const redacted = of({ THE_KEY: value }).text(text);
      assert.match(redacted, /^.{5,6}\[redacted:THE_KEY\].{0,6}$/s, `${width}: ${redacted}`);
    }
});

void test('of a value of many lines each line is kept back, and so is the whole', () => {
  const key = [
    '-----BEGIN THING-----',
    'MIIEvgIBADANBgkqhkiG9w0BAQEFAASC',
    'short',
    'BKgwggSkAgEAAoIBAQC7VJTUt9Us8cKB',
    '-----END THING-----',
  ].join('\n');
  const redactor = of({ TLS_KEY: key });
  assert.equal(redactor.text(`line: BKgwggSkAgEAAoIBAQC7VJTUt9Us8cKB.`), 'line: [redacted:TLS_KEY].');
  assert.equal(redactor.text(`<${key}>`), '<[redacted:TLS_KEY]>');
  assert.equal(redactor.text(JSON.stringify({ key })), '{"key":"[redacted:TLS_KEY]"}');
  assert.equal(redactor.text('-----BEGIN THING-----'), '-----BEGIN THING-----', 'that says nothing');
  assert.equal(redactor.text('a short story'), 'a short story');
});

void test('a long value is kept back where only a part of it was printed', () => {
  const value = Array.from({ length: 200 }, (_, index) => `${index * 7919}`).join('.');
  const redacted = of({ LONG: value }).text(`<${value.slice(0, 700)}`);
  assert.match(redacted, /^<\[redacted:LONG\].{0,128}$/);
});

void test('two values side by side, or one in the other, leave nothing', () => {
  const redactor = of({ A: 'alpha-beta', B: 'beta-gamma', C: 'alpha-beta-gamma-delta' });
  assert.equal(redactor.text('<alpha-beta-gamma>'), '<[redacted:A]>');
  assert.equal(redactor.text('<alpha-beta-gamma-delta>'), '<[redacted:C]>');
  assert.equal(redactor.text('<alpha-betabeta-gamma>'), '<[redacted:A]>');
});

void test('of a URL with a password the password alone is kept back too; of the DSN its key, and not its host', () => {
  const redactor = of({
    DATABASE_URL: 'postgres://app:s%C3%A4cret-pw@db.example/app',
    SENTRY_DSN: 'https://0123456789abcdef@o1.ingest.example/42',
  });
  assert.equal(redactor.text('login as app with säcret-pw'), 'login as app with [redacted:DATABASE_URL]');
  assert.equal(redactor.text('login as app with s%C3%A4cret-pw'), 'login as app with [redacted:DATABASE_URL]');
  assert.equal(redactor.text('sentry_key=0123456789abcdef&v=7'), 'sentry_key=[redacted:SENTRY_DSN]&v=7');
  assert.equal(redactor.text('o1.ingest.example and db.example'), 'o1.ingest.example and db.example');
});

void test('the DSN is kept back where it comes from the environment', () => {
  const redactor = new Redactor(secretsOf({}, 'https://0123456789abcdef@o1.ingest.example/42').secrets);
  assert.equal(redactor.text('key 0123456789abcdef'), 'key [redacted:SENTRY_DSN]');
});

void test('short values, settings and plain words are left alone; of the short ones the name is told', () => {
  const { secrets, tooShort } = secretsOf({
    PIN: '12345',
    EMPTY: '',
    SENTRY_ENVIRONMENT: 'production-eu',
    SENTRY_RELEASE: 'shop@1.4.2',
    MODE: 'Production',
    HOST: 'localhost',
    WORD: 'interrupt',
    REAL: '123456',
  });
  assert.deepEqual(secrets, [{ name: 'REAL', value: '123456' }]);
  assert.deepEqual(tooShort, ['PIN']);
});

void test('a value that is a part of its own label is kept back all the same', () => {
  for (const value of ['redacted', '[redacted', 'REDACTED_KEY', 'THE_NAME']) {
    const redactor = of({ THE_NAME: value });
    const redacted = redactor.text(`<${value}>`);
    assert.ok(!redacted.includes(value), redacted);
    assert.equal(redactor.text(redacted), redacted);
  }
});

void test('keys, lists and bytes within an object are redacted; what is no text stays what it is', () => {
  const redactor = of({ KEY: 'canary-value' });
  const when = new Date(0);
  assert.deepEqual(
    redactor.deep({
      'a canary-value': ['canary-value', 1, null, true, { x: 'canary-value' }],
      data: Buffer.from('-canary-value-'),
      when,
    }),
    {
      'a [redacted:KEY]': ['[redacted:KEY]', 1, null, true, { x: '[redacted:KEY]' }],
      data: Buffer.from('-[redacted:KEY]-'),
      when,
    },
  );
});

void test('an argument that follows --password is kept back', () => {
  assert.deepEqual(new Redactor().deep(['mysql', '--password', 'hunter2', '--host', 'db', '-p', 'x']), [
    'mysql',
    '--password',
    '[redacted:argument]',
    '--host',
    'db',
    '-p',
    'x',
  ]);
});

void test('without secrets output is not looked through at all', () => {
  assert.equal(new Redactor().stream(), null);
});

void test('more secrets than there is room for lose their rare encodings, never their plain ones, and it is said', () => {
  const values = Object.fromEntries(
    Array.from({ length: 1200 }, (_, index) => [`KEY_${index}`, `${index}:${'0123456789abcdef/+ "'.repeat(9)}`]),
  );
  const redactor = of(values);
  assert.ok(redactor.incomplete.length > 0);
  for (const index of [0, 600, 1199]) {
    const value = values[`KEY_${index}`] ?? '';
    assert.match(redactor.text(`<${value}>`), /^<\[redacted:KEY_\d+\]>$/);
    assert.match(redactor.text(`<${JSON.stringify(value).slice(1, -1)}>`), /^<\[redacted:KEY_\d+\]>$/);
  }
});
