import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readCrash } from '../../src/crash/read.ts';
import { readNode } from '../../src/crash/readers/node.ts';
import { readPython } from '../../src/crash/readers/python.ts';
import { deathsOf, ordinaryOf } from './corpus.ts';

const log = (lines: number): string =>
  Array.from({ length: lines }, (_, row) => `2026-11-24 02:00:${10 + (row % 50)} INFO row ${row}: fine\n`).join('');

const surroundings: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'after fifty lines of a log': (text) => log(50) + text,
  'before ten lines of a log': (text) => text + log(10),
  'with Windows line ends': (text) => text.replaceAll('\n', '\r\n'),
  'in colours': (text) => text.replaceAll(/^(.+)$/gm, '\u001b[1;31m$1\u001b[0m'),
  'without a line end': (text) => text.replace(/\n$/, ''),
};

for (const language of ['python', 'node']) {
  const deaths = deathsOf(language);

  for (const [how, put] of Object.entries(surroundings))
    void test(`deaths of ${language} programs are read ${how}`, () => {
      for (const { name, text, reading } of deaths) assert.deepEqual(readCrash(put(text), ''), reading, name);
    });

  void test(`a death of a ${language} program is read after that of another, and not any more after twenty lines`, () => {
    for (const { name, text, reading } of deaths) {
      if (!reading) continue;
      assert.deepEqual(readCrash(`${deaths[0]?.text}${log(1)}${text}`, ''), reading, name);
      assert.equal(readCrash(text + log(20), ''), null, name);
    }
  });

  void test(`a death of a ${language} program whose beginning was cut off is read, or is none`, () => {
    for (const { text, name } of deaths) {
      const lines = text.split('\n');
      for (let cut = 1; cut < lines.length; cut += 1) {
        const last = readCrash(lines.slice(cut).join('\n'), '')?.exceptions.at(-1);
        assert.ok(last === undefined || last.type !== '', name);
      }
    }
  });

  void test(`ordinary output of ${language} programs is no death`, () => {
    const ordinary = ordinaryOf(language);
    assert.ok(ordinary.length >= 25, `only ${ordinary.length}`);
    for (const [name, text] of ordinary)
      for (const put of [(own: string) => own, (own: string) => log(50) + own + log(10)])
        assert.equal(readCrash(put(text), ''), null, name);
  });

  void test(`whatever is done to the last words of a ${language} program, they are read at once or not at all`, () => {
    const words = deaths.flatMap(({ text }) => text.split('\n'));
    const change = fc.oneof(
      fc.constantFrom(...deaths.map(({ text }) => text.split('\n'))),
      fc.array(fc.constantFrom(...words), { maxLength: 60 }),
      fc.array(fc.string({ maxLength: 40 }), { maxLength: 5 }),
    );
    const read = language === 'python' ? readPython : readNode;
    const mutated = fc.array(change, { minLength: 1, maxLength: 6 }).map((parts) => parts.flat());
    fc.assert(
      fc.property(mutated, fc.nat(), fc.nat(), (lines, from, length) => {
        const begin = from % (lines.length + 1);
        const found = read(lines.slice(begin, begin + 1 + (length % (lines.length + 1))));
        assert.ok(found === null || found.end <= lines.length);
        assert.ok((found?.reading.exceptions.length ?? 0) <= 50);
      }),
      { numRuns: 1000 },
    );
  });

  void test(`64 KiB made of the lines of a ${language} program’s death are read in 50 ms`, () => {
    const words = [...new Set(deaths.flatMap(({ text }) => text.split('\n')))];
    const read = language === 'python' ? readPython : readNode;
    const farewell = ['', 'Node.js v26.10.0'];
    for (const word of words) {
      const lines = Array.from({ length: Math.floor(65_536 / (word.length + 1)) }, () => word);
      const [death = []] = deaths.map(({ text }) => text.split('\n'));
      for (const all of [lines, [...death, ...lines], [...lines, ...death]]) {
        // The machine may be busy with something else: what counts is what it can do.
        let tookMs = Number.POSITIVE_INFINITY;
        for (let tries = 0; tries < 10 && tookMs >= 50; tries += 1) {
          const started = performance.now();
          read([...all, ...farewell]);
          tookMs = Math.min(tookMs, performance.now() - started);
        }
        assert.ok(tookMs < 50, `${Math.round(tookMs)} ms for ${JSON.stringify(word)}`);
      }
    }
  });
}
