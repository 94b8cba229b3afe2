import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { changelogText, controlText, copyrightText, type Identity } from './texts.ts';

const root = join(import.meta.dirname, '../..');

export interface Source {
  readonly build: string;
  /** Its bin/node and LICENSE. */
  readonly runtime: string;
  readonly identity: Identity;
  readonly epoch: number;
}

/** What the package holds: that which `make install` installs, and what Debian wants of a package beside it. */
export function stage(directory: string, { build, runtime, identity, epoch }: Source): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  execFileSync(join(root, 'scripts/install.sh'), {
    env: { PATH: process.env.PATH, DESTDIR: directory, BOOTY_BUILD: build, BOOTY_RUNTIME: join(runtime, 'bin/node') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const at = (path: string): string => join(directory, path);
  // Files of people's are no files of the package: the postinst puts them there once.
  mkdirSync(at('usr/share/booty'), { recursive: true });
  for (const name of ['secrets.env', 'release.env']) {
    renameSync(at(`etc/booty/${name}`), at(`usr/share/booty/${name}`));
    chmodSync(at(`usr/share/booty/${name}`), 0o644);
  }
  const doc = 'usr/share/doc/booty';
  const licences = {
    booty: readFileSync(join(root, 'LICENSE'), 'utf8'),
    node: readFileSync(join(runtime, 'LICENSE'), 'utf8'),
    others: readFileSync(join(build, 'lib/THIRD-PARTY-LICENCES'), 'utf8'),
  };
  for (const path of [`${doc}/LICENSE`, `${doc}/LICENSE.node`, 'usr/lib/booty/lib/THIRD-PARTY-LICENCES'])
    rmSync(at(path), { force: true });
  put(at(`${doc}/copyright`), copyrightText(licences));
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  put(at(`${doc}/changelog.gz`), gzipSync(changelogText(identity, changelog, epoch), { level: 9 }));
  copy('lintian-overrides', at('usr/share/lintian/overrides/booty'), 0o644);
  const files = [...filesBelow(directory)];
  const bytes = files.reduce((sum, path) => sum + Math.ceil(lstatSync(at(path)).size / 1024) * 1024, 0);
  const sums = files
    .filter((path) => path !== 'etc/booty/booty.yaml' && lstatSync(at(path)).isFile())
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(at(path)))
          .digest('hex')}  ${path}\n`,
    );
  put(at('DEBIAN/control'), controlText(identity, Math.ceil(bytes / 1024)));
  put(at('DEBIAN/conffiles'), '/etc/booty/booty.yaml\n');
  put(at('DEBIAN/md5sums'), sums.join(''));
  for (const script of ['postinst', 'prerm', 'postrm']) copy(script, at(`DEBIAN/${script}`), 0o755);
  setTimes(directory, epoch);
}

function* filesBelow(directory: string, below = ''): Generator<string> {
  for (const entry of readdirSync(join(directory, below), { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(directory, path);
    else yield path;
  }
}

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o644 });
}

function copy(name: string, path: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(join(import.meta.dirname, name), path);
  chmodSync(path, mode);
}

/** The same files at any time: the same package. */
function setTimes(path: string, epoch: number): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), epoch);
  lutimesSync(path, epoch, epoch);
}
