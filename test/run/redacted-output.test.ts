import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytes } from '../../src/job/units.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { AttemptOutput, tailBytes } from '../../src/run/output.ts';
import { readVerdict } from '../../src/run/workdir.ts';

const secret = 'correct horse battery staple';
const label = '[redacted:KEY]';
const redactor = new Redactor([{ name: 'KEY', value: secret }]);

interface Place extends Disposable {
  readonly path: string;
}
function placeOf(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'booty-output-'));
  return {
    path: join(directory, '1.log'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
}

void test('a secret that comes in pieces is in no log and no tail, and the streams keep their order', () => {
  using place = placeOf();
  const output = new AttemptOutput(place.path, bytes(1_000_000), redactor);
  const write = (stream: 'stdout' | 'stderr', text: string): void => output.write(stream, Buffer.from(text));
  write('stdout', 'one correct ho');
  write('stderr', 'two correct horse ');
  write('stdout', 'rse battery staple three\n');
  write('stderr', 'battery staple four\n');
  output[Symbol.dispose]();
  assert.equal(readFileSync(place.path, 'utf8'), `one two ${label} three\n${label} four\n`);
  assert.equal(output.stdout.text(), `one ${label} three\n`);
  assert.equal(output.stderr.text(), `two ${label} four\n`);
  assert.equal(output.printed(false).lastLine('stderr'), `two ${label} four`);
  assert.equal(output.bytes, readFileSync(place.path).length);
});

void test('what was held back is in the log when it is closed', () => {
  using place = placeOf();
  const output = new AttemptOutput(place.path, bytes(1_000_000), redactor);
  output.write('stdout', Buffer.from('it is correct horse'));
  output.write('stderr', Buffer.from('correct'));
  output[Symbol.dispose]();
  assert.equal(readFileSync(place.path, 'utf8'), 'it is correct horsecorrect');
  assert.equal(output.stdout.text(), 'it is correct horse');
  assert.equal(output.bytes, 26);
});

void test('a log that is cut at its limit cuts no secret: neither its beginning nor its end has a part of one', () => {
  for (let shift = 0; shift < 40; shift += 1) {
    using place = placeOf();
    const output = new AttemptOutput(place.path, bytes(tailBytes + 500), redactor);
    output.write('stdout', Buffer.from('.'.repeat(470 + shift) + secret));
    output.write('stdout', Buffer.from('.'.repeat(100) + secret + '.'.repeat(tailBytes - shift)));
    output[Symbol.dispose]();
    const log = readFileSync(place.path, 'utf8');
    assert.doesNotMatch(log, /corr|horse|stapl|aple/);
    assert.doesNotMatch(output.stdout.text(), /corr|horse|stapl|aple/);
    assert.equal(output.bytes, Buffer.byteLength(log));
  }
});

void test('colours within a secret do not bring it into what is told of the last line', () => {
  using place = placeOf();
  using output = new AttemptOutput(place.path, bytes(1_000_000), redactor);
  output.write('stderr', Buffer.from(`failed: ${secret.slice(0, 9)}\u001b[1m${secret.slice(9)}\u001b[0m\n`));
  assert.equal(output.printed(false).lastLine('stderr'), `failed: ${label}`);
});

void test('a verdict is redacted before it is cut', () => {
  using place = placeOf();
  for (let at = 960; at < 1010; at += 1) {
    writeFileSync(place.path, `${'x'.repeat(at)}${secret}${'y'.repeat(5000)}`);
    assert.doesNotMatch(readVerdict(place.path, redactor) ?? '', /corr/);
  }
  // So many that little is left of them: what the file's limit cuts comes near.
  writeFileSync(place.path, `${secret}, `.repeat(200));
  assert.doesNotMatch(readVerdict(place.path, redactor) ?? '', /corr/);
});
