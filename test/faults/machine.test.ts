import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Root } from '../harness/root.ts';
import { searchPath } from '../system/prerequisites.ts';
import { FaultySupervisor } from './faulty-supervisor.ts';
import { skip } from './shim.ts';
import { config, playRound, surroundings } from './trouble-round.ts';

/* A machine that is short of processes, memory or descriptors. */

void describe('a machine that is short for a while', { concurrency: 2, skip }, () => {
  for (const errno of ['EAGAIN', 'ENOMEM'] as const)
    void test(`no process can be made (${errno}): what runs goes on, nothing is lost or charged, and all resumes by itself`, async () => {
      await using root = await Root.make({ config });
      await using around = await surroundings(root);
      await using faulty = await FaultySupervisor.start(root, { env: around.env });
      const { faults, supervisor } = faulty;
      let rule: ReturnType<typeof faults.fail> | null = null;
      const trouble = {
        where: ['machine'],
        begin: () => {
          rule = faults.fail(errno, { operations: ['fork'] });
        },
        end: () => {
          assert.ok(rule && rule.struck() > 1, 'it was not tried again');
          rule.off();
        },
      };
      await playRound({ ...around, supervisor, trouble });
    });

  void test('no descriptor is left: what runs goes on, nothing is lost or charged, and all resumes by itself', async () => {
    await using root = await Root.make({ config });
    await using around = await surroundings(root);
    await using faulty = await FaultySupervisor.start(root, { env: around.env });
    const { supervisor } = faulty;
    const trouble = {
      where: ['machine', 'spool', 'jobs', 'outbox', 'outcomes', 'ledger'],
      // Two files that are written at once may find no room, and find it a moment later.
      lasting: ['machine'],
      // The two jobs that run give back four when they end: with less, no other gets its two pipes.
      begin: () => limitFiles(supervisor.pid, String(openFilesAtRest(supervisor.pid) - 2)),
      end: () => limitFiles(supervisor.pid, '1024'),
    };
    await playRound({ ...around, supervisor, trouble });
  });

  void test('one job in two cannot be started at first: each runs once, in the end', async () => {
    await using root = await Root.make({ config });
    await using faulty = await FaultySupervisor.start(root, {});
    const rule = faulty.faults.fail('EAGAIN', { operations: ['fork'], share: 500 });
    const ids = Array.from({ length: 20 }, (_, number) => `job-${number}`);
    for (const id of ids) await root.dropJob({ id, run: `echo ${id} >> ${root.in('marks')}` });
    for (const id of ids) {
      const outcome = await faulty.supervisor.outcome(id, 60_000);
      assert.deepEqual([outcome.outcome, outcome.attempt], ['succeeded', 1], id);
    }
    assert.ok(rule.struck() > 0);
  });
});

/** The fewest of several looks: a look at the spool, or a connection, has some open for a moment. */
const openFilesAtRest = (pid: number): number => Math.min(...Array.from({ length: 200 }, () => openFiles(pid)));

const openFiles = (pid: number): number =>
  // The numbers above belong to the shim: they stay open, and the limit is below them.
  readdirSync(`/proc/${pid}/fd`).filter((number) => Number(number) < 900).length;

function limitFiles(pid: number, soft: string): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`], {
    env: { PATH: searchPath },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
}
