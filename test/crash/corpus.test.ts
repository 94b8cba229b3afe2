import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCrash } from '../../src/crash/read.ts';
import { deathsOf, languages, ordinaryOf } from './corpus.ts';

/*
 * The last words that are kept are those of real programs: test/corpus/make-LANGUAGE.sh made them. The expectation beside
 * each says all that is to be read from it.
 */

const log = (lines: number): string =>
  Array.from({ length: lines }, (_, row) => `2026-11-24 02:00:${10 + (row % 50)} INFO row ${row}: fine\n`).join('');
const ended = (text: string): string => text.replace(/\n*$/, '\n');

const surroundings: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'after fifty lines of a log': (text) => log(50) + text,
  'with Windows line ends': (text) => text.replaceAll(/\r?\n/g, '\r\n'),
  'in colours': (text) => text.replaceAll(/^(\s*)(\S.*)$/gm, '$1\u001b[1;31m$2\u001b[0m'),
  'without a line end': (text) => text.replace(/\n$/, ''),
};

/** A line without a stack may as well be a warning: such are a death only where nothing follows. All others always. */
const lastWords: Readonly<Record<string, RegExp>> = {
  go: /^(?:goexit|index-none)\./,
  rust: /^main-(?:boxed|io|enum|string)-error\./,
  native: /^ubsan-/,
  shell: /./,
  perl: /^(?!(?:confess|carp-always|croak-without-caller|syntax-error|undeclared|too-many-errors|moo-like|die-in-sort|module-|begin-block|version-too-old)(?!.*at-run))/,
};

void test('of each language at least ten ways to die are kept, Elixir’s and Erlang’s, bash’s and other shells’ apart', () => {
  assert.ok(languages.length >= 13, languages.join());
  const counted = languages.flatMap((language) => deathsOf(language).map(({ name }) => familyOf(language, name)));
  const counts = Object.entries(Object.groupBy(counted, (family) => family)).map(([family, all = []]) => [
    family,
    all.length,
  ]);
  assert.deepEqual(
    counts.filter(([, count]) => Number(count) < 10),
    [],
  );
});

function familyOf(language: string, name: string): string {
  if (language === 'elixir') return /^(?:erl|escript)-/.test(name) ? 'erlang' : 'elixir';
  return language === 'shell' && /bash/.test(name) ? 'bash' : language;
}

for (const language of languages) {
  const deaths = deathsOf(language);
  const first = deaths.find(({ reading }) => reading !== null);

  for (const [how, put] of Object.entries(surroundings))
    void test(`deaths of ${language} programs are read ${how}`, () => {
      for (const { name, text, reading } of deaths) {
        assert.deepEqual(readCrash(put(text), ''), reading, name);
        assert.deepEqual(readCrash('', put(text)), reading, `${name}, on stdout`);
      }
    });

  void test(`deaths of ${language} programs are read before ten lines of a log, and not before twenty`, () => {
    for (const { name, text, reading } of deaths) {
      const isLast = lastWords[language]?.test(name) === true;
      for (const lines of [1, 8, 10])
        assert.deepEqual(readCrash(ended(text) + log(lines), ''), isLast ? null : reading, `${name}, ${lines} lines`);
      for (const lines of [13, 20]) assert.equal(readCrash(ended(text) + log(lines), ''), null, name);
    }
  });

  void test(`deaths of ${language} programs are read after one that was survived`, () => {
    for (const { name, text, reading } of deaths)
      if (reading) assert.deepEqual(readCrash(ended(first?.text ?? '') + log(1) + text, ''), reading, name);
  });

  void test(`ordinary output of ${language} programs is no death`, () => {
    const ordinary = ordinaryOf(language);
    assert.ok(ordinary.length >= 25, `only ${ordinary.length}`);
    // That no line end follows is what tells that Perl died of an object.
    for (const [name, text] of ordinary)
      for (const [how, put] of Object.entries(surroundings))
        if (name !== 'perl-object-printed' || how !== 'without a line end')
          assert.equal(readCrash(put(text), put(text)), null, name);
  });
}
