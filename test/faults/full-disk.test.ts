import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { searchPath } from '../system/prerequisites.ts';
import { testWithMounts } from './namespace.ts';
import { assertToldOnce, config, playRound, surroundings } from './trouble-round.ts';

/* Real file systems that are really full: of bytes, and of inodes. How else a disk may refuse: refusing-disk.test.ts. */

const places: Readonly<Record<string, readonly string[]>> = {
  spool: ['spool', 'outcomes'],
  lib: ['ledger', 'jobs', 'outbox'],
  'lib/jobs': ['jobs'],
  'lib/outbox': ['outbox'],
};

/** A small file system of its own, in memory. */
class SmallDisk {
  readonly path: string;
  readonly #filler: string;

  constructor(path: string) {
    this.path = path;
    this.#filler = join(path, '.filler');
    mkdirSync(path, { recursive: true });
    const options = 'size=4m,nr_inodes=300,mode=0755';
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', path], {
      env: { PATH: searchPath },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  }

  fillBytes(): void {
    const file = openSync(this.#filler, 'w');
    const page = Buffer.alloc(4096);
    untilFull(() => writeSync(file, page));
    closeSync(file);
  }

  fillInodes(): void {
    mkdirSync(this.#filler);
    let number = 0;
    untilFull(() => writeFileSync(join(this.#filler, String((number += 1))), ''));
  }

  free(): void {
    rmSync(this.#filler, { recursive: true });
  }

  unmount(): void {
    spawnSync('umount', ['-l', this.path], { env: { PATH: searchPath } });
  }
}

function untilFull(add: () => unknown): void {
  for (let tries = 0; tries < 100_000; tries += 1) {
    try {
      add();
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      return;
    }
  }
  assert.fail('it is never full');
}

const ways = ['bytes', 'inodes'] as const;
const fill = (disk: SmallDisk, way: (typeof ways)[number]): void =>
  way === 'bytes' ? disk.fillBytes() : disk.fillInodes();

testWithMounts('disks that are really full', import.meta.filename, () => {
  for (const [place, where] of Object.entries(places))
    for (const way of ways)
      void test(`${place} without ${way}: what runs goes on, nothing is lost or charged, and all resumes by itself`, async () => {
        await using root = await Root.make({ config });
        const disk = new SmallDisk(root.in(place));
        using _mount = { [Symbol.dispose]: () => disk.unmount() };
        await using around = await surroundings(root);
        await using supervisor = await SupervisorProcess.start(root, { env: around.env });
        const trouble = { where, begin: () => fill(disk, way), end: () => disk.free() };
        await playRound({ ...around, supervisor, trouble });
      });

  for (const place of ['spool', 'lib'])
    for (const way of ways)
      void test(`a start with ${place} without ${way}: it waits, says so once, and goes on by itself`, async () => {
        await using root = await Root.make({ config });
        const disk = new SmallDisk(root.in(place));
        using _mount = { [Symbol.dispose]: () => disk.unmount() };
        fill(disk, way);
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
