import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { groupOf } from '../../src/crash/grouping.ts';
import { readCrash } from '../../src/crash/read.ts';
import { crashOf, jobOf } from './crashes.ts';

const corpus = join(import.meta.dirname, '../corpus');

const deaths = readdirSync(corpus, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'ordinary')
  .flatMap(({ name: language }) =>
    readdirSync(join(corpus, language))
      .filter((file) => file.endsWith('.txt'))
      .map((file) => ({
        name: `${language}/${file.slice(0, -'.txt'.length)}`,
        text: readFileSync(join(corpus, language, file), 'utf8'),
      })),
  )
  .filter(({ text }) => readCrash(text, '') !== null);

/** The group of what was printed in one run of a job. */
function groupIn(run: string, text: string): string {
  const workdir = `/var/lib/booty/jobs/${run}/work`;
  const printed = text.replaceAll('/srv/job/', `${workdir}/`);
  const lastLine = printed.trim().split('\n').at(-1) ?? null;
  return groupOf(crashOf({ job: jobOf(run), workdir, step: 'main', reading: readCrash(printed, ''), lastLine }));
}

/** The same death at another time: other addresses, other process ids, another clock. */
const later = (text: string): string =>
  text
    .replace(/\b0x[0-9a-f]{6,16}\b/g, (address) => `0x${'7fa3b5c1d9e2f4a6'.slice(0, address.length - 2)}`)
    .replace(/==\d+==/g, '==424242==')
    .replace(/\b(pid[ =:])\d+/g, '$1424242')
    .replace(/\b20\d\d([-/])\d\d\1\d\d([T ])\d\d:\d\d:\d\d/g, '2031$101$102$203:04:05');

void test('one bug in two runs is one group, whatever the language', () => {
  assert.ok(deaths.length > 600, String(deaths.length));
  const apart = deaths.filter(({ text }) => groupIn('run-1', text) !== groupIn('another-run-2', later(text)));
  assert.deepEqual(
    apart.map(({ name }) => name),
    [],
  );
});

/** How one program died under several versions, settings and compilers: the same bug. */
const variant =
  /\.(?:go|rust)[\d.]+$|\.(?:bash[\d.]+|zsh[\d.]+|busybox|dash)$|\.(?:gcc|clang)\d+(?:-libcxx)?$|-(?:shown|both|stamped|arguments|path|full|backtrace|system|all)\b|(?<=\/)(?:node\d+|python[\d.]+|jdk\d+|limited|terminal)-/g;

/** Programs that have a bug in common, as far as their last words go. */
const alike: readonly (readonly string[])[] = [
  // The same program, started in another way.
  ['go/go-run', 'go/index', 'go/index-crash', 'go/index-trimmed'],
  ['java/caused-by', 'java/no-debug-info'],
  ['java/plain', 'java/source-file'],
  ['rust/index', 'rust/index-abort', 'rust/index-stripped'],
  ['native/asan-uncaught', 'native/uncaught', 'native/valgrind-uncaught'],
  ['native/asan-null-pointer', 'native/valgrind-null-pointer'],
  ['native/tsan-data-race', 'native/tsan-halt'],
  ['csharp/dotnet-no-assembly', 'csharp/mono-file'],
  ['csharp/mono-bare', 'csharp/mono-nested'],
  ['ruby/rake-rows', 'ruby/rake-trace-rows'],
  ['shell/command-not-found', 'shell/sourced'],
  // A text that was thrown at the top level: it has no stack.
  ['node/rejected_string-mjs', 'node/thrown_string-mjs'],
];

void test('two bugs are two groups', () => {
  const groups = Map.groupBy(deaths, ({ text }) => groupIn('run-1', text));
  const together = [...groups.values()].map((members) => [
    ...new Set(members.map(({ name }) => name.replace(variant, ''))),
  ]);
  const unexpected = together.filter(
    (names) => names.length > 1 && !alike.some((known) => names.every((name) => known.includes(name))),
  );
  assert.deepEqual(unexpected, []);
});
