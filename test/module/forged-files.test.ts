import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ModuleScene, moduleAt } from './scene.ts';

let scene: ModuleScene;

void suite('a module that puts something else in the place of what its host writes', () => {
  before(async () => {
    scene = await ModuleScene.open();
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
  });

  for (const how of ['link', 'directory', 'pipe', 'huge', 'cut'])
    void test(`${how}: its crash is told without it`, async () => {
      const { outcome, event } = await scene.crash(how, { module: moduleAt('forges.ts'), with: how, timeout: '10s' });
      assert.deepEqual([outcome.cause, outcome.exitCode], ['exit-code', 9]);
      assert.match(event.exception?.values[0]?.type ?? '', /exited with 9$/);
    });

  void test('what is exactly as the host writes it is taken for its own', async () => {
    const { event } = await scene.crash('whole', { module: moduleAt('forges.ts'), with: 'whole' });
    assert.equal(event.exception?.values[0]?.type, 'ForgedError');
  });

  /** A line for a shell that leaves an error in the place where the host writes one. */
  const leave = `printf '%s' '[{"type":"A","value":"b","frames":[],"properties":{},"parent":null,"source":null,"isGroup":false}]' >"$BOOTY_WORKDIR/../module-error.json"`;
  const exits = { module: moduleAt('endings.ts'), export: 'exitsWith7' };

  void test('what an earlier step has left is not the error of a module', async () => {
    const { outcome } = await scene.crash('earlier', { steps: [{ run: leave }, exits] });
    assert.match(outcome.reason ?? '', /^exited with 7/);
  });

  void test('what a shell leaves there is not its error', async () => {
    const { outcome } = await scene.crash('shell', { run: `${leave}; exit 3` });
    assert.match(outcome.reason ?? '', /^exited with 3/);
  });
});
