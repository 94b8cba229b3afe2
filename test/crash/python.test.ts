import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CrashReading } from '../../src/crash/exception.ts';
import { readCrash, titleOf } from '../../src/crash/read.ts';
import { findInterpreter, type LastWords, runProgram } from './programs.ts';

const { path: python, skip } = findInterpreter('/usr/bin/python3', 'python3');
const crash = (source: string): LastWords => runProgram([python], 'load.py', source);

/** What the reader makes of a real death. Fails the test where it sees none. */
function readDeath(source: string): { readonly reading: CrashReading; readonly words: LastWords } {
  const words = crash(source);
  assert.notEqual(words.status, 0);
  const reading = readCrash(words.stderr, words.stdout);
  assert.ok(reading, `nothing was read from\n${words.stderr}`);
  return { reading, words };
}

const titlesOf = ({ exceptions }: CrashReading): string[] =>
  exceptions.map(({ module, type, value }) => `${module === undefined ? '' : `${module} `}${type}: ${value}`);

void test('an uncaught Python exception is read with its frames, oldest first', { skip }, () => {
  const { reading, words } = readDeath('def load(row):\n    raise ValueError("bad row")\n\nload(7)\n');
  const file = `${words.directory}load.py`;
  assert.equal(reading.platform, 'python');
  assert.deepEqual(reading.exceptions, [
    {
      type: 'ValueError',
      value: 'bad row',
      frames: [
        { function: '<module>', file, line: 4, column: null, source: 'load(7)', inApp: true },
        { function: 'load', file, line: 2, column: null, source: 'raise ValueError("bad row")', inApp: true },
      ],
    },
  ]);
  assert.equal(titleOf(reading), 'ValueError: bad row');
});

void test('a frame in Python’s own library is told from one in the job', { skip }, () => {
  const { reading, words } = readDeath('import json\njson.loads("{")\n');
  const frames = reading.exceptions[0].frames;
  assert.deepEqual([reading.exceptions[0].module, reading.exceptions[0].type], ['json.decoder', 'JSONDecodeError']);
  assert.deepEqual(
    frames.map(({ inApp }) => inApp),
    [true, ...frames.slice(1).map(() => false)],
  );
  assert.ok(frames.length >= 3 && frames[0]?.file === `${words.directory}load.py`);
});

const chains: readonly (readonly [what: string, source: string, titles: readonly string[]])[] = [
  [
    'raised from another',
    'try:\n  1/0\nexcept Exception as e:\n  raise KeyError("k") from e\n',
    ['ZeroDivisionError: division by zero', "KeyError: 'k'"],
  ],
  [
    'raised while another was handled',
    'try:\n  1/0\nexcept Exception:\n  {}["k"]\n',
    ['ZeroDivisionError: division by zero', "KeyError: 'k'"],
  ],
  [
    'in a chain of three',
    'try:\n  try:\n    1/0\n  except Exception:\n    {}["k"]\nexcept Exception as e:\n  raise OSError(2, "no") from e\n',
    ['ZeroDivisionError: division by zero', "KeyError: 'k'", 'FileNotFoundError: [Errno 2] no'],
  ],
  ['without a message', 'raise RuntimeError\n', ['RuntimeError: ']],
  [
    'of a module of its own',
    'class Bad(Exception):\n  __module__ = "my.mod"\nraise Bad("a: b")\n',
    ['my.mod Bad: a: b'],
  ],
  ['of a module that is missing', 'import nosuch\n', ["ModuleNotFoundError: No module named 'nosuch'"]],
  ['of a recursion without end', 'def f(): f()\nf()\n', ['RecursionError: maximum recursion depth exceeded']],
  ['with a note', 'e = ValueError("x")\ne.add_note("hello")\nraise e\n', ['ValueError: x\nhello']],
  ['of a grammar that is none', 'def f(:\n', ['SyntaxError: invalid syntax']],
  [
    'of an indentation that is none',
    'def f():\nx\n',
    ['IndentationError: expected an indented block after function definition on line 1'],
  ],
  ['of several lines', 'raise ValueError("a\\nb\\nc")\n', ['ValueError: a\nb\nc']],
  ['of a class in a function', 'def f():\n  class E(Exception): pass\n  raise E("x")\nf()\n', ['f.<locals>.E: x']],
  [
    'of a group',
    'raise ExceptionGroup("g", [ValueError(1), KeyError(2)])\n',
    ['KeyError: 2', 'ValueError: 1', 'ExceptionGroup: g'],
  ],
  ['with letters of all kinds', 'raise ValueError("Größe \\U0001F4A5")\n', ['ValueError: Größe \u{1F4A5}']],
];

for (const [what, source, titles] of chains)
  void test(`a Python exception ${what} is read`, { skip }, () =>
    assert.deepEqual(titlesOf(readDeath(source).reading), titles),
  );

void test('what was printed around a Python exception does not hide it', { skip }, () => {
  const { stderr } = crash('import sys\nprint("before", file=sys.stderr)\nraise ValueError("x")\n');
  const noise = (lines: number): string => Array.from({ length: lines }, (_, index) => `line ${index}\n`).join('');
  for (const [text, stdout] of [
    [noise(500) + stderr, ''],
    [stderr + noise(5), ''],
    [stderr.replaceAll('\n', '\r\n'), ''],
    [stderr.replaceAll(/^(.*)$/gm, '\u001b[31m$1\u001b[0m'), ''],
    ['', noise(3) + stderr],
    [noise(30), stderr],
  ] as const)
    assert.equal(readCrash(text, stdout)?.exceptions[0].type, 'ValueError');
});

void test('an exception that a program logged, handled and went on from is none', { skip }, () => {
  const words = crash(`
import sys, traceback
try: 1/0
except Exception: traceback.print_exc()
for n in range(20): print("ordinary line", n, file=sys.stderr)
sys.exit(3)
`);
  assert.equal(words.status, 3);
  assert.match(words.stderr, /^Traceback/);
  assert.equal(readCrash(words.stderr, words.stdout), null);
});

void test('a program that only exits has no exception', { skip }, () => {
  for (const source of ['import sys\nsys.exit("bad")\n', 'import sys\nsys.exit(1)\n', 'print("Error: x")\nexit(2)\n']) {
    const words = crash(source);
    assert.equal(readCrash(words.stderr, words.stdout), null);
  }
});
