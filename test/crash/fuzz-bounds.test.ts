import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { readCrash, titleOf } from '../../src/crash/read.ts';
import { bytes } from '../../src/job/units.ts';
import { AttemptOutput, tailBytes } from '../../src/run/output.ts';
import { deathsOf, languages } from './corpus.ts';

/*
 * Whatever a program prints, reading it fails nothing and is bounded in time and memory, and how the bytes arrive makes no
 * difference. BOOTY_FUZZ=N tries N times as often.
 */

const effort = Number(process.env['BOOTY_FUZZ'] ?? 1);
const samples = languages.flatMap((language) => deathsOf(language).map(({ text }) => text));
const directory = mkdtempSync(join(tmpdir(), 'booty-fuzz-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function isSound(text: string): void {
  const reading = readCrash(text, text);
  if (!reading) return;
  assert.equal(typeof titleOf(reading), 'string');
  assert.ok(reading.exceptions.length <= 100);
  for (const { type, frames } of reading.exceptions) {
    assert.notEqual(type, '');
    assert.ok(frames.length <= 2000);
    for (const { line } of frames) assert.ok(line === null || line >= 0);
  }
}

type Change = (text: string, a: number, b: number, other: string) => string;
const cut = (lines: readonly string[], at: number): number => at % (lines.length + 1);
const byLines =
  (change: (lines: string[], a: number, b: number, other: string[]) => readonly string[]): Change =>
  (text, a, b, other) =>
    change(text.split('\n'), a, b, other.split('\n')).join('\n');

const changes: Readonly<Record<string, Change>> = {
  truncate: (text, a) => text.slice(0, a % (text.length + 1)),
  behead: (text, a) => text.slice(a % (text.length + 1)),
  splice: (text, a, b, other) => text.slice(0, a % (text.length + 1)) + other.slice(b % (other.length + 1)),
  bitFlip: (text, a, b) => {
    const bytes = Buffer.from(text);
    const at = a % Math.max(1, bytes.length);
    if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << (b % 8));
    return bytes.toString();
  },
  duplicate: byLines((lines, a, b) =>
    lines.toSpliced(cut(lines, a), 0, ...lines.slice(cut(lines, b), cut(lines, b) + 9)),
  ),
  drop: byLines((lines, a, b) => lines.toSpliced(cut(lines, a), b % 5)),
  interleave: byLines((lines, _a, _b, other) => lines.flatMap((line, at) => [line, ...other.slice(at, at + 1)])),
  longLine: byLines((lines, a, b) => lines.with(a % lines.length, (lines[a % lines.length] ?? '').repeat(b % 500))),
  nested: byLines((lines, a, b) => lines.map((line) => ' '.repeat(a % 8).concat(line)).concat(lines.slice(b % 9))),
  repeat: (text, a) => text.repeat(1 + (a % 40)),
};

const mutated = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.array(
      fc.tuple(fc.constantFrom(...Object.values(changes)), fc.nat(99_999), fc.nat(99_999), fc.constantFrom(...samples)),
      { minLength: 1, maxLength: 5 },
    ),
  )
  .map(([text, steps]) =>
    steps.reduce((was, [change, a, b, other]) => change(was, a, b, other).slice(-tailBytes), text),
  );

void test('nothing that is made of last words brings the reader down', () => {
  fc.assert(fc.property(mutated, isSound), { numRuns: 2500 * effort });
});

void test('no random bytes bring the reader down', () => {
  const random = fc.uint8Array({ maxLength: 5000 }).map((all) => Buffer.from(all).toString());
  fc.assert(fc.property(random, isSound), { numRuns: 100 * effort });
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), isSound), { numRuns: 100 * effort });
});

void test('a program is read alike in whatever pieces its output comes', () => {
  const pieces = fc.array(fc.nat(9000), { minLength: 1, maxLength: 30 });
  const before = fc.constantFrom('', 'x', 'é'.repeat(40_000), 'a log\n'.repeat(20_000), '€'.repeat(21_845));
  fc.assert(
    fc.property(fc.constantFrom(...samples), before, pieces, (text, log, sizes) => {
      const all = Buffer.from(log + text);
      assert.deepEqual(readingOf(all, sizes), readingOf(all, [all.length]));
    }),
    { numRuns: 150 * effort },
  );
});

function readingOf(all: Buffer, sizes: readonly number[]): ReturnType<typeof readCrash> {
  using output = new AttemptOutput(join(directory, 'log'), bytes(0));
  for (let at = 0, turn = 0; at < all.length; turn += 1) {
    const size = 1 + (sizes[turn % sizes.length] ?? 0);
    output.write('stderr', all.subarray(at, at + size));
    at += size;
  }
  return readCrash(output.stderr.text(), output.stdout.text());
}

void test('a hundred megabytes without a line end cost no memory, and a crash behind them is read', () => {
  const [sample = ''] = deathsOf('python').map(({ text }) => text);
  const before = process.memoryUsage();
  using output = new AttemptOutput(join(directory, 'long'), bytes(1_000_000));
  const chunk = Buffer.alloc(65_536, 'x');
  for (let written = 0; written < 100 * 1024 * 1024; written += chunk.length) output.write('stderr', chunk);
  assert.equal(readCrash(output.stderr.text(), output.stdout.text()), null);
  output.write('stderr', Buffer.from(`\n${sample}`));
  assert.notEqual(readCrash(output.stderr.text(), output.stdout.text()), null);
  const now = process.memoryUsage();
  const grown = now.heapUsed + now.arrayBuffers - before.heapUsed - before.arrayBuffers;
  assert.ok(grown <= 64 * 1024 * 1024, `${Math.round(grown / 1024 / 1024)} MiB`);
});

/** 64 KiB of what begins something, in every language, over and over; and lines of 4000 characters that never end. */
const beginnings = [
  'Caused by: ',
  'Caused by: java.lang.Error: x\n\tat a.b(C.java:1)\n',
  'Exception in thread "main" a.B: c\n',
  'Traceback (most recent call last):\n',
  '  File "x", line 1, in y\n',
  '  + Exception Group Traceback (most recent call last):\n  | E: x\n  +-+---------------- 1 ----------------\n',
  '    | Traceback (most recent call last):\n',
  'E: x\n\nDuring handling of the above exception, another exception occurred:\n\n',
  'Fatal Python error: x\n\nCurrent thread 0x7f (most recent call first):\n',
  'goroutine 1 [running]:\n',
  'panic: x\n\ngoroutine 1 [running]:\n',
  "thread 'main' panicked at a.rs:1:1:\n",
  "a.rb:1:in `b': c (E)\n",
  "\t7: from a.rb:1:in `b'\n",
  'Error: x\n    at a (b:1:1) {\n  [cause]: ',
  'PHP Fatal error:  Uncaught E: x in a:1\nStack trace:\n#0 a(1): b()\n',
  'bad row at load.pl line 3.\n',
  '\tmain::load(7) called at load.pl line 3\n',
  'Unhandled exception. A: b\n ---> C: d\n',
  '** (E) x\n    a.ex:1: B.c/1\n',
  '==1==ERROR: AddressSanitizer: x\n    #0 0x1 in a b.c:1\n',
  '==1== Process terminating with default action of signal 11 (SIGSEGV)\n',
  "terminate called after throwing an instance of 'E'\n",
  'load.sh: line 3: ',
  'load-1  | ',
  '2026-11-24T01:02:03Z ',
  '[main] ',
  '\u001b]',
  '\u001b[',
  '\r',
];
const endless = [' ', '"', '(', ')', "'", 'a.', '::', ': ', '/', ' at ', '[', '<', '|', '{', '\t', '1:', '`'];
const farewells = ['', '\n\nNode.js v26.10.0\n', '\nE: x\n'];

/** What 64 KiB may take: 200 ms for a megabyte. */
const maxMs = 200 / 16;

void test('64 KiB of what is worst for each language are read at 200 ms for a megabyte', () => {
  const texts = [
    ...beginnings.map((part) => part.repeat(Math.ceil(tailBytes / part.length))),
    ...beginnings.flatMap((part) =>
      endless.map((fill) => `${part.slice(0, 60)}${fill.repeat(4000)}`.slice(0, 4000).concat('\n').repeat(17)),
    ),
  ];
  for (const text of texts)
    for (const farewell of farewells) {
      const whole = text.slice(-tailBytes) + farewell;
      const took = leastMs(() => readCrash(whole, ''));
      assert.ok(took <= maxMs, `${took.toFixed(1)} ms for ${JSON.stringify(text.slice(0, 80))}`);
    }
});

/** Lines that differ in their words alone cost alike. */
const shapeOf = (line: string): string =>
  line
    .replaceAll(/\d+/g, '7')
    .replaceAll(/[a-z]+/g, 'a')
    .replaceAll(/[A-Z]+/g, 'A');

void test('64 KiB of any line of last words are read at 200 ms for a megabyte', () => {
  const shapes = new Map(samples.flatMap((text) => text.split('\n').map((line) => [shapeOf(line), line] as const)));
  for (const line of shapes.values())
    for (const part of [`${line}\n`, line].filter((text) => text.trim() !== '')) {
      const whole = part.repeat(Math.ceil(tailBytes / part.length)).slice(-tailBytes);
      const took = leastMs(() => readCrash(whole, ''));
      assert.ok(took <= maxMs, `${took.toFixed(1)} ms for ${JSON.stringify(part.slice(0, 80))}`);
    }
});

/** Of the processor, and the least of some: the machine may be busy with others. */
function leastMs(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 8 && least > maxMs; turn += 1) {
    const start = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
