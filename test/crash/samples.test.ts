import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCrash } from '../../src/crash/read.ts';

/** As programs of several years printed it, for machines on which they are not installed. */
const python38 = `Traceback (most recent call last):
  File "/srv/load.py", line 12, in connect
    return socket.create_connection(address)
  File "/usr/lib/python3.8/socket.py", line 808, in create_connection
    raise err
ConnectionRefusedError: [Errno 111] Connection refused

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/load.py", line 30, in <module>
    main()
  File "/srv/vendor/site-packages/click/core.py", line 829, in __call__
    return self.main(*args, **kwargs)
  File "/srv/load.py", line 14, in main
    raise LoadError("no database") from None
shop.errors.LoadError: no database
`;

const python313 = `Traceback (most recent call last):
  File "/srv/load.py", line 4, in <module>
    load(rows[0])
    ~~~~^^^^^^^^^
  File "/srv/load.py", line 2, in load
    return int(row["price"])
               ~~~^^^^^^^^^
KeyError: 'price'
`;

const node20 = `/srv/load.cjs:2
  throw new TypeError('bad row');
  ^

TypeError: bad row
    at load (/srv/load.cjs:2:9)
    at Object.<anonymous> (/srv/load.cjs:4:1)
    at Module._compile (node:internal/modules/cjs/loader:1469:14)
    at /srv/node_modules/tsx/dist/index.cjs:3:7
    at node:internal/main/run_main_module:28:49 {
  code: 'E_ROW',
  [cause]: Error: no price
      at price (/srv/price.cjs:9:11)
}

Node.js v20.19.0
`;

interface Sample {
  readonly text: string;
  readonly titles: readonly string[];
  /** Of the last exception: `function file:line`, with a + where it is the job's own. */
  readonly frames: readonly string[];
}

const samples: Readonly<Record<string, Sample>> = {
  'Python 3.8, chained': {
    text: python38,
    titles: ['ConnectionRefusedError: [Errno 111] Connection refused', 'LoadError: no database'],
    frames: [
      '<module> /srv/load.py:30+',
      '__call__ /srv/vendor/site-packages/click/core.py:829',
      'main /srv/load.py:14+',
    ],
  },
  'Python 3.13': {
    text: python313,
    titles: ["KeyError: 'price'"],
    frames: ['<module> /srv/load.py:4+', 'load /srv/load.py:2+'],
  },
  'Node 20, with properties and a cause': {
    text: node20,
    titles: ['Error: no price', 'TypeError: bad row'],
    frames: [
      'null node:internal/main/run_main_module:28',
      'null /srv/node_modules/tsx/dist/index.cjs:3',
      'Module._compile node:internal/modules/cjs/loader:1469',
      'Object.? /srv/load.cjs:4+',
      'load /srv/load.cjs:2+',
    ],
  },
};

const noise = (lines: number): string =>
  Array.from({ length: lines }, (_, index) => `2026-11-24 02:00:${index} INFO row ${index}: fine\n`).join('');
const surroundings: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'after much else': (text) => noise(400) + text,
  'before a few last lines': (text) => text + noise(6),
  'with Windows line ends': (text) => text.replaceAll('\n', '\r\n'),
  'in colours': (text) => text.replaceAll(/^(.+)$/gm, '\u001b[1;31m$1\u001b[0m'),
  'without a line end': (text) => text.trimEnd(),
  'after another one that was handled': (text) => `${python313}${noise(30)}${text}`,
};

for (const [name, { text, titles, frames }] of Object.entries(samples)) {
  for (const [how, put] of Object.entries(surroundings)) {
    void test(`a death of ${name} is read ${how}`, () => {
      const exceptions = readCrash(put(text), '')?.exceptions ?? [];
      assert.deepEqual(
        exceptions.map(({ type, value }) => `${type}: ${value}`),
        titles,
      );
      const told = exceptions.at(-1)?.frames.map((at) => `${at.function} ${at.file}:${at.line}${at.inApp ? '+' : ''}`);
      assert.deepEqual(told, frames);
    });
  }

  void test(`a death of ${name} that was survived for twenty lines is none`, () => {
    assert.equal(readCrash(text + noise(20), ''), null);
  });
}

void test('lines of source are kept, underlines are not', () => {
  const frames = readCrash(python313, '')?.exceptions[0].frames ?? [];
  assert.deepEqual(
    frames.map(({ source }) => source),
    ['load(rows[0])', 'return int(row["price"])'],
  );
});

void test('what only looks like a death is none', () => {
  const texts = [
    '',
    'Traceback (most recent call last):\n',
    'Traceback (most recent call last):\n  File "/srv/load.py", line 4, in <module>\n',
    'ValueError: bad row\n',
    'Error: bad row\n    at load (/srv/load.cjs:2:9)\n',
    'Node.js v20.19.0\n',
    'INFO saw "Traceback (most recent call last):" in a log\n',
  ];
  for (const text of texts) assert.equal(readCrash(text, text), null, text);
});
