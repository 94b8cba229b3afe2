import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readCrash, titleOf } from '../../src/crash/read.ts';

const lines = [
  'Traceback (most recent call last):',
  '  File "/srv/load.py", line 3, in main',
  '  File "/srv/load.py", line 99999999999999999999',
  '    raise ValueError("x")',
  '    ^^^^^^',
  'ValueError: bad row',
  'During handling of the above exception, another exception occurred:',
  'The above exception was the direct cause of the following exception:',
  'Error: x',
  '    at f (file:///srv/load.mjs:3:9)',
  '    at file:///srv/l%20oad.mjs:3:9',
  '    at f (file:///srv/%E0%A4%A.mjs:1:2)',
  'file:///%',
  '    ^',
  '    at async main (node:internal/x:1:1) {',
  '    at new Foo (<anonymous>)',
  '    ... 4 lines matching cause stack trace ...',
  '  [cause]: Error: y',
  '}',
  'Node.js v26.10.0',
  '',
  'ordinary',
];

/** Whatever a program printed, it is read or it is not. */
function reads(text: string): void {
  const reading = readCrash(text, text);
  if (!reading) return;
  assert.equal(typeof titleOf(reading), 'string');
  for (const { type, frames } of reading.exceptions) {
    assert.ok(type.length > 0);
    for (const { line } of frames) assert.ok(line === null || line >= 0);
  }
}

const outputOf = (parts: readonly string[]) =>
  fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((taken) => taken.join('\n'));

void test('no output brings the crash reader down', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), reads));
  fc.assert(fc.property(outputOf(lines), reads), { numRuns: 500 });
});

void test('no file name brings the crash reader down', () => {
  for (const place of ['/srv/%E0%A4%A.mjs', '/%', '/%zz', '', '//', '/%00'])
    reads(`x\n\nError: x\n    at f (file://${place}:1:2)\n\nNode.js v26.10.0\n`);
});

void test('64 KiB of anything are read at once', () => {
  for (const part of [
    ...lines,
    '(',
    ' (',
    '    at (',
    '    at a (',
    '    at a:1:1',
    '  File "',
    '\u001b[31m',
    ' ',
    '\r',
    'a.',
    'E: ',
  ]) {
    for (const joint of ['', '\n']) {
      const text = (part + joint).repeat(Math.ceil((64 * 1024) / (part.length + 1))).slice(0, 64 * 1024);
      const started = performance.now();
      reads(`${text}\nNode.js v26.10.0\n`);
      const tookMs = performance.now() - started;
      assert.ok(tookMs < 500, `${Math.round(tookMs)} ms for ${JSON.stringify(part + joint)}`);
    }
  }
});
