import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { bytes } from '../../src/job/units.ts';
import { AttemptOutput, Tail, tailBytes } from '../../src/run/output.ts';

const temporary = () => mkdtempDisposableSync(join(tmpdir(), 'booty-output-'));

/** Writes the parts to a log with this limit, and answers what is in it. */
function logOf(parts: readonly Buffer[], limit: number): Buffer {
  using directory = temporary();
  const path = join(directory.path, '1.log');
  {
    using output = new AttemptOutput(path, bytes(limit));
    parts.forEach((part, index) => output.write(index % 2 === 0 ? 'stdout' : 'stderr', part));
  }
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

const numbered = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
const note = (left: number, limit: string): string =>
  `\n… ${left} bytes left out here: the output's limit is ${limit} …\n`;

void test('the tail of a stream is its last bytes, however it came', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(700), { maxLength: 12, size: 'max' }),
      fc.integer({ min: 1, max: 2000 }),
      (lengths, limit) => {
        const tail = new Tail(limit);
        const all = numbered(lengths.reduce((sum, length) => sum + length, 0));
        let at = 0;
        for (const length of lengths) tail.push(all.subarray(at, (at += length)));
        assert.ok(tail.bytes().equals(all.subarray(Math.max(0, all.length - limit))));
        assert.equal(tail.total, all.length);
      },
    ),
  );
});

void test('a tail keeps no more than it needs, whatever comes', () => {
  const tail = new Tail(1000);
  const chunk = Buffer.alloc(100_000, 'a');
  for (let count = 0; count < 1000; count += 1) tail.push(chunk);
  for (let count = 0; count < 5000; count += 1) tail.push(Buffer.from('b'));
  assert.equal(tail.bytes().toString(), 'b'.repeat(1000));
  assert.equal(tail.total, 100_005_000);
});

void test('a tail does not change with the buffer that it was given', () => {
  const tail = new Tail(10);
  const chunk = Buffer.from('abc');
  tail.push(chunk);
  chunk.fill('x');
  assert.equal(tail.text(), 'abc');
});

void test('a tail never begins in the middle of a letter', () => {
  for (const [limit, text] of [
    [4, '💥'],
    [5, '💥'],
    [7, '💥'],
    [3, ''],
    [8, '💥💥'],
  ] as const) {
    const tail = new Tail(limit);
    tail.push(Buffer.from('💥💥💥'));
    assert.equal(tail.text(), text);
  }
  const whole = new Tail(100);
  whole.push(Buffer.from([0x80, 0x80, 0x41]));
  assert.equal(whole.text(), '\uFFFD\uFFFDA', 'what the program itself began so stays');
});

void test('a log below its limit has every byte in its place, however they came', () => {
  const limit = tailBytes + 200;
  const total = fc.constantFrom(0, 1, 150, 199, 200, 201, 300, tailBytes - 1, tailBytes, tailBytes + 199, limit);
  const cuts = fc.array(fc.nat(limit), { maxLength: 12 });
  fc.assert(
    fc.property(total, cuts, (length, at) => {
      const content = numbered(length);
      const places = [0, ...at.filter((place) => place < length).sort((a, b) => a - b), length];
      const parts = places.slice(1).map((end, index) => content.subarray(places[index], end));
      assert.deepEqual(logOf(parts, limit), content);
    }),
  );
});

void test('a log above its limit keeps the beginning and the end, and says exactly what is missing', () => {
  const limit = tailBytes + 1024;
  for (const more of [1, 2, 1000, 100_000]) {
    const content = numbered(limit + more);
    for (const size of [1000, 4096, content.length]) {
      const parts = Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
        content.subarray(index * size, (index + 1) * size),
      );
      const expected = [
        content.subarray(0, 1024),
        Buffer.from(note(more, '65K')),
        content.subarray(content.length - tailBytes),
      ];
      assert.deepEqual(logOf(parts, limit), Buffer.concat(expected));
    }
  }
});

void test('a log keeps its limit where that is less than a tail', () => {
  for (const limit of [1, 1024, 10_000]) {
    const log = logOf([numbered(200_000)], limit);
    assert.ok(log.length <= limit + 200, `${log.length} bytes where ${limit} were allowed`);
    assert.match(log.toString('latin1'), /bytes left out here/);
  }
});

void test('a job that prints nothing leaves no log', () => {
  using directory = temporary();
  const path = join(directory.path, '1.log');
  const output = new AttemptOutput(path, bytes(1000));
  output.write('stdout', Buffer.alloc(0));
  output[Symbol.dispose]();
  output[Symbol.dispose]();
  output.write('stdout', Buffer.from('late'));
  assert.equal(existsSync(path), false);
});

void test('the last line is the last that says something, without colours', () => {
  using directory = temporary();
  using output = new AttemptOutput(join(directory.path, '1.log'), bytes(1000));
  assert.equal(output.printed(false).lastLine('stderr', 'stdout'), null);
  output.write('stdout', Buffer.from('one\ntwo  \n\n \t\n'));
  assert.equal(output.printed(false).lastLine('stderr', 'stdout'), 'two');
  output.write('stderr', Buffer.from('\u001b[31merror: disk full\u001b[0m\r\n'));
  assert.equal(output.printed(false).lastLine('stderr', 'stdout'), 'error: disk full');
  assert.equal(output.printed(false).lastLine('stdout', 'stderr'), 'two');
  output.write('stderr', Buffer.from('y'.repeat(5000)));
  assert.equal(output.printed(false).lastLine('stderr')?.length, 1000);
});

const obstacles: Readonly<Record<string, (path: string) => void>> = {
  'a link': (path) => symlinkSync(`${path}.victim`, path),
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdirSync(path),
};

for (const [what, make] of Object.entries(obstacles)) {
  void test(`${what} where the log goes costs the log, and neither the job nor another file`, { timeout: 5000 }, () => {
    using directory = temporary();
    const path = join(directory.path, '1.log');
    writeFileSync(`${path}.victim`, 'mine');
    make(path);
    {
      using output = new AttemptOutput(path, bytes(2 * tailBytes));
      output.write('stdout', Buffer.from('a\n'));
      assert.notEqual(output.failure, null);
      assert.equal(output.printed(false).lastLine('stdout'), 'a');
    }
    assert.equal(readFileSync(`${path}.victim`, 'utf8'), 'mine');
    if (what === 'a link') assert.equal(readlinkSync(path), `${path}.victim`);
  });
}

void test('a second attempt of the same number adds to its log', () => {
  using directory = temporary();
  const path = join(directory.path, '1.log');
  for (const text of ['first\n', 'second\n']) {
    using output = new AttemptOutput(path, bytes(1000));
    output.write('stdout', Buffer.from(text));
  }
  assert.equal(readFileSync(path, 'utf8'), 'first\nsecond\n');
});
