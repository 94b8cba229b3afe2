import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { decide } from './prerequisites.ts';

/** A test that needs what not every machine has. Where something is missing it is skipped with the reason, and fails on CI. */
export function testWhere(
  missing: string | null,
  name: string,
  timeoutMs: number,
  body: (context: TestContext) => Promise<void>,
): void {
  const decision = decide(process.env, missing);
  switch (decision.kind) {
    case 'skip':
      void test(name, { skip: decision.reason });
      return;
    case 'fail':
      void test(name, () => assert.fail(decision.reason));
      return;
    case 'run':
      void test(name, { timeout: timeoutMs }, body);
  }
}
