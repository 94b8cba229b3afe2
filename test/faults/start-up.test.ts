import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Root } from '../harness/root.ts';
import type { Errno, Operation } from './control.ts';
import { FaultySupervisor } from './faulty-supervisor.ts';
import { skip } from './shim.ts';
import { assertToldOnce, config, noTrouble, surroundings } from './trouble-round.ts';

/* A machine that comes up while its disk has no room: nobody should have to start a service by hand for that. */

const making: readonly Operation[] = ['open', 'write', 'mkdir', 'rename', 'fsync'];
/** Longer than a start takes where nothing refuses. */
const lastsMs = 3000;

const scenes: readonly {
  readonly place: string;
  readonly pattern: string;
  readonly errno: Errno;
  readonly used: boolean;
}[] = [
  { place: 'an empty root', pattern: 'lib/**', errno: 'ENOSPC', used: false },
  { place: 'an empty root', pattern: 'lib/**', errno: 'EDQUOT', used: false },
  { place: 'an empty spool', pattern: 'spool/**', errno: 'ENOSPC', used: false },
  { place: 'the ledger of a supervisor that was killed', pattern: 'lib/ledger.db*', errno: 'ENOSPC', used: true },
  { place: 'the ledger of a supervisor that was killed', pattern: 'lib/ledger.db*', errno: 'EDQUOT', used: true },
  { place: 'the ledger of a supervisor that was killed', pattern: 'lib/ledger.db*', errno: 'EIO', used: true },
  { place: 'the whole state of a supervisor that was killed', pattern: 'lib/**', errno: 'ENOSPC', used: true },
  { place: 'the outcomes of a supervisor that was killed', pattern: 'spool/outcomes/**', errno: 'ENOSPC', used: true },
  { place: 'the spool of a supervisor that was killed', pattern: 'spool/**', errno: 'EIO', used: true },
];

/** Leaves one job under way, one waiting, and a file that nobody has taken. */
async function useOnce(root: Root, env: Readonly<Record<string, string>>): Promise<void> {
  await using faulty = await FaultySupervisor.start(root, { env });
  await root.drop('under-way.yaml', `id: under-way\nrun: if [ "$BOOTY_ATTEMPT" = 1 ]; then sleep 30; fi\n`);
  await faulty.supervisor.line({ kind: 'attempt.started', id: 'under-way' });
  await faulty.supervisor.kill();
  await root.drop('lies-there.yaml', 'id: lies-there\nrun: "true"\n');
}

void describe('a start on a disk that refuses for a while', { concurrency: 2, skip }, () => {
  for (const { place, pattern, errno, used } of scenes)
    void test(`${place}: ${errno}: it waits, says so once, and goes on by itself`, async () => {
      await using root = await Root.make({ config });
      await using around = await surroundings(root);
      if (used) await useOnce(root, around.env);
      let rule: ReturnType<FaultySupervisor['faults']['fail']> | null = null;
      await using faulty = FaultySupervisor.launch(root, {
        env: around.env,
        prepare: (faults) => {
          rule = faults.fail(errno, { operations: making, pattern });
        },
      });
      const { supervisor } = faulty;
      await supervisor.line({ kind: 'trouble.began' });
      await sleep(lastsMs);
      assert.equal(supervisor.exit, null, supervisor.stderr);
      assertToldOnce(supervisor);
      assert.ok(struck(rule) > 1, 'it was not tried again');
      off(rule);
      await supervisor.line({ kind: 'supervisor.ready' }, 8000);
      if (used) {
        for (const [id, attempts] of [
          ['under-way', 2],
          ['lies-there', 1],
        ] as const) {
          const outcome = await supervisor.outcome(id, 8000);
          assert.deepEqual([outcome.outcome, outcome.attempt], ['succeeded', attempts]);
        }
      }
      await supervisor.run({ id: 'later', run: 'true' }, 8000);
      await noTrouble(supervisor);
      assertToldOnce(supervisor);
      assert.deepEqual(await supervisor.stop(), { status: 0, signal: null });
    });
});

void test('a supervisor that waits for its disk is stopped at once', { skip }, async () => {
  await using faulty = FaultySupervisor.launch(await Root.make({ config }), {
    prepare: (faults) => faults.fail('ENOSPC', { operations: making, pattern: 'lib/**' }),
  });
  await using _root = faulty.root;
  await faulty.supervisor.line({ kind: 'trouble.began' });
  const asked = performance.now();
  assert.deepEqual(await faulty.supervisor.stop(), { status: 0, signal: null });
  assert.ok(performance.now() - asked < 3000);
});

type MaybeRule = ReturnType<FaultySupervisor['faults']['fail']> | null;
const struck = (rule: MaybeRule): number => rule?.struck() ?? 0;
const off = (rule: MaybeRule): void => rule?.off();
