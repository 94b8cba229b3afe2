import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bootContainer, checkout } from './container.ts';
import { suites, systemdOf } from './debian.ts';
import { must } from './finished.ts';
import { type Machine, machineOn } from './machine.ts';
import { missingPrerequisite } from './prerequisites.ts';
import { testWhere } from './system-test.ts';

const home = resolve(import.meta.dirname, '../..');
const built = join(home, 'build/test-packages');

/** Two versions of the package, as the container sees them. */
export interface Packages {
  readonly older: string;
  readonly newer: string;
}

/** A Debian that has never seen Booty, with its packages at hand. On each version, or skipped with the reason. */
export function bareTestOnEach(name: string, body: (machine: Machine, packages: Packages) => Promise<void>): void {
  for (const suite of suites) {
    testWhere(missingPrerequisite(), `${name} (systemd ${systemdOf[suite]})`, 20 * 60_000, async (context) => {
      const packages = await (made ??= makePackages());
      const container = await bootContainer(suite);
      context.after(() => container.stop());
      const machine = machineOn(container);
      try {
        await body(machine, packages);
      } catch (error) {
        for (const { message } of machine.journal.entries.slice(-80)) context.diagnostic(message);
        throw error;
      } finally {
        await container.stop();
      }
    });
  }
}

let made: Promise<Packages> | null = null;

/** As `make deb` makes them, but not compressed. */
async function makePackages(): Promise<Packages> {
  const make = async (version: string): Promise<string> => {
    const script = join(home, 'scripts/make-deb.ts');
    const env = { DEB_VERSION: version, DEB_COMPRESSION: 'none' };
    const told = await must([process.execPath, script, '--out', built], { env, timeoutMs: 180_000 });
    return /^\S+/.exec(told)?.[0] ?? '';
  };
  const older = await make('0.0.9');
  await makeDifferent(older);
  const newer = await make('0.1.0');
  const seen = (path: string): string => path.replace(home, checkout);
  return { older: seen(older), newer: seen(newer) };
}

/** Lets an older version differ as one does: its parts have other names, and its booty.yaml another text. */
async function makeDifferent(archive: string): Promise<void> {
  const directory = mkdtempSync(join(built, 'older-'));
  try {
    await must(['dpkg-deb', '--raw-extract', archive, directory], { timeoutMs: 60_000 });
    const lib = join(directory, 'usr/lib/booty/lib');
    // `list-B3mHeELG.mjs` is `list-old0B3mHeELG.mjs` there.
    const renamed = (text: string): string => text.replaceAll(/-([A-Za-z0-9_-]{8}\.mjs)/g, '-old0$1');
    for (const name of readdirSync(lib).filter((each) => each.endsWith('.mjs'))) {
      const path = join(lib, name);
      writeFileSync(path, renamed(readFileSync(path, 'utf8')));
      renameSync(path, join(lib, renamed(name)));
    }
    const config = join(directory, 'etc/booty/booty.yaml');
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n# As the older version has it.\n`);
    rmSync(join(directory, 'DEBIAN/md5sums'));
    await must(['dpkg-deb', '--root-owner-group', '-Znone', '--build', directory, archive], { timeoutMs: 60_000 });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What a person types, with nobody there to answer a question. */
export const apt = (machine: Machine, ...words: readonly string[]): Promise<string> =>
  machine.must(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '--yes', '--no-install-recommends', ...words], {
    timeoutMs: 180_000,
  });
