import { cpSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { must } from '../system/finished.ts';

export interface FileSystem {
  readonly megabytes: number;
  /** What it holds; nothing where left out. */
  readonly tree?: string;
  /** False for what is only read. */
  readonly journal?: boolean;
}

/** The user of the machine's supervisor: see image.ts. */
const owner = 'root_owner=990:990';

/** Makes a disk with an ext4 of Debian's defaults, in a file with holes. */
export async function makeFileSystem(path: string, { megabytes, tree, journal = true }: FileSystem): Promise<void> {
  writeFileSync(path, '');
  truncateSync(path, megabytes * 2 ** 20);
  const options = tree === undefined ? ['-E', owner] : ['-d', tree];
  const features = journal ? [] : ['-O', '^has_journal'];
  await must(['mkfs.ext4', '-q', '-F', ...features, ...options, path], { timeoutMs: 120_000 });
}

/** Those that must not forget, in the order in which guest/init.sh mounts them. */
export async function makeDataDisks(directory: string): Promise<readonly string[]> {
  const disks = ['spool', 'state', 'outbox', 'incoming'].map((name) => join(directory, `${name}.img`));
  for (const path of disks) await makeFileSystem(path, { megabytes: 512 });
  return disks;
}

/** Slots for a few at once; the DSN's port is closed, so that every event stays in the outbox. */
const config = `concurrency: { pipeline: 4, verifier: 2 }
spool: { scanInterval: 1s }
defaults: { killGrace: 1s }
crash: { burst: 100000, maxPerHour: 1000000 }
`;
const secrets = 'SENTRY_DSN=http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1\n';

/**
 * The disk with the release and the witness.
 * @param release a directory as `make build` leaves it
 */
export async function makeProgramDisk(directory: string, release: string): Promise<string> {
  const tree = join(directory, 'program');
  mkdirSync(join(tree, 'etc'), { recursive: true });
  for (const part of ['bin', 'lib', 'package.json'])
    cpSync(join(release, part), join(tree, 'build', part), { recursive: true, dereference: true });
  cpSync(process.execPath, join(tree, 'node'));
  writeFileSync(join(tree, 'etc/booty.yaml'), config);
  writeFileSync(join(tree, 'etc/secrets.env'), secrets);
  await bundle(fileURLToPath(new URL('guest/witness.ts', import.meta.url)), join(tree, 'witness.mjs'));
  const disk = join(directory, 'program.img');
  await makeFileSystem(disk, { megabytes: 400, tree, journal: false });
  return disk;
}

/** In one file of plain JavaScript: an emulated processor shall not spend its time on types. */
export async function bundle(input: string, file: string): Promise<void> {
  const witness = await rolldown({ input, platform: 'node' });
  await witness.write({ file, format: 'esm' });
}
