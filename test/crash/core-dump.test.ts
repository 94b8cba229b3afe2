import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CoreDump, coreSignalOf, findCoreDump, withCoreDump } from '../../src/crash/core-dump.ts';
import type { CrashReading } from '../../src/crash/exception.ts';
import { readCrash, titleOf } from '../../src/crash/read.ts';

/* The messages are those of systemd-coredump 252 (Debian 12), of cores of real programs. */

const segfault: CoreDump = {
  signal: 'SIGSEGV',
  program: '/srv/job/crash',
  message: `Process 110 (crash) of user 990 dumped core.

Module crash from deb crash-1.2
Stack trace of thread 17888:
#0  0x000055e5d53ae165 price (crash + 0x1165)
#1  0x000055e5d53ae181 load (crash + 0x1181)
#2  0x000055e5d53ae1d6 main (crash + 0x11d6)
#3  0x00007f01fabd124a n/a (libc.so.6 + 0x2724a)
#4  0x00007f01fabd1305 __libc_start_main (libc.so.6 + 0x27305)
#5  0x000055e5d53ae091 _start (crash + 0x1091)

Stack trace of thread 17889:
#0  0x00007f01fac7ddf2 pause (libc.so.6 + 0xd3df2)
#1  0x000055e5d53ae197 spin (crash + 0x1197)
#2  0x00007f01fac331f5 n/a (libc.so.6 + 0x891f5)
#3  0x00007f01facb38ec n/a (libc.so.6 + 0x1098ec)
ELF object binary architecture: AMD x86-64
`,
};

const thrown: CoreDump = {
  signal: 'SIGABRT',
  program: '/srv/job/abrt',
  message: `Process 119 (abrt) of user 0 dumped core.

Stack trace of thread 18143:
#0  0x00007f60bd51ceec n/a (libc.so.6 + 0x8aeec)
#1  0x00007f60bd4cdfb2 raise (libc.so.6 + 0x3bfb2)
#2  0x00007f60bd4b8472 abort (libc.so.6 + 0x26472)
#3  0x00007f60bd731919 n/a (libstdc++.so.6 + 0x9d919)
#4  0x00007f60bd73ce1a n/a (libstdc++.so.6 + 0xa8e1a)
#5  0x00007f60bd73ce85 _ZSt9terminatev (libstdc++.so.6 + 0xa8e85)
#6  0x00007f60bd73d0d8 __cxa_throw (libstdc++.so.6 + 0xa90d8)
#7  0x0000563b67f141d8 price (abrt + 0x11d8)
#8  0x0000563b67f14211 _ZN4shop4loadEi (abrt + 0x1211)
#9  0x0000563b67f1422e main (abrt + 0x122e)
#10 0x00007f60bd4b924a n/a (libc.so.6 + 0x2724a)
#11 0x00007f60bd4b9305 __libc_start_main (libc.so.6 + 0x27305)
#12 0x0000563b67f140c1 _start (abrt + 0x10c1)
ELF object binary architecture: AMD x86-64
`,
};

const told = (reading: CrashReading | null): unknown =>
  reading?.exceptions.map(({ type, value, frames }) => [
    type,
    value,
    ...frames.map((frame) => `${frame.inApp ? '' : '- '}${frame.function} ${frame.file}:${frame.line}`),
  ]);

void test('a program that says nothing has the stack of its core, of the thread that died, oldest call first', () => {
  const reading = withCoreDump(null, segfault);
  assert.equal(reading?.platform, 'native');
  assert.equal(reading && titleOf(reading), 'SIGSEGV: Segmentation fault: crash');
  assert.deepEqual(told(reading), [
    [
      'SIGSEGV',
      'Segmentation fault: crash',
      '- _start /srv/job/crash:null',
      '- __libc_start_main libc.so.6:null',
      '- null libc.so.6:null',
      'main /srv/job/crash:null',
      'load /srv/job/crash:null',
      'price /srv/job/crash:null',
    ],
  ]);
});

void test('of a program without symbols the places in its file tell the calls apart', () => {
  const message = segfault.message.replaceAll(/ (?:price|load|main|_start) \(/g, ' n/a (');
  const [exception] = withCoreDump(null, { ...segfault, message })?.exceptions ?? [];
  assert.deepEqual(
    exception?.frames.filter(({ inApp }) => inApp).map((frame) => frame.function),
    ['crash+0x1091', 'crash+0x11d6', 'crash+0x1181', 'crash+0x1165'],
  );
});

void test('what the program said of its reason stays, with the stack of the core', () => {
  const said = readCrash(
    "terminate called after throwing an instance of 'std::runtime_error'\n  what():  row 7: no price\n",
    '',
  );
  const [exception] = withCoreDump(said, thrown)?.exceptions ?? [];
  assert.deepEqual([exception?.type, exception?.value], ['std::runtime_error', 'row 7: no price']);
  assert.deepEqual(
    exception?.frames.filter(({ inApp }) => inApp).map((frame) => frame.function),
    ['main', 'shop::load', 'price'],
  );
});

void test('of a shell that tells of the signal, its line is the caller', () => {
  const plain = withCoreDump(readCrash('Segmentation fault (core dumped)\n', ''), segfault);
  assert.equal(plain && titleOf(plain), 'SIGSEGV: Segmentation fault: crash');
  assert.equal(plain?.exceptions[0].frames.length, 6);
  const line = 'load.sh: line 3: 110 Segmentation fault      (core dumped) ./crash "$rows"\n';
  const called = withCoreDump(readCrash(line, ''), segfault)?.exceptions[0];
  assert.equal(called?.type, 'SIGSEGV');
  assert.equal(called?.value, 'Segmentation fault: ./crash "$rows"');
  assert.deepEqual([called?.frames[0]?.file, called?.frames[0]?.line], ['load.sh', 3]);
  assert.equal(called?.frames.at(-1)?.function, 'price');
});

void test('a stack that the program printed itself is not replaced, and a core without one adds nothing', () => {
  const printed = readCrash(
    'Traceback (most recent call last):\n  File "a.py", line 1, in load\nValueError: bad row\n',
    '',
  );
  assert.equal(withCoreDump(printed, segfault), printed);
  const message = 'Process 110 (crash) of user 990 dumped core.\n';
  assert.equal(withCoreDump(null, { ...segfault, message }), null);
  assert.equal(withCoreDump(printed, { ...segfault, message }), printed);
});

void test('names of C++ are told as they are written, or left alone', () => {
  const nameOf = (name: string): string | null | undefined => {
    const message = `Stack trace of thread 1:\n#0  0x0000563b67f14211 ${name} (abrt + 0x1211)\n`;
    return withCoreDump(null, { ...thrown, message })?.exceptions[0].frames[0]?.function;
  };
  for (const [name, expected] of [
    ['_ZN4shop4loadEi', 'shop::load'],
    ['_ZNK4shop6Loader5priceEv', 'shop::Loader::price'],
    ['_Z5priceP3row', 'price'],
    ['_ZN4shop4loadIiEEvT_', '_ZN4shop4loadIiEEvT_'],
    ['_ZSt9terminatev', '_ZSt9terminatev'],
    ['_ZN', '_ZN'],
    ['_Z9short', '_Z9short'],
    ['std::terminate()', 'std::terminate()'],
  ] as const)
    assert.equal(nameOf(name), expected);
});

const entry = (mark: string, pid: number, signal = 'SIGSEGV'): string =>
  JSON.stringify({
    __CURSOR: 's=1',
    MESSAGE: `Process ${pid} dumped core.`,
    COREDUMP_ENVIRON: `PATH=/usr/bin\nMARK=${mark}\nPWD=/`,
    COREDUMP_EXE: '/srv/job/crash',
    COREDUMP_SIGNAL_NAME: signal,
  });

void test('the newest dump of the attempt counts, of this signal; those of others do not', () => {
  const entries = [entry('a/1', 1), entry('a/1', 2), entry('a/1', 3, 'SIGABRT'), entry('a/10', 4), entry('b/1', 5)];
  const found = findCoreDump(`OUT": "cut"}\n${entries.join('\n')}\n{"MESSAGE": "cu`, 'MARK=a/1', 'SIGSEGV');
  assert.deepEqual(found, { signal: 'SIGSEGV', program: '/srv/job/crash', message: 'Process 2 dumped core.' });
  assert.equal(findCoreDump('', 'MARK=a/1', 'SIGSEGV'), null);
  assert.equal(
    findCoreDump('No journal files were opened due to insufficient permissions.\n', 'MARK=a/1', 'SIGSEGV'),
    null,
  );
  const bytes = entries[0]?.replace(
    /"COREDUMP_ENVIRON":"[^"]*"/,
    `"COREDUMP_ENVIRON":${JSON.stringify([...Buffer.from('MARK=a/1\nX=\xff', 'latin1')])}`,
  );
  assert.equal(findCoreDump(bytes ?? '', 'MARK=a/1', 'SIGSEGV')?.message, 'Process 1 dumped core.');
});

void test('a core is looked for where one was dumped, and where a shell says that one may have been', () => {
  assert.equal(coreSignalOf({ kind: 'signal', signal: 'SIGSEGV', coreDumped: true }), 'SIGSEGV');
  assert.equal(coreSignalOf({ kind: 'signal', signal: 'SIGKILL' }), null);
  assert.equal(coreSignalOf({ kind: 'code', code: 139 }), 'SIGSEGV');
  assert.equal(coreSignalOf({ kind: 'code', code: 134 }), 'SIGABRT');
  for (const code of [0, 1, 11, 127, 137, 143, 255]) assert.equal(coreSignalOf({ kind: 'code', code }), null);
});
