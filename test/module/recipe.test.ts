import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ModuleScene } from './scene.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/MODULES.md'), 'utf8');

/** The example of the documentation that is in a file of this name. */
function example(name: string): string {
  const found = Array.from(text.matchAll(/^```\w+\n((?:\/\/|#) .*\n[^]*?)^```$/gm), ([, code = '']) => code).find(
    (code) => code.split('\n', 1)[0]?.endsWith(name),
  );
  assert.ok(found, `docs/MODULES.md has ${name}`);
  return found;
}

void test('what docs/MODULES.md shows runs', async () => {
  await using scene = await ModuleScene.open();
  const { root } = scene.supervisor;
  await root.write('etc/modules/prices.ts', example('/prices.ts'));
  await root.write('etc/modules/check-prices.ts', example('/check-prices.ts'));
  await root.write('prices.yaml', example(' prices.yaml'));
  const { status, stdout, stderr } = await root.booty('run', '--id', 'recipe', root.in('prices.yaml'));
  assert.equal(status, 0, stderr);
  assert.match(stdout + stderr, /^info: fetching prices \{"currency": "EUR"\}$/m);
  const outcome = await scene.supervisor.outcome('recipe');
  assert.deepEqual([outcome.outcome, outcome.outputs], ['succeeded', { rows: '3' }]);
  assert.equal(outcome.verdicts[0]?.outcome, 'succeeded');
});

void test('and its verifier rejects what is too little', async () => {
  await using scene = await ModuleScene.open();
  const { root } = scene.supervisor;
  await root.write('etc/modules/check-prices.ts', example('/check-prices.ts'));
  const outcome = await scene.run('few', {
    run: 'echo "[1]" >prices.json; echo rows=2 >>"$BOOTY_OUTPUT"',
    verify: { module: 'check-prices.ts' },
  });
  assert.deepEqual([outcome.outcome, outcome.reason], ['rejected', 'only 1 prices']);
});
