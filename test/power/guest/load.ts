import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.ts';
import { jobFile } from './jobs.ts';
import { sha256 } from './look.ts';
import { directories } from './places.ts';
import { say } from './say.ts';

const tickMs = 40;
const mostAtOnce = 3;
/** Jobs that have not ended: bounds what is left to do when the last cut is made. */
const maxOpen = 24;
/** How much of the load is made durable by its producer, as `booty submit` does it. */
const submittedPart = 0.4;

/** Drops jobs as fast as they end, for ever. `open` tells how many from before have not, and `ended` how many have since. */
export function produce(random: Random, boot: number, open: number, ended: () => number): void {
  let dropped = 0;
  setInterval(() => {
    for (let count = Math.ceil(random() * mostAtOnce); count > 0 && open + dropped - ended() < maxOpen; count -= 1) {
      dropped += 1;
      drop(random, `b${boot}-${dropped}`);
    }
  }, tickMs);
}

function drop(random: Random, id: string): void {
  const { extension, content, expected } = jobFile(random, id);
  const submitted = random() < submittedPart;
  const file = `${id}.${extension}`;
  const directory = directories.incoming;
  const temporary = join(directory, `.${file}.new`);
  const descriptor = openSync(temporary, 'wx', 0o644);
  writeSync(descriptor, content);
  if (submitted) fsyncSync(descriptor);
  closeSync(descriptor);
  say({ kind: 'dropped', file, sha256: sha256(content), expected });
  renameSync(temporary, join(directory, file));
  if (!submitted) return;
  syncDirectory(directory);
  say({ kind: 'submitted', file });
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
