import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cache, debianRoot } from '../system/debian.ts';
import { must } from '../system/finished.ts';
import { makeFileSystem } from './disks.ts';

/** What the machine boots: the cached Debian's programs without its papers, and a kernel that finds its disks without an initrd. */
const recipe = {
  kernel: 'linux-image-cloud-amd64',
  directories: ['bin', 'sbin', 'lib', 'lib64', 'etc', 'usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64'],
  mountPoints: ['dev', 'proc', 'sys', 'run', 'tmp', 'program', 'booty'],
  user: 'booty:x:990:990::/booty/lib:/bin/sh\n',
  group: 'booty:x:990:\n',
  init: readFileSync(join(import.meta.dirname, 'guest/init.sh'), 'utf8'),
} as const;

export interface Image {
  readonly kernel: string;
  /** A file system, read-only. */
  readonly root: string;
}

/** Made where it is not there yet. To be called under the lock. */
export async function powerImage(): Promise<Image> {
  const debian = await debianRoot('bookworm');
  const hash = createHash('sha256')
    .update(JSON.stringify([recipe, debian]))
    .digest('hex')
    .slice(0, 12);
  const directory = join(cache, `power-${hash}`);
  if (!existsSync(directory)) {
    process.stderr.write(`SYSTEM: making ${directory}, once: some seconds\n`);
    const unfinished = `${directory}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    await makeKernel(unfinished);
    await makeRoot(unfinished, debian);
    await rename(unfinished, directory);
  }
  return { kernel: join(directory, 'vmlinuz'), root: join(directory, 'root.img') };
}

/** Out of its package, which is not installed: a kernel's installation takes long, and is no business of this machine. */
async function makeKernel(into: string): Promise<void> {
  const work = join(into, 'kernel');
  await mkdir(work);
  const fetch = [
    'sh',
    '-c',
    `cd "$1" && apt-get download -qq -o APT::Sandbox::User=root "$(${dependency})"`,
    'sh',
    work,
  ];
  await must(['sh', '-c', `${dependency} | grep -q . || apt-get update -qq`], { timeoutMs: 120_000 });
  await must(fetch as [string, ...string[]], { timeoutMs: 300_000 });
  const deb = readdirSync(work).find((name) => name.endsWith('.deb')) ?? '';
  await must(['dpkg-deb', '-x', join(work, deb), join(work, 'tree')], { timeoutMs: 120_000 });
  const boot = join(work, 'tree/boot');
  const kernel = readdirSync(boot).find((name) => name.startsWith('vmlinuz-')) ?? '';
  await rename(join(boot, kernel), join(into, 'vmlinuz'));
  await rm(work, { recursive: true });
}

/** Prints the package of the kernel of today, which the other one only depends on. */
const dependency = `apt-cache depends ${recipe.kernel} 2>/dev/null | sed -n 's/^ *Depends: //p'`;

async function makeRoot(into: string, debian: string): Promise<void> {
  const tree = join(into, 'tree');
  for (const directory of recipe.directories) {
    await mkdir(join(tree, directory, '..'), { recursive: true });
    if (existsSync(join(debian, directory))) await must(['cp', '-a', join(debian, directory), join(tree, directory)]);
  }
  for (const directory of recipe.mountPoints) await mkdir(join(tree, directory));
  await appendFile(join(tree, 'etc/passwd'), recipe.user);
  await appendFile(join(tree, 'etc/group'), recipe.group);
  await writeFile(join(tree, 'init'), recipe.init, { mode: 0o755 });
  await makeFileSystem(join(into, 'root.img'), { megabytes: 400, tree, journal: false });
  await rm(tree, { recursive: true });
}
