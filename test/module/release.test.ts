import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ModuleScene } from './scene.ts';

const home = join(import.meta.dirname, '../..');
const tsc = join(home, 'node_modules/.bin/tsc');

/** Runs the program of a release in place of that of the checkout. */
const programOf = (release: string): readonly [string, ...string[]] => [
  '/bin/sh',
  '-c',
  'shift; exec "$0" "$@"',
  join(release, 'bin/booty'),
];

const text = `import { defineJob } from 'booty';

export default defineJob(async (job) => {
  job.log.info('from a release');
  const row: string = job.id;
  throw new RangeError(\`no price in \${row}\`, { cause: new TypeError('inner') });
});
`;

void test('a release runs modules as a checkout does, with its own defineJob and the types of it', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-release-'));
  const release = join(directory.path, 'booty');
  execFileSync(process.execPath, [join(home, 'scripts/build.ts')], { env: { ...process.env, BOOTY_BUILD: release } });
  assert.ok(!existsSync(join(release, 'src')), 'it is the bundle that runs');
  await using scene = await ModuleScene.open(undefined, { wrapper: programOf(release) });
  await scene.supervisor.root.write('etc/modules/prices.ts', text);
  const { outcome, event } = await scene.crash('released', { module: 'prices.ts' });
  assert.equal(outcome.reason, 'RangeError: no price in released');
  const values = event.exception?.values ?? [];
  assert.deepEqual(
    values.map(({ type, value }) => [type, value]),
    [
      ['TypeError', 'inner'],
      ['RangeError', 'no price in released'],
    ],
  );
  const frame = values[1]?.stacktrace?.frames.at(-1);
  assert.deepEqual([frame?.abs_path, frame?.lineno], [scene.supervisor.root.in('etc/modules/prices.ts'), 6]);
  assert.ok(event.breadcrumbs?.some(({ category, message }) => category === 'log' && message === 'from a release'));

  // What the release has beside the program for bash.
  const shell = await scene.crash('shell', { script: '#!/bin/bash\nset -e\nfalse\n' });
  assert.equal(shell.outcome.reason, 'BashError: false: exit status 1');

  const editor = join(directory.path, 'tsconfig.json');
  const options = { strict: true, noEmit: true, target: 'esnext', module: 'nodenext', types: [] };
  const paths = { booty: [join(release, 'lib/job.d.ts')] };
  const module = scene.supervisor.root.in('etc/modules/prices.ts');
  const check = (): string => execFileSync(tsc, ['--project', editor], { encoding: 'utf8', stdio: 'pipe' });
  writeFileSync(editor, JSON.stringify({ compilerOptions: { ...options, paths }, files: [module] }));
  assert.equal(check(), '');
  writeFileSync(module, text.replace('job.id', 'job.with'));
  assert.throws(check, /Type 'unknown' is not assignable to type 'string'|Command failed/);
});
