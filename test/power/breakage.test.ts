import assert from 'node:assert/strict';
import { existsSync, mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { breakages, buildBroken, withoutPromise } from './breakage.ts';

for (const breakage of breakages) {
  void test(`the proof finds ${breakage.name} in ${breakage.file}, to take it out`, () => {
    assert.ok(withoutPromise(breakage).length > 0);
  });
}

void test('a release without a promise can be built', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-breakage-'));
  const [first] = breakages;
  assert.ok(first);
  const release = await buildBroken(first, directory.path);
  assert.ok(existsSync(join(release, 'lib/booty.mjs')));
});
