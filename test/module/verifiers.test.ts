import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ModuleScene, moduleAt } from './scene.ts';

let scene: ModuleScene;

void suite('a verifier that is a module', () => {
  before(async () => {
    scene = await ModuleScene.open();
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
  });

  const verified = (name: string) =>
    scene.run(`v-${name}`, {
      run: 'echo rows=3 >>"$BOOTY_OUTPUT"',
      verify: { module: moduleAt('checks.ts'), export: name },
    });

  void test('accepts by returning, and sees what its pipeline has put out', async () => {
    const outcome = await verified('accepts');
    assert.equal(outcome.outcome, 'succeeded', outcome.reason ?? '');
    assert.equal(outcome.verdicts[0]?.outcome, 'succeeded');
  });

  void test('rejects with the first reason that it gives, on one line', async () => {
    const outcome = await verified('rejects');
    assert.deepEqual([outcome.outcome, outcome.reason], ['rejected', 'too few rows: only 3']);
    assert.equal(outcome.sentry, null);
  });

  for (const [name, reason] of Object.entries({
    fails: /TypeError: the check itself is broken/,
    failsAfterRejecting: /TypeError: the check broke afterwards/,
    answersOtherwise: /a verifier accepts by returning nothing .* this one returned false/,
    exitsWith1: /exited with 13: .*ended the process with 1 before its function had returned/,
    exitsWell: /exited with 13: .*ended the process with 0 before its function had returned/,
  }))
    void test(`that ${name} has given no verdict: its pipeline crashes`, async () => {
      const outcome = await verified(name);
      assert.equal(outcome.outcome, 'crashed', outcome.reason ?? '');
      assert.match(outcome.reason ?? '', /^its verifier crashed: /);
      assert.match(outcome.reason ?? '', reason);
    });

  void test('is no step of a pipeline', async () => {
    const { outcome } = await scene.crash('misplaced', { module: moduleAt('checks.ts'), export: 'accepts' });
    assert.match(outcome.reason ?? '', /this function is a verifier: name it under verify/);
  });
});
