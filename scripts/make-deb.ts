import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchPinned } from './deb/foreign.ts';
import { stage } from './deb/stage.ts';
import { type Architecture, architectures, maintainer } from './deb/texts.ts';
import { epochOfSource, versionOfPackage } from './shared-files.ts';

/*
 * Builds booty_VERSION_ARCH.deb: make-deb.ts [--out DIR] [ARCHITECTURE…], of this machine's where none is named.
 *   SOURCE_DATE_EPOCH  the time that its files bear; default: that of the last commit
 *   DEB_VERSION        default: that of package.json
 *   DEB_MAINTAINER     NAME <ADDRESS>, for those who hand it on
 *   DEB_COMPRESSION    none, gzip or xz (the default)
 * The same commit gives the same bytes, on any machine with the same dpkg-deb and liblzma.
 */

const root = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
const out = values.out ?? join(root, 'build/deb');
const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
process.umask(0o022);
mkdirSync(out, { recursive: true });

for (const name of positionals.length > 0 ? positionals : [own]) {
  if (!isArchitecture(name))
    throw new Error(`no such architecture: ${name}; there are ${Object.keys(architectures).join(' and ')}`);
  const path = make(name);
  process.stdout.write(`${path} (${Math.round(statSync(path).size / 1e6)} MB)\n`);
}

function make(architecture: Architecture): string {
  const machine = architectures[architecture];
  const epoch = epochOfSource();
  const version = process.env.DEB_VERSION || versionOfPackage();
  const pinned = (lock: string, name: string): string =>
    architecture === own
      ? join(root, lock, '../node_modules', name)
      : fetchPinned(join(root, lock), name, join(out, 'fetched'));
  const runtime = pinned('runtime/package-lock.json', `node-linux-${machine}`);
  const build = join(out, `build-${architecture}`);
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], {
    env: {
      ...process.env,
      SOURCE_DATE_EPOCH: String(epoch),
      BOOTY_BUILD: build,
      BOOTY_ARCH: machine,
      BOOTY_NATIVE: pinned('package-lock.json', `@koromix/koffi-linux-${machine}`),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const staged = join(out, `stage-${architecture}`);
  const identity = { version, architecture, maintainer: process.env.DEB_MAINTAINER || maintainer };
  stage(staged, { build, runtime, identity, epoch });
  const path = join(out, `booty_${version}_${architecture}.deb`);
  // Level 2: most of the package is one program that higher levels make a tenth smaller in three times the time.
  const compression = process.env.DEB_COMPRESSION || 'xz';
  const level = compression === 'none' ? [] : ['-z2'];
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, ...level, '--build', staged, path], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return path;
}

function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(architectures, name);
}
