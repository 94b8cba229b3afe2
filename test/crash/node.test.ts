import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CrashReading, Frame } from '../../src/crash/exception.ts';
import { readCrash, titleOf } from '../../src/crash/read.ts';
import { type LastWords, runProgram } from './programs.ts';

const crash = (source: string, fileName = 'load.mjs'): LastWords => runProgram([process.execPath], fileName, source);

function readDeath(source: string, fileName?: string): { readonly reading: CrashReading; readonly words: LastWords } {
  const words = crash(source, fileName);
  assert.notEqual(words.status, 0);
  const reading = readCrash(words.stderr, words.stdout);
  assert.ok(reading, `nothing was read from\n${words.stderr}`);
  return { reading, words };
}

/** The frames that name the program's own file. */
const ownFrames = ({ exceptions }: CrashReading): readonly Frame[] =>
  exceptions[0].frames.filter(({ file }) => file?.includes('load.'));

const bad = 'function load() {\n  throw new TypeError("bad row");\n}\nload();\n';

for (const fileName of ['load.mjs', 'load.cjs']) {
  void test(`an uncaught error in ${fileName} is read with its frames, oldest first`, () => {
    const { reading, words } = readDeath(bad, fileName);
    const file = words.directory + fileName;
    const frame = { file, source: 'throw new TypeError("bad row");', inApp: true };
    assert.equal(reading.platform, 'node');
    assert.equal(titleOf(reading), 'TypeError: bad row');
    const [outer, inner] = ownFrames(reading);
    assert.deepEqual([outer?.line, outer?.file, outer?.inApp], [4, file, true]);
    assert.deepEqual(inner, { ...frame, function: 'load', line: 2, column: 9 });
    assert.deepEqual(reading.exceptions[0].frames.at(-1), inner);
  });
}

const errors: readonly (readonly [what: string, source: string, ...titles: string[]])[] = [
  ['with a message of several lines', 'throw new Error("a\\nb\\nc")', 'Error: a\nb\nc'],
  ['with a blank line in its message', 'throw new Error("a\\n\\nb")', 'Error: a\n\nb'],
  ['with a cause', 'throw new Error("a", { cause: new Error("b") })', 'Error: b', 'Error: a'],
  ['with properties', 'throw Object.assign(new Error("a"), { code: "X", more: { b: [1] } })', 'Error: a'],
  [
    'with a code',
    'import fs from "node:fs"; fs.readFileSync("/nope")',
    "Error: ENOENT: no such file or directory, open '/nope'",
  ],
  ['of a class of its own', 'class Bad extends Error { name = "Bad" }\nthrow new Bad("z")', 'Bad: z'],
  ['without a message', 'throw new RangeError()', 'RangeError: '],
  ['in a promise', 'Promise.reject(new RangeError("r"))', 'RangeError: r'],
  ['in an async function', 'async function f() { await 1; throw new Error("z") }\nawait f()', 'Error: z'],
  ['of several', 'throw new AggregateError([new Error("a")], "all")', 'Error: a', 'AggregateError: all'],
  [
    'with a cause that nobody listened for',
    'import { EventEmitter } from "node:events"; new EventEmitter().emit("error", new Error("a", { cause: new Error("b") }))',
    'Error: b',
    'Error: a',
  ],
  ['of its grammar', 'function (', 'SyntaxError: Function statements require a function name'],
];

for (const [what, source, ...titles] of errors) {
  void test(`a Node error ${what} is read`, () => {
    const { exceptions } = readDeath(source).reading;
    assert.deepEqual(
      exceptions.map(({ type, value }) => `${type}: ${value}`),
      titles,
    );
    for (const { frames } of exceptions) assert.ok(frames.length > 0);
  });
}

const values: readonly (readonly [what: string, source: string, title: string])[] = [
  ['a string that was thrown', 'throw "bad"', 'Error: bad'],
  ['an object that was thrown', 'throw { a: 1 }', 'Error: { a: 1 }'],
  ['nothing that was thrown', 'throw null', 'Error: null'],
];

for (const [what, source, title] of values)
  void test(`${what} is told from a program that only exits`, () =>
    assert.equal(titleOf(readDeath(source).reading), title));

void test('an error without a stack is read', () => {
  const { reading } = readDeath('Error.stackTraceLimit = 0; throw new Error("x")');
  assert.equal(titleOf(reading), 'Error: x');
});

void test('a frame of Node’s own is told from one of the job', () => {
  const { reading, words } = readDeath('async function f() { await 1; throw new Error("z") }\nawait f()');
  const { frames } = reading.exceptions[0];
  assert.deepEqual(
    frames.map(({ file }) => file),
    [`${words.directory}load.mjs`, `${words.directory}load.mjs`],
  );
  for (const { file, inApp } of readDeath(bad).reading.exceptions[0].frames) {
    assert.doesNotMatch(file ?? '', /^async /);
    assert.equal(inApp, !file?.startsWith('node:'), `${file}`);
  }
});

void test('a program that only prints an error, and exits, has none', () => {
  for (const source of [
    'console.error(new Error("x").stack); process.exit(1)',
    'process.exitCode = 1; console.log("Node.js v26.0.0")',
  ]) {
    const words = crash(source);
    assert.equal(words.status, 1);
    assert.equal(readCrash(words.stderr, words.stdout), null);
  }
});

void test('what was printed around a Node error does not hide it', () => {
  const { stderr } = crash(bad);
  for (const text of [
    `before\n`.repeat(300) + stderr,
    `${stderr}after\n`,
    stderr.replaceAll('\n', '\r\n'),
    `\u001b[31m${stderr}\u001b[0m`,
  ])
    assert.equal(readCrash(text, '')?.exceptions[0].value, 'bad row');
  assert.equal(readCrash('', stderr)?.exceptions[0].value, 'bad row');
  assert.equal(readCrash(stderr + 'an ordinary line\n'.repeat(20), ''), null);
});
