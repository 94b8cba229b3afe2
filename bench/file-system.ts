import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/** By their magic numbers (statfs(2)). */
const names: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlayfs',
  0x2fc12fc1: 'zfs',
  0x01021994: 'tmpfs',
};

/** The file system that holds a directory, with what makes its fsync something else than on most machines. */
export function describeFileSystem(directory: string): string {
  const { type } = statfsSync(directory);
  const name = names[type] ?? `file system 0x${type.toString(16)}`;
  if (name === 'tmpfs') return 'tmpfs (in memory: every fsync is free)';
  if (name === 'ext4' && !hasJournal(directory)) return 'ext4 without a journal';
  return name;
}

/** ext4 tells of each device how it journals data, where it does (/proc/fs/ext4/DEVICE/options, `data=`). */
function hasJournal(directory: string): boolean {
  const { dev } = statSync(directory);
  const row = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[2] === `${major(dev)}:${minor(dev)}`);
  const device = /^.* - \S+ (\S+)/.exec(row ?? '')?.[1];
  const options = device === undefined ? null : `/proc/fs/ext4/${basename(device)}/options`;
  return options === null || !existsSync(options) || readFileSync(options, 'utf8').includes('data=');
}

// As Linux packs them into dev_t (makedev(3)), for the numbers that fit into 32 bits.
const major = (dev: number): number => (dev >>> 8) & 0xfff;
const minor = (dev: number): number => (dev & 0xff) | ((dev >>> 12) & 0xfff00);
