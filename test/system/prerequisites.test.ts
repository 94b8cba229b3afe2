import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, decide } from './prerequisites.ts';

const cases: readonly [name: string, env: NodeJS.ProcessEnv, missing: string | null, expected: Decision][] = [
  ['they run where everything is there', {}, null, { kind: 'run' }],
  ['they run on CI where everything is there', { CI: 'true' }, null, { kind: 'run' }],
  [
    'they are skipped with the reason where something is missing',
    {},
    'needs root',
    { kind: 'skip', reason: 'SYSTEM: needs root' },
  ],
  [
    'they fail on CI where something is missing',
    { CI: 'true' },
    'needs root',
    { kind: 'fail', reason: 'SYSTEM: needs root' },
  ],
  ['they are skipped on demand', { SYSTEM_TESTS: '0' }, null, { kind: 'skip', reason: 'SYSTEM: SYSTEM_TESTS=0' }],
];

for (const [name, env, missing, expected] of cases) {
  void test(`tests on real systemd: ${name}`, () => assert.deepEqual(decide(env, missing), expected));
}
