import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Root } from '../harness/root.ts';
import type { Errno, Operation } from './control.ts';
import { FaultySupervisor } from './faulty-supervisor.ts';
import { skip } from './shim.ts';
import { config, playRound, surroundings } from './trouble-round.ts';

/* Each place on disk by itself, each way in which a disk can refuse. Full ones that are real: full-disk.test.ts. */

const places: Readonly<Record<string, { readonly pattern: string; readonly where: readonly string[] }>> = {
  'the spool': { pattern: 'spool/incoming/**', where: ['spool'] },
  'the outcomes': { pattern: 'spool/outcomes/**', where: ['outcomes'] },
  'the ledger': { pattern: 'lib/ledger.db*', where: ['ledger'] },
  'the directory of the jobs': { pattern: 'lib/jobs/**', where: ['jobs'] },
  'the outbox': { pattern: 'lib/outbox/**', where: ['outbox'] },
};

const making: readonly Operation[] = ['open', 'write', 'mkdir', 'rename', 'fsync'];
const everything: readonly Operation[] = [...making, 'unlink', 'rmdir', 'truncate', 'chmod', 'fdatasync'];
const refusals: readonly (readonly [Errno, readonly Operation[]])[] = [
  ['ENOSPC', making],
  ['EDQUOT', making],
  ['EIO', everything],
  ['EROFS', everything],
];

void describe('a disk that refuses for a while', { concurrency: 2, skip }, () => {
  for (const [place, { pattern, where }] of Object.entries(places))
    for (const [errno, operations] of refusals)
      void test(`${place}: ${errno}: what runs goes on, nothing is lost or charged, and all resumes by itself`, async () => {
        await using root = await Root.make({ config });
        await using around = await surroundings(root);
        await using faulty = await FaultySupervisor.start(root, { env: around.env });
        let rule: ReturnType<typeof faulty.faults.fail> | null = null;
        const trouble = {
          where,
          begin: () => {
            rule = faulty.faults.fail(errno, { operations, pattern });
          },
          end: () => {
            assert.ok(rule && rule.struck() > 1, 'it was not tried again');
            rule.off();
          },
        };
        await playRound({ ...around, supervisor: faulty.supervisor, trouble });
      });
});
