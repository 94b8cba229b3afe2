import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { testWithMounts } from './namespace.ts';
import { SmallDisk, type Way, ways } from './small-disk.ts';
import { assertToldOnce, config, playRound, surroundings } from './trouble-round.ts';

/* Real file systems that are really full: of bytes, and of inodes. How else a disk may refuse: refusing-disk.test.ts. */

const places: Readonly<Record<string, readonly string[]>> = {
  spool: ['spool', 'outcomes'],
  lib: ['ledger', 'jobs', 'outbox'],
  'lib/jobs': ['jobs'],
  'lib/outbox': ['outbox'],
};

testWithMounts('disks that are really full', import.meta.filename, () => {
  for (const [place, where] of Object.entries(places))
    for (const way of ways)
      void test(`${place} without ${way}: what runs goes on, nothing is lost or charged, and all resumes by itself`, async () => {
        await using root = await Root.make({ config });
        const disk = new SmallDisk(root.in(place));
        using _mount = { [Symbol.dispose]: () => disk.unmount() };
        await using around = await surroundings(root);
        await using supervisor = await SupervisorProcess.start(root, { env: around.env });
        const trouble = { where, begin: () => disk.fill(way), end: () => disk.free() };
        await playRound({ ...around, supervisor, trouble });
      });

  // An empty directory takes no bytes: a spool without any is found out when there is something to tell.
  const starts: readonly (readonly [string, Way])[] = [
    ['spool', 'inodes'],
    ['lib', 'bytes'],
    ['lib', 'inodes'],
  ];
  for (const [place, way] of starts)
    void test(`a start with ${place} without ${way}: it waits, says so once, and goes on by itself`, async () => {
      await using root = await Root.make({ config });
      const disk = new SmallDisk(root.in(place));
      using _mount = { [Symbol.dispose]: () => disk.unmount() };
      disk.fill(way);
      await using supervisor = SupervisorProcess.launch(root);
      await supervisor.line({ kind: 'trouble.began' });
      await sleep(2500);
      assert.equal(supervisor.exit, null, supervisor.stderr);
      assertToldOnce(supervisor);
      disk.free();
      await supervisor.line({ kind: 'supervisor.ready' }, 8000);
      assert.equal((await supervisor.run({ id: 'later', run: 'true' })).outcome, 'succeeded');
      assertToldOnce(supervisor);
      await supervisor.stop();
    });

  void test('a job whose own writes find no room crashes, and is the only one', async () => {
    await using root = await Root.make({ config });
    const disk = new SmallDisk(root.in('lib/jobs'));
    using _mount = { [Symbol.dispose]: () => disk.unmount() };
    await using supervisor = await SupervisorProcess.start(root);
    await root.dropJob({ id: 'greedy', run: 'dd if=/dev/zero of=much bs=64k 2>/dev/null || exit 7' });
    assert.equal((await supervisor.outcome('greedy')).exitCode, 7);
    assert.equal((await supervisor.run({ id: 'modest', run: 'echo little > made' })).outcome, 'succeeded');
  });
});
