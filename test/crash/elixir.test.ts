import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCrash, titleOf } from '../../src/crash/read.ts';

void test('what Erlang has said since release 26 of a failing start is read alike', () => {
  const reading = readCrash(
    'Runtime terminating during boot ({{badmatch,{error,enoent}},[{job,main,1,[{file,"job.erl"},{line,4}]}]})\n',
    '',
  );
  assert.deepEqual(reading?.exceptions[0].frames[0], {
    function: ':job.main/1',
    module: 'job',
    file: 'job.erl',
    line: 4,
    column: null,
    source: null,
    inApp: true,
  });
  assert.equal(reading && titleOf(reading), 'MatchError: {badmatch,{error,enoent}}');
});
