import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { poll } from '../harness/waiting.ts';
import { ModuleScene, moduleAt } from './scene.ts';

let scene: ModuleScene;
const endings = moduleAt('endings.ts');

void suite('a module step', () => {
  before(async () => {
    scene = await ModuleScene.open();
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
  });

  void test('gets its input, knows who it is, and puts out what later steps and the outcome have', async () => {
    const told = scene.supervisor.root.in('told.json');
    const outcome = await scene.run('works', {
      name: 'copy',
      env: { TOLD: told },
      steps: [
        { run: 'echo first=1 >>"$BOOTY_OUTPUT"' },
        { name: 'load', module: moduleAt('works.ts'), with: { table: 'prices', rows: 2 } },
        { run: 'grep -q rows=3 "$BOOTY_OUTPUT"' },
      ],
    });
    assert.equal(outcome.outcome, 'succeeded', outcome.reason ?? '');
    assert.deepEqual(outcome.outputs, { first: '1', table: 'prices', rows: '3' });
    const workdir = scene.supervisor.root.in('lib/jobs/works/work');
    assert.deepEqual(JSON.parse(readFileSync(told, 'utf8')), {
      id: 'works',
      name: 'copy',
      kind: 'pipeline',
      attempt: 1,
      step: 'load',
      workdir,
      outputs: { first: '1', table: 'prices', rows: '3' },
      argv: [moduleAt('works.ts')],
      visible: [],
      cwd: workdir,
    });
  });

  void test('whose input is not what it expects crashes with what the schema says', async () => {
    const { event } = await scene.crash('misfed', { module: moduleAt('works.ts'), with: { table: 7 } });
    assert.deepEqual(
      event.exception?.values.map(({ type, value }) => `${type}: ${value}`),
      [
        'RangeError: expected a table, and rows',
        'TypeError: what the job file says under with is not what step main expects',
      ],
    );
  });

  void test('is found below paths.modules, through links as well', async () => {
    const { root } = scene.supervisor;
    await root.write('etc/modules/team/touch.mjs', 'export default (job) => job.output("ran", job.step);\n');
    symlinkSync('team', root.in('etc/modules/linked'));
    const outcome = await scene.run('below', { module: './team/../linked/touch.mjs' });
    assert.deepEqual([outcome.outcome, outcome.outputs], ['succeeded', { ran: 'main' }]);
  });

  for (const [name, text] of Object.entries({
    'plain.js': 'export default async (job) => { await null; job.output("ran", "yes"); };',
    'plain.mjs': 'export default (job) => job.output("ran", "yes");',
    'plain.cjs': 'module.exports = (job) => job.output("ran", "yes");',
    'compiled.cjs': 'exports.__esModule = true; exports.default = (job) => job.output("ran", "yes");',
    'plain.mts': 'const it: string = await Promise.resolve("yes"); export default (job: any) => job.output("ran", it);',
    'plain.cts': 'const it: string = "yes"; module.exports = (job: any) => job.output("ran", it);',
  }))
    void test(`may be ${name}`, async () => {
      await scene.supervisor.root.write(`etc/modules/${name}`, text);
      const outcome = await scene.run(name, { module: name });
      assert.deepEqual([outcome.outcome, outcome.outputs], ['succeeded', { ran: 'yes' }], outcome.reason ?? '');
      assert.equal(scene.supervisor.root.has(`lib/jobs/${name}`), false, 'nothing was printed');
    });

  void test('that runs into its time limit is told by its signal, may tidy up, and ends as a timeout', async () => {
    const { outcome, event } = await scene.crash('late', { module: endings, export: 'waits', timeout: '1500ms' });
    assert.equal(outcome.cause, 'timeout');
    assert.match(outcome.reason ?? '', /ran into the time limit of the job, 1\.5s|1500ms/);
    assert.deepEqual(outcome.outputs, { cleaned: 'yes' });
    assert.ok((outcome.durationMs ?? 0) < 4000, `it took ${outcome.durationMs} ms: the grace was waited for`);
    assert.match(event.exception?.values[0]?.type ?? '', /time limit/);
    assert.ok(event.breadcrumbs?.some(({ category, message }) => category === 'log' && message === 'waiting'));
  });

  void test('that has not asked for a signal is ended by SIGTERM at once', async () => {
    const outcome = await scene.run('deaf', { module: endings, export: 'waitsWithoutASignal', timeout: '1s' });
    assert.equal(outcome.cause, 'timeout');
    assert.ok((outcome.durationMs ?? 0) < 4000, `it took ${outcome.durationMs} ms: the grace was waited for`);
  });

  void test('that a stop of the supervisor cancels is told as well', async () => {
    await using other = await ModuleScene.open('drain: { limit: 1ms }\n');
    await other.supervisor.root.dropJob({ id: 'stopped', module: endings, export: 'waits', onInterrupt: 'retry' });
    await poll('its first line', () => (other.supervisor.root.has('lib/jobs/stopped/1.log') ? true : null));
    await other.supervisor.stop();
    assert.match(other.log('stopped'), /^booty: ended by SIGTERM: The operation was aborted$/m);
  });

  const ended = {
    settlesNever: [13, /neither returned nor failed/],
    exitsWell: [13, /ended the process with 0 before its function had returned/],
    exitsWith1: [1, /exited with 1/],
    exitsWith7: [7, /exited with 7/],
    noFunction: [1, /^ModuleError: the export noFunction of .*endings\.ts is an object: expected a function/],
    nowhere: [1, /^ModuleError: .* has no export nowhere: it exports catchesElsewhere, .*, waits/],
    default: [1, /^ModuleError: .*no export default/],
  } as const;
  for (const [name, [code, reason]] of Object.entries(ended))
    void test(`with ${name} has not succeeded, and says why`, async () => {
      const outcome = await scene.run(`ending-${name}`, { module: endings, export: name });
      assert.deepEqual([outcome.outcome, outcome.exitCode], ['crashed', code]);
      assert.match(outcome.reason ?? '', reason);
    });
});
