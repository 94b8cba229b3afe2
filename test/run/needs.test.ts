import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsText } from '../../src/run/needs.ts';
import { idOf } from '../schedule/jobs.ts';

const record = (outputs: Readonly<Record<string, string>>) => ({ outcome: 'succeeded', outputs }) as const;

void test('a job is told of those that it needs, but for those that nobody keeps any longer', () => {
  const text = needsText(['a', 'gone', 'b'].map(idOf), (id) => (id === 'gone' ? null : record({ name: id })));
  assert.deepEqual(JSON.parse(text), {
    a: { outcome: 'succeeded', outputs: { name: 'a' } },
    b: { outcome: 'succeeded', outputs: { name: 'b' } },
  });
});

void test('a thousand jobs that put out much take no more room than the limit', () => {
  const ids = Array.from({ length: 1000 }, (_, index) => idOf(`job-${index}`));
  const text = needsText(ids, () => record({ data: 'x'.repeat(64_000) }));
  assert.ok(text.length < 17 * 1024 ** 2, `${text.length} bytes`);
  const told = Object.values(JSON.parse(text) as Readonly<Record<string, ReturnType<typeof record>>>);
  assert.equal(told.length, 1000, 'each is named');
  assert.ok(told.filter(({ outputs }) => 'data' in outputs).length > 200);
});
