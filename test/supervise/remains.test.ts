import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { poll } from '../harness/waiting.ts';

/** As a kill leaves it that comes between the end of a job in the ledger and what follows. */
async function endedJob(root: Root): Promise<void> {
  await using supervisor = await SupervisorProcess.start(root);
  await supervisor.drop('done.yaml', 'id: done\nrun: echo a line\n');
  await supervisor.outcome('done');
  await supervisor.stop();
}

void test('a supervisor that was killed while it wrote an outcome leaves no half of it behind for ever', async () => {
  await using root = await Root.make();
  await endedJob(root);
  await root.write('spool/outcomes/.0123456789ab.tmp', '{ "version": 1,');
  await using supervisor = await SupervisorProcess.start(root);
  await poll('its removal', () => !existsSync(root.in('spool/outcomes/.0123456789ab.tmp')) || null, {
    timeoutMs: 5000,
    state: () => readdirSync(root.in('spool/outcomes')).join(' '),
  });
  await supervisor.stop();
});

void test('the working directory of a job that has ended is removed, also where its supervisor was killed before it could', async () => {
  await using root = await Root.make();
  await endedJob(root);
  {
    using ledger = new DatabaseSync(root.in('lib/ledger.db'));
    ledger.exec("INSERT INTO report VALUES ('done')");
  }
  await root.write('lib/jobs/done/work/made', 'data\n');
  await using supervisor = await SupervisorProcess.start(root);
  await poll('its removal', () => !existsSync(root.in('lib/jobs/done/work')) || null, { timeoutMs: 5000 });
  await supervisor.stop();
});

void test('an attempt finds nothing of the one before, also where its supervisor was killed before it could remove that', async () => {
  await using root = await Root.make({ config: 'drain: { limit: 100ms }\n' });
  const seen = root.in('seen');
  const job = `id: again\nrun: |\n  if [ "$BOOTY_ATTEMPT" = 1 ]; then sleep 30; fi\n  ls -A > ${seen}\n`;
  await using first = await SupervisorProcess.start(root);
  await first.drop('again.yaml', job);
  await first.line({ kind: 'attempt.started', id: 'again' });
  await first.stop();
  // The first attempt is over, and the job waits: so far the ledger. The kill came before anything was removed.
  await root.write('lib/jobs/again/work/made', 'data\n');
  await root.write('lib/jobs/again/output', 'answer=41\n');
  await using second = await SupervisorProcess.start(root);
  const outcome = await second.outcome('again');
  assert.equal(outcome.attempt, 2);
  assert.equal(readFileSync(seen, 'utf8'), '');
  assert.deepEqual(outcome.outputs, {});
});

void test('nothing of a verified pipeline stays but its logs', async () => {
  await using supervisor = await SupervisorProcess.start();
  const { root } = supervisor;
  const steps = ['#!/bin/sh\n', 'echo answer=41 >> "$BOOTY_OUTPUT"\n'].join('');
  await root.dropJob({ id: 'checked', script: steps, verify: { run: 'true' } });
  assert.deepEqual((await supervisor.outcome('checked')).outputs, { answer: '41' });
  await poll('its removal', () => !existsSync(root.in('lib/jobs/checked')) || null, { timeoutMs: 5000 });
  assert.equal(existsSync(root.in('lib/jobs/checked+verify')), false);
});
