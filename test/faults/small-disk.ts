import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { searchPath } from '../system/prerequisites.ts';

export const ways = ['bytes', 'inodes'] as const;
export type Way = (typeof ways)[number];

/** A small file system of its own, in memory. */
export class SmallDisk {
  readonly path: string;
  readonly #filler: string;
  #filling: NodeJS.Timeout | null = null;

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

  /** Until it is freed; what somebody gives back meanwhile is taken at once. */
  fill(way: Way): void {
    mkdirSync(this.#filler);
    const add = way === 'bytes' ? this.#addBytes() : this.#addInodes();
    untilFull(add);
    this.#filling = setInterval(() => untilFull(add), 2);
  }

  free(): void {
    if (this.#filling) clearInterval(this.#filling);
    rmSync(this.#filler, { recursive: true });
  }

  #addBytes(): () => void {
    const path = join(this.#filler, 'pages');
    const page = Buffer.alloc(4096);
    return () => appendFileSync(path, page);
  }

  #addInodes(): () => void {
    let number = 0;
    return () => writeFileSync(join(this.#filler, String((number += 1))), '');
  }

  unmount(): void {
    if (this.#filling) clearInterval(this.#filling);
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
