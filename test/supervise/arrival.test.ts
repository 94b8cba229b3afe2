import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';

void test('jobs that lie in the spool together run in the order in which they came', async () => {
  await using root = await Root.make({ config: 'concurrency: { pipeline: 1 }\n' });
  await (await SupervisorProcess.start(root)).stop();
  const names = Array.from({ length: 40 }, (_, number) => `job-${String((number * 7) % 40).padStart(2, '0')}`);
  const began = Date.now() / 1000 - 60;
  for (const [index, name] of names.entries()) {
    await root.drop(`${name}.yaml`, `id: ${name}\nrun: "true"\n`);
    await utimes(root.in('spool/incoming', `${name}.yaml`), began + index, began + index);
  }
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.outcome(names.at(-1) ?? '');
  for (const name of names) await supervisor.outcome(name);
  const started = supervisor.linesOf({ kind: 'attempt.started' }).map((line) => line.fields.id);
  assert.deepEqual(started, names);
});
