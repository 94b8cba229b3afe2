import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakages, withoutPromise } from './breakage.ts';

for (const breakage of breakages) {
  void test(`the proof finds ${breakage.name} in ${breakage.file}, to take it out`, () => {
    assert.ok(withoutPromise(breakage).length > 0);
  });
}
