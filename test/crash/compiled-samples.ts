import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { CrashReader, CrashReading } from '../../src/crash/exception.ts';
import { readCrash } from '../../src/crash/read.ts';

/*
 * The samples are the real last words of real programs: test/corpus/make-LANGUAGE.sh made them. The expectation beside
 * each says all that is read from it.
 */

interface Sample {
  readonly name: string;
  readonly text: string;
  readonly expected: CrashReading;
}

const corpus = new URL('../corpus/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, corpus), 'utf8');
const textsBelow = (directory: string): string[] =>
  readdirSync(new URL(directory, corpus)).filter((name) => name.endsWith('.txt'));

const samplesOf = (language: string): Sample[] =>
  textsBelow(language).map((file) => ({
    name: file.slice(0, -'.txt'.length),
    text: read(`${language}/${file}`),
    expected: JSON.parse(read(`${language}/${file.replace(/txt$/, 'json')}`)),
  }));

const noise = (lines: number): string =>
  Array.from({ length: lines }, (_, index) => `2026-11-24 02:00:${index} INFO row ${index}: fine\n`).join('');

const surroundings: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'after much else': (text) => noise(50) + text,
  'with Windows line ends': (text) => text.replaceAll('\n', '\r\n'),
  'in colours': (text) => text.replaceAll(/^(.+)$/gm, '\u001b[1;31m$1\u001b[0m'),
  'without a line end': (text) => text.trimEnd(),
};

const endLine = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

/** `lastWords`: those that tell of a crash only where nothing follows them. */
export function testSamples(language: string, readers: readonly CrashReader[], lastWords: RegExp): void {
  const samples = samplesOf(language);
  for (const { name, text, expected } of samples) {
    for (const [how, put] of Object.entries(surroundings))
      void test(`a death in ${language}, ${name}, is read ${how}`, () => {
        assert.deepEqual(readCrash(put(text), ''), expected);
        assert.deepEqual(readCrash('', put(text)), expected);
      });

    const isLast = lastWords.test(name);
    void test(`a death in ${language}, ${name}, is ${isLast ? 'not ' : ''}read before a few last lines`, () => {
      for (const lines of [1, 10])
        assert.deepEqual(readCrash(endLine(text) + noise(lines), ''), isLast ? null : expected);
    });

    void test(`a death in ${language}, ${name}, that was survived for twenty lines is none`, () =>
      assert.equal(readCrash(endLine(text) + noise(20), ''), null));
  }

  void test(`output of ${language} that was mangled brings nobody down, and is read quickly`, () =>
    testMangled(samples, readers));
}

/** What programs of that world print on ordinary days. */
export function testOrdinary(language: string, minimum: number): void {
  const files = textsBelow('ordinary').filter((name) => name.startsWith(`${language}-`));
  void test(`there is enough ordinary output of ${language}`, () =>
    assert.ok(files.length >= minimum, `${files.length}`));
  for (const file of files)
    void test(`ordinary output is no death: ${file}`, () => {
      const text = read(`ordinary/${file}`);
      for (const put of Object.values(surroundings)) assert.equal(readCrash(put(text), put(text)), null);
    });
}

type Change = (lines: readonly string[], random: number, text: string) => readonly string[];
const place = (lines: readonly string[], random: number): number => random % (lines.length + 1);
const changes: Readonly<Record<string, Change>> = {
  cutBefore: (lines, random) => lines.slice(place(lines, random)),
  cutAfter: (lines, random) => lines.slice(0, place(lines, random)),
  drop: (lines, random) => lines.toSpliced(place(lines, random), 1),
  double: (lines, random) => lines.flatMap((line, at) => (at === place(lines, random) ? [line, line] : [line])),
  move: (lines, random) => [...lines.slice(place(lines, random)), ...lines.slice(0, place(lines, random))],
  shuffle: (lines, random) => lines.toSorted((a, b) => ((a.length * random) % 97) - ((b.length * random) % 97)),
  insert: (lines, random, text) => lines.toSpliced(place(lines, random), 0, text),
  append: (lines, random, text) => lines.map((line, at) => (at === place(lines, random) ? line + text : line)),
  cutLine: (lines, random) => lines.map((line, at) => (at === place(lines, random) ? line.slice(random % 40) : line)),
};

const tail = 64 * 1024;
const maxMilliseconds = 50;

function testMangled(samples: readonly Sample[], readers: readonly CrashReader[]): void {
  const change = fc.record({
    kind: fc.constantFrom(...Object.values(changes)),
    random: fc.nat(10_000),
    text: fc.string({ unit: 'binary', maxLength: 20 }),
  });
  const mangled = fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 8 }), fc.boolean())
    .map(([{ text }, steps, repeated]) => {
      const changed = steps
        .reduce<readonly string[]>((lines, step) => step.kind(lines, step.random, step.text), text.split('\n'))
        .join('\n');
      return repeated && changed ? changed.repeat(Math.ceil(tail / changed.length)).slice(-tail) : changed;
    });
  fc.assert(
    fc.property(mangled, (text) => {
      readCrash(text, text);
      assert.ok(quickest(text, readers) < maxMilliseconds);
    }),
    { numRuns: 150, endOnFailure: true },
  );
  // What costs most is one line over and over, and a line without an end.
  const lines = new Set(samples.flatMap(({ text }) => text.split('\n')).filter((line) => line !== ''));
  for (const line of [...lines].slice(-120))
    for (const text of [`${line}\n`, line, line.slice(0, line.length / 2)].filter((part) => part.trim() !== '')) {
      const whole = text.repeat(Math.ceil(tail / text.length)).slice(0, tail);
      assert.ok(quickest(whole, readers) < maxMilliseconds, line);
    }
}

/** Of five, and no more than are needed: the machine may have been busy with others. */
function quickest(text: string, readers: readonly CrashReader[]): number {
  const lines = text.split(/\r?\n/).map((line) => line.slice(0, 4000));
  let best = Infinity;
  for (let round = 0; round < 5 && best >= maxMilliseconds; round += 1) {
    const start = performance.now();
    for (const reader of readers) reader(lines);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
