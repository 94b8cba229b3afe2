import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readHandedError, readLogLines } from '../../src/crash/handed-over.ts';
import { maxErrorFileBytes } from '../../src/job/module-call.ts';
import { handedError } from '../../src/module/hand-over.ts';
import { hostileError } from './hostile-errors.ts';

const known = { isOurs: () => false, sourceOf: () => null };
const handOver = (thrown: unknown): string => handedError(thrown, known);
const read = (thrown: unknown) => readHandedError(handOver(thrown))?.exceptions ?? [];

void test('whatever is thrown, writing it down does not fail, has a limit, and is read again', () => {
  fc.assert(
    fc.property(hostileError, (make) => {
      const thrown = make();
      const began = performance.now();
      const text = handOver(thrown);
      assert.ok(Buffer.byteLength(text) <= maxErrorFileBytes, `${Buffer.byteLength(text)} bytes`);
      assert.ok(performance.now() - began < 5000, 'it took too long');
      const reading = readHandedError(text);
      assert.ok(reading, 'it is read');
      assert.ok(reading.exceptions.every(({ type, value }) => type !== '' && value.length <= 8192));
    }),
    { numRuns: 300 },
  );
});

void test('errors too long for the file are told shorter, not left out', () => {
  const errors = Array.from({ length: 60 }, (_, index) =>
    Object.assign(new RangeError(`${index} ${'\u0001'.repeat(9000)}`), { rows: 'x'.repeat(5000) }),
  );
  const text = handOver(new AggregateError(errors, 'all of them'));
  assert.ok(Buffer.byteLength(text) <= maxErrorFileBytes);
  const exceptions = readHandedError(text)?.exceptions ?? [];
  assert.deepEqual([exceptions.at(-1)?.type, exceptions.at(-1)?.value], ['AggregateError', 'all of them']);
  assert.ok(exceptions.length > 5, `${exceptions.length} exceptions`);
});

void test('an error comes with its class, its own properties as text, and no code of theirs has run', () => {
  class PaymentError extends Error {
    readonly account = { id: 42, names: ['a', 'b'] };
    readonly code = 'E_PAYMENT';
    readonly amount = 12n;
    get secret(): string {
      return assert.fail('an accessor of the class was asked');
    }
  }
  const error = new PaymentError('cannot pay');
  Object.defineProperty(error, 'lazy', { get: () => assert.fail('a getter was asked'), enumerable: true });
  const [exception] = read(error);
  assert.equal(exception?.type, 'PaymentError');
  assert.equal(exception?.value, 'cannot pay');
  assert.deepEqual(exception?.properties, {
    account: '{"id": 42, "names": ["a", "b"]}',
    code: 'E_PAYMENT',
    amount: '12n',
    lazy: '[getter]',
  });
});

void test('what the system says of a file is told', async () => {
  const { readFileSync } = await import('node:fs');
  try {
    readFileSync('/nonexistent');
    assert.fail('it was read');
  } catch (error) {
    const [exception] = read(error);
    const { errno, code, syscall, path } = exception?.properties ?? {};
    assert.deepEqual(
      { errno, code, syscall, path },
      { errno: '-2', code: 'ENOENT', syscall: 'open', path: '/nonexistent' },
    );
  }
});

void test('a message that looks like frames has no frames', () => {
  const [exception] = read(new Error('bad\n    at nowhere (/srv/a.ts:1:1)\nend'));
  assert.ok((exception?.frames.length ?? 0) > 0);
  assert.deepEqual(
    exception?.frames.filter(({ file }) => file === '/srv/a.ts'),
    [],
  );
});

void test('a circle of causes is told once around', () => {
  const first = new Error('first');
  const second = new Error('second', { cause: first });
  first.cause = second;
  assert.deepEqual(
    read(first).map(({ value }) => value),
    ['second', 'first'],
  );
});

void test('what a promise was rejected with and is no error is told as what it is', () => {
  for (const [thrown, value] of [
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ code: 5 }, '{"code": 5}'],
  ] as const)
    assert.deepEqual(read(thrown), [{ type: 'Error', value, frames: [] }]);
});

/** As the host writes one. */
const one = { type: 'A', value: 'b', frames: [], properties: {}, parent: null, source: null, isGroup: false };

const forged: Readonly<Record<string, unknown>> = {
  'no list': one,
  'an empty list': [],
  'too many': Array.from({ length: 51 }, (_, index) => ({ ...one, parent: index === 0 ? null : 0 })),
  'a list in it': [[one]],
  'no type': [{ ...one, type: '' }],
  'a number for a value': [{ ...one, value: 5 }],
  'frames that are none': [{ ...one, frames: [{ call: 5, source: null }] }],
  'too many frames': [{ ...one, frames: Array.from({ length: 101 }, () => ({ call: '', source: null })) }],
  'a call without end': [{ ...one, frames: [{ call: 'x'.repeat(4001), source: null }] }],
  'properties that are no text': [{ ...one, properties: { a: {} } }],
  'too many properties': [{ ...one, properties: Object.fromEntries(Array.from({ length: 31 }, (_, at) => [at, ''])) }],
  'a part of itself': [{ ...one, parent: 0 }],
  'a part of a later one': [one, { ...one, parent: 2, source: 'cause' }, { ...one, parent: 0, source: 'cause' }],
  'a circle': [
    { ...one, parent: 1, source: 'cause' },
    { ...one, parent: 0, source: 'cause' },
  ],
  'two roots': [one, one],
  'a parent below zero': [one, { ...one, parent: -1 }],
  'another link': [one, { ...one, parent: 0, source: 'constructor' }],
};
for (const [what, data] of Object.entries(forged))
  void test(`a file that a job has forged is not believed: ${what}`, () => {
    assert.equal(readHandedError(JSON.stringify(data)), null);
  });

void test('the file of which the forged ones are made is read', () => {
  assert.ok(readHandedError(JSON.stringify([one, { ...one, parent: 0, source: 'errors[0]' }])));
});

void test('a file of any bytes is read without a failure', () => {
  for (const text of ['', '{', 'null', '[null]', '"x"', '['.repeat(100_000), '\u0000', '[{"type":"A"']) {
    assert.equal(readHandedError(text), null);
    assert.deepEqual(readLogLines(text), []);
  }
  fc.assert(fc.property(fc.string(), (text) => readHandedError(text) === null && readLogLines(text).length === 0));
  fc.assert(fc.property(fc.json(), (text) => readHandedError(`[${text}]`) === null));
});

void test('of log lines the last hundred count, and only those that are some', () => {
  const line = (message: unknown, at: unknown = 5, level: unknown = 'info') => JSON.stringify({ at, level, message });
  const text = [
    ...Array.from({ length: 150 }, (_, at) => line(`line ${at}`, at)),
    line(5),
    line('x', 'y'),
    line('x', 1, 'z'),
  ];
  const lines = readLogLines(`${text.join('\n')}\n${line('cut off').slice(0, -3)}`);
  assert.equal(lines.length, 100);
  assert.deepEqual([lines[0]?.message, lines.at(-1)?.message], ['line 50', 'line 149']);
  assert.equal(readLogLines(line('x'.repeat(5000)))[0]?.message.length, 1000);
});
