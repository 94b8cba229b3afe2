import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCgroups } from '../run/cgroups.ts';
import { runRounds } from './rounds.ts';

/*
 * A short form of make hostile, which makes a thousand rounds.
 */
void test(
  'hostile jobs are bounded and told apart, and harm neither the supervisor nor each other',
  withCgroups(),
  async (context) => {
    assert.deepEqual(await runRounds(3, (line) => context.diagnostic(line)), []);
  },
);
