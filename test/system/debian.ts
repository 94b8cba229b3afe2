import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished, gone } from './finished.ts';
import { searchPath } from './prerequisites.ts';

/** The Debians that are booted: 12 and 13. */
export type Suite = 'bookworm' | 'trixie';
export const suites: readonly Suite[] = ['bookworm', 'trixie'];

/** The systemd that each of them has. */
export const systemdOf: Readonly<Record<Suite, number>> = { bookworm: 252, trixie: 257 };

/** What they consist of. A change of anything here makes new roots. */
const recipe = { variant: 'minbase', include: ['systemd', 'systemd-sysv', 'dbus', 'libatomic1'] } as const;

/** What is made once and kept. */
export const cache = process.env.BOOTY_TEST_CACHE || '/var/cache/booty-test';

/** The directory of that Debian, made where it is not there yet. To be called under the lock. */
export async function debianRoot(suite: Suite): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  const root = join(cache, `debian-${suite}-${hash}`);
  if (existsSync(root)) return root;
  const unfinished = `${root}.new`;
  await rm(unfinished, { recursive: true, force: true });
  process.stderr.write(`SYSTEM: making ${root} with debootstrap, once: about a minute\n`);
  const mirror = process.env.BOOTY_TEST_MIRROR;
  const made = await finished(
    [
      'debootstrap',
      `--variant=${recipe.variant}`,
      `--include=${recipe.include.join(',')}`,
      suite,
      unfinished,
      ...(mirror ? [mirror] : []),
    ],
    { timeoutMs: 15 * 60_000 },
  );
  if (made.status !== 0)
    throw new Error(`debootstrap failed with ${made.status}:\n${made.stdout.slice(-2000)}${made.stderr.slice(-2000)}`);
  await rename(unfinished, root);
  return root;
}

/** The right to boot a container: one at a time on the machine. It ends with its holder, however that dies. */
export interface Lock extends AsyncDisposable {
  release(): Promise<void>;
}

export async function lockMachine(timeoutMs: number): Promise<Lock> {
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const seconds = String(Math.ceil(timeoutMs / 1000));
  // flock(1) holds the lock as long as its child lives, and the child as long as our end of its standard input is open.
  const holder = spawn(
    'flock',
    ['--wait', seconds, join(cache, 'lock'), 'sh', '-c', 'echo locked; exec cat >/dev/null'],
    {
      env: { ...process.env, PATH: searchPath },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  holder.stdin.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', () => reject(new Error(`another run held ${join(cache, 'lock')} for ${seconds} s`)));
    holder.stdout.once('data', () => resolve());
  });
  const release = async () => {
    holder.stdin.end();
    if (!(await gone(holder, 5000))) holder.kill('SIGKILL');
  };
  return { release, [Symbol.asyncDispose]: release };
}
