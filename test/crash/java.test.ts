import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCrash, titleOf } from '../../src/crash/read.ts';

void test('of two threads that die, the one that died last is told', () => {
  const [one, two] = ['one', 'two'].map(
    (name) => `Exception in thread "${name}" java.lang.Error: ${name}\n\tat A.b(A.java:1)\n`,
  );
  const reading = readCrash(`${one}main: going on\n${two}main: giving up\n`, '');
  assert.equal(reading && titleOf(reading), 'Error: two');
});

void test('a stack whose beginning was cut off is no crash of unknown kind', () => {
  const frames = '\tat Deep.down(Deep.java:3)\n'.repeat(1024);
  assert.equal(readCrash(`ep.down(Deep.java:3)\n${frames}`, ''), null);
});
