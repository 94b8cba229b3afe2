import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const always = ['debootstrap', 'setpriv', 'flock'];

/** Why a container with real systemd can't be booted here; null where it can. */
export function missingPrerequisite(): string | null {
  const missing = missingOf([...always, 'systemd-nspawn', 'nsenter']);
  return missing ?? (existsSync('/proc/self/ns/cgroup') ? null : 'needs cgroup namespaces');
}

/** Why a virtual machine can't be booted here; null where it can. */
export function missingForVirtualMachine(): string | null {
  if (process.arch !== 'x64') return `needs x64, this is ${process.arch}`;
  return missingOf([...always, 'apt-get', 'dpkg-deb', 'mkfs.ext4', 'qemu-system-x86_64']);
}

function missingOf(programs: readonly string[]): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'needs root';
  const absent = programs.filter((name) => !onPath(name));
  return absent.length > 0 ? `needs ${absent.join(', ')} (the packages of test/debian-packages.txt)` : null;
}

/** What becomes of the tests on a booted system: they run, or they are skipped, or on CI they fail, each with its reason. */
export type Decision = { readonly kind: 'run' } | { readonly kind: 'skip' | 'fail'; readonly reason: string };

export function decide(env: NodeJS.ProcessEnv, missing: string | null): Decision {
  if (env.SYSTEM_TESTS === '0') return { kind: 'skip', reason: 'SYSTEM: SYSTEM_TESTS=0' };
  if (missing === null) return { kind: 'run' };
  return { kind: env.CI === 'true' ? 'fail' : 'skip', reason: `SYSTEM: ${missing}` };
}

/** Debian has some of them in directories that are not on every user's PATH. */
export const searchPath = [
  ...new Set([...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']),
].join(delimiter);

function onPath(name: string): boolean {
  return searchPath.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  });
}
