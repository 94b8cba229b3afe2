import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SupervisorProcess } from '../harness/supervisor.ts';

void test('a file that is dropped as soon as the supervisor is ready is taken at once', async () => {
  // No scan comes to the rescue within the test's patience.
  const config = 'spool: { scanInterval: 10m }\n';
  const starts = Array.from({ length: 4 }, async (_, number) => {
    await using supervisor = await SupervisorProcess.start({ config });
    await supervisor.drop('job.yaml', `id: job-${number}\nrun: "true"\n`);
    const line = await supervisor.line({ kind: 'job.accepted' }, 8000);
    assert.equal(line.fields.id, `job-${number}`);
  });
  await Promise.all(starts);
});
