import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Redactor } from '../../src/redact/redactor.ts';
import { assertLinear } from './cpu-time.ts';

/** Few letters, so that patterns begin within each other. */
const letters = fc.constantFrom('a', 'b', '\n', 'é', '%', '"');
const values = fc.array(fc.string({ unit: letters, minLength: 6, maxLength: 12 }), { minLength: 1, maxLength: 4 });
const noise = fc.oneof(
  fc.string({ unit: letters, maxLength: 30 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.from(bytes)),
);

/** Values, pieces of values and other bytes, in any order; and where it is cut. */
const scene = values.chain((secrets) =>
  fc.record({
    secrets: fc.constant(secrets),
    data: fc
      .array(
        fc.oneof(
          noise,
          fc.constantFrom(...secrets).chain((secret) =>
            fc.constantFrom(
              Buffer.from(secret),
              Buffer.from(secret).subarray(0, 5),
              Buffer.from(secret).subarray(2),
              Buffer.from(JSON.stringify(secret)),
              Buffer.from(
                Buffer.from(secret)
                  .toString('base64')
                  .replace(/(.{9})/g, '$1\n'),
              ),
            ),
          ),
        ),
        { maxLength: 12 },
      )
      .map((parts) => Buffer.concat(parts)),
    cuts: fc.array(fc.nat(400), { maxLength: 10 }),
  }),
);

const redactorOf = (secrets: readonly string[]): Redactor =>
  new Redactor(secrets.map((value, index) => ({ name: `KEY_${index}`, value })));

function inPieces(redactor: Redactor, data: Buffer, cuts: readonly number[]): Buffer {
  const stream = redactor.stream();
  assert.ok(stream);
  const places = [0, ...cuts.map((cut) => Math.min(cut, data.length)).sort((one, other) => one - other), data.length];
  // Each piece in memory of its own that is written over afterwards, as the buffer of reads is.
  const out = places.slice(1).map((end, index) => {
    const piece = Buffer.from(data.subarray(places[index], end));
    const given = Buffer.from(stream.push(piece));
    piece.fill(0x23);
    return given;
  });
  return Buffer.concat([...out, stream.end()]);
}

void test('however output is cut into pieces, the same is left of it', () => {
  fc.assert(
    fc.property(scene, ({ secrets, data, cuts }) => {
      const redactor = redactorOf(secrets);
      const whole = Buffer.from(redactor.bytes(data));
      assert.deepEqual(inPieces(redactor, data, cuts), whole);
      assert.deepEqual(
        inPieces(
          redactor,
          data,
          Array.from({ length: data.length }, (_, index) => index),
        ),
        whole,
        'byte by byte',
      );
    }),
    { numRuns: 400 },
  );
});

void test('no value is left in what was redacted, and what had none is left as it was, also where it is no text', () => {
  fc.assert(
    fc.property(scene, ({ secrets, data }) => {
      const redactor = redactorOf(secrets);
      const redacted = Buffer.from(redactor.bytes(data));
      const left = redacted.toString('latin1').split(/\[redacted:KEY_\d\]|\[redacted\]|\[\*\*\*\]/);
      for (const secret of secrets) {
        const bytes = Buffer.from(secret).toString('latin1');
        for (const piece of left) assert.ok(!piece.includes(bytes), JSON.stringify(piece));
      }
      if (!redactor.has(data)) assert.deepEqual(redacted, data);
    }),
    { numRuns: 400 },
  );
});

void test('what is found is what a plain search finds', () => {
  fc.assert(
    fc.property(scene, ({ secrets, data }) => {
      if (secrets.some((secret) => data.includes(Buffer.from(secret)))) assert.ok(redactorOf(secrets).has(data));
    }),
    { numRuns: 400 },
  );
});

void test('no more is held back than may be the beginning of a value; what cannot be one goes out at once', () => {
  const stream = redactorOf(['correct horse battery']).stream();
  assert.ok(stream);
  assert.equal(stream.push(Buffer.from('password: ')).toString(), 'password: ');
  assert.equal(stream.push(Buffer.from('x correct ')).toString(), 'x ');
  assert.equal(stream.push(Buffer.from('me\n')).toString(), 'correct me\n');
  assert.equal(stream.push(Buffer.from('correct horse batter')).toString(), '');
  assert.equal(stream.end().toString(), 'correct horse batter');
});

void test('a value that is printed without end takes no memory', () => {
  const stream = redactorOf(['abcabc']).stream();
  assert.ok(stream);
  const chunk = Buffer.from('abc'.repeat(20_000));
  const before = process.memoryUsage().arrayBuffers;
  let out = 0;
  for (let round = 0; round < 500; round += 1) out += stream.push(chunk).length;
  out += stream.end().length;
  assert.equal(out, '[redacted:KEY_0]'.length);
  assert.ok(process.memoryUsage().arrayBuffers - before < 20e6);
});

/** Values and inputs that make a search go back again and again. */
const adversarial: Readonly<Record<string, readonly [values: readonly string[], piece: string]>> = {
  'the beginning of a value, again and again': [[`${'a'.repeat(200)}b`], 'a'],
  'values that begin within each other': [Array.from({ length: 60 }, (_, index) => `${'ab'.repeat(index + 3)}c`), 'ab'],
  'base64 in lines of one character': [['correct horse battery staple'], 'Y\n29ycmVjdCBob3Jz\nZ\n'],
  'base64 with nothing but line ends': [['correct horse battery staple'], `Y29ycmVjdCBo${'\r\n'.repeat(40)}`],
  'values side by side': [['abcabc'], 'abcabc'],
};

for (const [what, [secrets, piece]] of Object.entries(adversarial))
  void test(`looking through output takes time in proportion to its length: ${what}`, () => {
    const redactor = redactorOf(secrets);
    assertLinear((length) => {
      const data = Buffer.from(piece.repeat(Math.ceil(length / piece.length)));
      const cuts = Array.from({ length: 16 }, (_, index) => (index * length) / 16);
      return () => inPieces(redactor, data, cuts);
    });
  });
