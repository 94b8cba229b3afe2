import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { CrashReader, CrashReading } from '../../src/crash/exception.ts';
import { readCrash, titleOf } from '../../src/crash/read.ts';

const corpus = new URL('../corpus/', import.meta.url);

export interface Sample {
  readonly name: string;
  readonly text: string;
  readonly expected: CrashReading;
}

/** The last words that are kept of a language, and what is to be read from them. */
export function samplesOf(language: string): readonly Sample[] {
  const folder = new URL(`${language}/`, corpus);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const name = file.slice(0, -'.json'.length);
      const text = readFileSync(new URL(`${name}.txt`, folder), 'utf8');
      return { name, text, expected: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as CrashReading };
    });
}

/** Pieces of ordinary output, by file name. */
const ordinaryOf = (language: string): readonly (readonly [name: string, text: string])[] =>
  readdirSync(new URL('ordinary/', corpus))
    .filter((file) => file.startsWith(`${language}-`))
    .map((file) => [file, readFileSync(new URL(`ordinary/${file}`, corpus), 'utf8')]);

const before = Array.from({ length: 50 }, (_, n) => `12:00:${n % 60} INFO  loaded row ${n}, error rate 0.0%\n`).join(
  '',
);
const after = ['Aborted (core dumped)', '', ...Array.from({ length: 9 }, (_, n) => `cleaning up ${n}`), ''].join('\n');

const coloured = (text: string): string => text.replaceAll(/^(\s*)(\S.*)$/gm, '$1\u001B[31m$2\u001B[0m');

/** Tests that every sample of the language is read as it should be, whatever stands around it. */
export function testSamples(language: string): void {
  for (const { name, text, expected } of samplesOf(language)) {
    const reads = (printed: string): void => assert.deepEqual(readCrash(printed, ''), expected);
    void test(`${language}/${name} is read in full`, () => {
      reads(text);
      assert.deepEqual(readCrash('', text), expected);
    });
    void test(`${language}/${name} is read among log lines, in colour, with CRLF`, () => {
      reads(before + text);
      reads(text.replace(/\n*$/, '\n') + after);
      reads(before + text.replace(/\n*$/, '\n') + after);
      reads(text.replaceAll(/\r?\n/g, '\r\n'));
      reads(coloured(text));
    });
  }
}

/** Tests that none of the language's ordinary output is taken for a crash. */
export function testOrdinary(language: string): void {
  for (const [name, text] of ordinaryOf(language)) {
    void test(`ordinary output is no crash: ${name}`, () => assert.equal(readCrash(text, text), null));
  }
}

const mutations = ['cut', 'duplicate', 'shuffle', 'insert', 'remove'] as const;

function mutate(text: string, how: (typeof mutations)[number], a: number, b: number, bytes: string): string {
  const lines = text.split('\n');
  const at = a % Math.max(1, lines.length);
  const other = b % Math.max(1, lines.length);
  if (how === 'cut') return text.slice(a % (text.length + 1)).slice(0, b);
  if (how === 'duplicate') lines.splice(at, 0, ...lines.slice(other, other + 5));
  if (how === 'shuffle') [lines[at], lines[other]] = [lines[other] ?? '', lines[at] ?? ''];
  if (how === 'remove') lines.splice(at, 1);
  if (how !== 'insert') return lines.join('\n');
  const place = b % (text.length + 1);
  return text.slice(0, place) + bytes + text.slice(place);
}

/** Tests that damaged last words neither fail nor take long. */
export function testDamage(language: string, readers: readonly CrashReader[]): void {
  const texts = samplesOf(language).map(({ text }) => text);
  const step = fc.tuple(fc.constantFrom(...mutations), fc.nat(70_000), fc.nat(70_000), fc.string({ unit: 'binary' }));
  void test(`damaged last words of ${language} fail nothing`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(step, { minLength: 1, maxLength: 8 }), (text, steps) => {
        const damaged = steps.reduce((was, [how, a, b, bytes]) => mutate(was, how, a, b, bytes), text);
        const reading = readCrash(damaged, damaged);
        if (!reading) return;
        assert.equal(typeof titleOf(reading), 'string');
        for (const { type, frames } of reading.exceptions) {
          assert.ok(type.length > 0);
          for (const { line } of frames) assert.ok(line === null || line >= 0);
        }
      }),
      { numRuns: 500 },
    );
  });
  void test(`64 KiB of any kind of ${language} line are read in less than 50 ms`, () => {
    for (const text of new Set(texts)) {
      const own = [...new Set(text.split('\n').slice(0, 40))];
      for (const line of own)
        takesLittle(`${own[0] ?? ''}\n${`${line}\n`.repeat(65_536 / (line.length + 1))}`, readers);
    }
  });
  void test(`long lines that begin as ${language} does and go on as nothing does are read in less than 50 ms`, () => {
    const beginnings = new Set(texts.flatMap((text) => text.split('\n', 12).map((line) => line.slice(0, 30))));
    for (const text of texts.slice(0, 3)) {
      for (const unit of ['a', 'a.', 'a/', '(', '" ', ': ', ' ---> a: ', '[', '<', '{,', ' ', '1:', ') ']) {
        const lines = [...beginnings].map((beginning) => (beginning + unit.repeat(4000)).slice(0, 4000));
        takesLittle([text.split('\n', 1)[0] ?? '', ...lines].join('\n'), readers);
      }
    }
  });
}

function takesLittle(text: string, readers: readonly CrashReader[]): void {
  const lines = text.slice(0, 65_536).split('\n');
  const time = (): number => {
    const start = process.threadCpuUsage();
    for (const read of readers) read(lines);
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / 1000;
  };
  // The time of the processor, and the least of three: the machine may be busy.
  const first = time();
  const took = first < 50 ? first : Math.min(time(), time());
  assert.ok(took < 50, `${took} ms for ${lines[1]}`);
}
