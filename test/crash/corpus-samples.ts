import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { CrashReading } from '../../src/crash/exception.ts';
import { readCrash } from '../../src/crash/read.ts';

const corpus = new URL('../corpus/', import.meta.url);

interface Sample {
  readonly name: string;
  readonly text: string;
  readonly expected: CrashReading;
}

const textsOf = (directory: URL, prefix: string): readonly string[] =>
  readdirSync(directory).filter((name) => name.startsWith(prefix) && name.endsWith('.txt'));

/** What programs of the language really printed, each with what is to be read from it. */
function samplesOf(language: string): readonly Sample[] {
  const directory = new URL(`${language}/`, corpus);
  return textsOf(directory, '').map((file) => {
    const expectation = new URL(file.replace(/\.txt$/, '.json'), directory);
    assert.ok(existsSync(expectation), `${expectation.pathname} is missing`);
    return {
      name: file.replace(/\.txt$/, ''),
      text: readFileSync(new URL(file, directory), 'utf8'),
      expected: JSON.parse(readFileSync(expectation, 'utf8')),
    };
  });
}

const logLines = (count: number, what: string): string =>
  Array.from({ length: count }, (_, index) => `${what} ${index}: 7 rows, 0 errors\n`).join('');

interface Table {
  readonly language: string;
  /** Whether a sample is a crash even where the program's other lines follow. */
  readonly isSure: (name: string) => boolean;
}

/** Runs the whole table of one language: as printed, with all kinds of noise, cut and broken. */
export function testSamples({ language, isSure }: Table): void {
  const samples = samplesOf(language);
  for (const { name, text, expected } of samples) {
    void test(`${language}: ${name} is read`, () => {
      assert.deepEqual(readCrash(text, ''), expected);
      assert.deepEqual(readCrash('', text), expected);
    });
    void test(`${language}: ${name} is read with noise around it`, () => {
      assert.deepEqual(readCrash(logLines(50, 'loaded') + text, ''), expected);
      assert.deepEqual(readCrash(text.replaceAll('\n', '\r\n'), ''), expected);
      assert.deepEqual(readCrash(text.replaceAll(/^(.+)$/gm, '\u001b[1;31m$1\u001b[0m'), ''), expected);
      const ended = text.endsWith('\n') ? text : `${text}\n`;
      for (const following of [1, 8, 10])
        assert.deepEqual(readCrash(ended + logLines(following, 'cleaning up'), ''), isSure(name) ? expected : null);
      assert.equal(readCrash(ended + logLines(13, 'went on'), ''), null);
    });
  }
  void test(`${language}: no broken output brings the reader down or keeps it busy`, () => breakThem(samples));
}

/** Ordinary output of that language's programs. */
export function testOrdinary(language: string): void {
  const directory = new URL('ordinary/', corpus);
  for (const file of textsOf(directory, `${language}-`))
    void test(`${language}: ${file} is no crash`, () => {
      const text = readFileSync(new URL(file, directory), 'utf8');
      assert.equal(readCrash(text, ''), null);
      assert.equal(readCrash('', text), null);
    });
}

const tailBytes = 64 * 1024;
const maxMs = 50;

type Mutation = (lines: readonly string[], at: number, other: number, piece: string) => readonly string[];

const mutations: readonly Mutation[] = [
  (lines, at) => lines.slice(at),
  (lines, at) => lines.slice(0, at),
  (lines, at, other) => [...lines.slice(0, at), ...lines.slice(Math.min(at, other)), ...lines.slice(0, other)],
  (lines, at, other) => lines.toSpliced(at, 1).toSpliced(other, 0, lines[at] ?? ''),
  (lines, at, other, piece) => lines.with(at, insert(lines[at] ?? '', other, piece)),
  (lines, at, other) => lines.with(at, (lines[at] ?? '').slice(other)),
  (lines, at) => lines.with(at, (lines[at] ?? '').repeat(30)),
];

const insert = (line: string, at: number, piece: string): string => line.slice(0, at) + piece + line.slice(at);

function breakThem(samples: readonly Sample[]): void {
  const step = fc.tuple(fc.nat(mutations.length - 1), fc.nat(60), fc.nat(60), fc.string({ maxLength: 8 }));
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(step, { maxLength: 6 }), ({ text }, steps) => {
      let lines: readonly string[] = text.split('\n');
      for (const [kind, at, other, piece] of steps) {
        const last = Math.max(0, lines.length - 1);
        if (lines.length > 0) lines = mutations[kind]?.(lines, Math.min(at, last), Math.min(other, last), piece) ?? [];
      }
      const broken = lines.join('\n').slice(-tailBytes);
      assert.doesNotThrow(() => readCrash(broken, broken));
    }),
    { numRuns: 400 },
  );
  for (const { name, text } of samples)
    for (const whole of [`${text}\n`, text.replaceAll('\n', ''), ...text.split('\n').map((line) => `${line}\n`)]) {
      if (whole.length < 2) continue;
      const much = whole.repeat(Math.ceil(tailBytes / whole.length)).slice(-tailBytes);
      const tookMs = Math.min(...Array.from({ length: 3 }, () => timeOf(much)));
      assert.ok(
        tookMs < maxMs,
        `${Math.round(tookMs)} ms for 64 KiB of ${name}: ${JSON.stringify(whole.slice(0, 80))}`,
      );
    }
}

/** The best of a few is taken: the machine may do other things meanwhile. */
function timeOf(text: string): number {
  const started = performance.now();
  readCrash(text, '');
  return performance.now() - started;
}
