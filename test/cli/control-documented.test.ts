import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SupervisorProcess } from '../harness/supervisor.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/CONTROL.md'), 'utf8');
const examples = Array.from(text.matchAll(/```sh\n(curl .*)\n```/g), ([, line = '']) => line);

/** What each route answers, in the order of the text. */
const expected: readonly (readonly [route: string, effects: readonly string[] | null])[] = [
  ['status', null],
  ['pause', []],
  ['resume', []],
  ['hold', ['held']],
  ['priority', ['prioritized']],
  ['release', ['released']],
  ['cancel', ['cancelled']],
  ['retry', ['retried']],
];

void test('each example of docs/CONTROL.md does what it says', async () => {
  await using supervisor = await SupervisorProcess.start({ config: 'concurrency: { pipeline: 1 }' });
  const { root } = supervisor;
  await root.dropJob({ id: 'first', run: `until [ -e ${root.in('go')} ]; do sleep 0.05; done` });
  await supervisor.line({ kind: 'attempt.started', id: 'first' });
  await root.dropJob({ id: 'nightly', name: 'nightly', run: 'true', concurrency: { group: 'db' } });
  await supervisor.line({ kind: 'job.accepted', id: 'nightly' });

  assert.deepEqual(
    examples.map((line) => /v1\/(\w+)/.exec(line)?.[1]),
    expected.map(([route]) => route),
  );
  for (const [index, line] of examples.entries()) {
    const here = line.replace('/run/booty/booty.sock', root.in('run/booty.sock'));
    assert.notEqual(here, line);
    const answer = JSON.parse(
      execFileSync('sh', ['-c', here], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    ) as {
      readonly kind?: string;
      readonly version?: number;
      readonly changes?: readonly { readonly effect: string }[];
    };
    const effects = expected[index]?.[1] ?? null;
    if (effects === null) assert.equal(answer.version, 1, line);
    else assert.deepEqual([answer.kind, answer.changes?.map(({ effect }) => effect)], ['done', effects], line);
  }
  assert.match(root.outcome('nightly')?.reason ?? '', /^cancelled by .*: not tonight$/);
  await root.write('go', '');
  assert.equal((await supervisor.outcome('nightly-again')).outcome, 'succeeded');
});
