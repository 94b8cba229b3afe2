import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { type Architecture, changelogText, dependencies } from '../../scripts/deb/texts.ts';
import { finished, must } from './finished.ts';

/*
 * What a package holds, and that it can be made again. `make deb-test` (BOOTY_DEB=full): both architectures, compressed.
 */

const home = resolve(import.meta.dirname, '../..');
const isFull = process.env.BOOTY_DEB === 'full';
const own: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const architectures: readonly Architecture[] = isFull ? ['amd64', 'arm64'] : [own];
const missing = await finished(['sh', '-c', 'command -v dpkg-deb readelf']);
const skip = missing.status === 0 ? false : 'SYSTEM: there is no dpkg-deb or no readelf (binutils) on this machine';

mkdirSync(join(home, 'build'), { recursive: true });
const scratch = mkdtempSync(join(home, 'build/deb-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Builds the package in a checkout, and names it. */
async function build(checkout: string, out: string, architecture: Architecture, env = {}): Promise<string> {
  const told = await must([process.execPath, join(checkout, 'scripts/make-deb.ts'), '--out', out, architecture], {
    env: {
      SOURCE_DATE_EPOCH: '1764547200',
      DEB_COMPRESSION: isFull ? (process.env.DEB_COMPRESSION ?? 'xz') : 'none',
      ...env,
    },
    timeoutMs: 300_000,
  });
  return /^\S+/.exec(told)?.[0] ?? '';
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The files of this checkout at another place. Only what the packages hold is the same on disk. */
async function elsewhere(): Promise<string> {
  const directory = join(scratch, 'another place');
  mkdirSync(join(directory, 'runtime'), { recursive: true });
  const copy = 'git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$1"';
  await must(
    [
      'sh',
      '-c',
      `cd "$0" && ${copy} && cp -al node_modules "$1" && cp -al runtime/node_modules "$1/runtime"`,
      home,
      directory,
    ],
    {
      timeoutMs: 120_000,
    },
  );
  return directory;
}

for (const architecture of architectures) {
  void test(`two builds for ${architecture} at different places and times of day give the same bytes`, {
    skip,
  }, async () => {
    const first = await build(home, join(scratch, 'here'), architecture);
    const directory = await elsewhere();
    const second = await build(directory, join(scratch, 'there'), architecture, {
      TZ: 'Asia/Tokyo',
      LANG: 'C',
      LC_ALL: 'C',
    });
    assert.equal(hashOf(first), hashOf(second), 'compare them with diffoscope');
    rmSync(directory, { recursive: true });
    await holds(first, architecture);
  });
}

const expected = [
  '-rw-r--r-- ./etc/booty/booty.yaml',
  '-rw-r--r-- ./usr/share/booty/secrets.env',
  '-rwxr-xr-x ./usr/lib/booty/runtime/bin/node',
  '-rw-r--r-- ./usr/lib/booty/lib/booty.mjs',
  '-rw-r--r-- ./usr/lib/booty/lib/module-host.mjs',
  '-rw-r--r-- ./usr/lib/systemd/system/booty.service',
  '-rw-r--r-- ./usr/lib/systemd/system/booty-drop@.timer',
  '-rw-r--r-- ./usr/lib/systemd/catalog/booty.catalog',
  '-rw-r--r-- ./usr/lib/sysusers.d/booty.conf',
  '-rw-r--r-- ./usr/lib/tmpfiles.d/booty.conf',
  '-rw-r--r-- ./usr/share/man/man1/booty.1.gz',
  '-rw-r--r-- ./usr/share/man/man5/booty-job.5.gz',
  '-rw-r--r-- ./usr/share/man/man5/booty.yaml.5.gz',
  '-rw-r--r-- ./usr/share/man/man8/booty.service.8.gz',
  '-rw-r--r-- ./usr/share/bash-completion/completions/booty',
  '-rw-r--r-- ./usr/share/zsh/vendor-completions/_booty',
  '-rw-r--r-- ./usr/share/fish/vendor_completions.d/booty.fish',
  '-rwxr-xr-x ./usr/share/doc/booty/examples/deploy-release',
  '-rw-r--r-- ./usr/share/doc/booty/copyright',
  '-rw-r--r-- ./usr/share/doc/booty/changelog.gz',
];

async function holds(path: string, architecture: Architecture): Promise<void> {
  const listed = (await must(['dpkg-deb', '--contents', path], { timeoutMs: 60_000 })).trim().split('\n');
  const files = listed.map((line) => {
    const [, mode, owner, name] = /^(\S+) (\S+) +\d+ \S+ \S+ (.*)$/.exec(line) ?? [];
    assert.equal(owner, 'root/root', line);
    return `${mode} ${name}`;
  });
  for (const file of expected) assert.ok(files.includes(file), `${file} is missing`);
  assert.deepEqual(
    files.filter((file) => /etc\/booty\/./.test(file)),
    ['-rw-r--r-- ./etc/booty/booty.yaml'],
  );
  assert.ok(files.includes('lrwxrwxrwx ./usr/bin/booty -> ../lib/booty/bin/booty'));
  // Nothing that a program could be tricked into by its mode.
  assert.deepEqual(
    files.filter((file) => /^-(?!rw-r--r--|rwxr-xr-x)|^d(?!rwxr-xr-x)/.test(file)),
    [],
  );
  assert.equal((await must(['dpkg-deb', '--field', path, 'Architecture'])).trim(), architecture);

  const unpacked = join(scratch, `unpacked-${architecture}`);
  await must(['dpkg-deb', '--extract', path, unpacked], { timeoutMs: 60_000 });
  const natives = (await must(['find', join(unpacked, 'usr/lib/booty'), '-name', 'node', '-o', '-name', '*.node']))
    .trim()
    .split('\n');
  assert.equal(natives.length, 2, natives.join(' '));
  for (const native of natives) await dependsOnlyOnWhatIsSaid(native);
  rmSync(unpacked, { recursive: true });
}

/** Which package of Debian brings a library. */
const brings: Readonly<Record<string, string>> = {
  'libatomic.so.1': 'libatomic1',
  'libstdc++.so.6': 'libstdc++6',
  'libgcc_s.so.1': 'libgcc-s1',
};

/** The newest symbols that the versions in `Depends` have: libstdc++ numbers its own, 3.4.22 came with GCC 6. */
const newest: Readonly<Record<string, string>> = {
  GLIBC: '2.28',
  GLIBCXX: '3.4.22',
  CXXABI: '1.3.11',
  GCC: '7.0.0',
  LIBATOMIC: '1.0',
};

async function dependsOnlyOnWhatIsSaid(program: string): Promise<void> {
  const said = new Set(dependencies.map((each) => each.split(' ')[0] ?? ''));
  for (const [, library = ''] of (await must(['readelf', '--dynamic', '--wide', program])).matchAll(
    /NEEDED.*\[(.*)\]/g,
  ))
    assert.ok(
      said.has(brings[library] ?? 'libc6') &&
        (brings[library] || /^(?:libc|libm|libdl|libpthread|ld-linux[-\w]*)\.so/.test(library)),
      library,
    );
  for (const [, family = '', version = ''] of (await must(['readelf', '--version-info', '--wide', program])).matchAll(
    /Name: ([A-Z]+)_([\d.]+)/g,
  )) {
    const limit = newest[family];
    assert.ok(
      limit !== undefined && version.localeCompare(limit, 'en', { numeric: true }) <= 0,
      `${family}_${version} in ${program}`,
    );
  }
}

void test('the newest entries of CHANGELOG.md are those of the package, in the form that Debian reads', () => {
  const changelog = readFileSync(join(home, 'CHANGELOG.md'), 'utf8');
  const identity = { version: '0.1.0', architecture: own, maintainer: 'A B <a@example.org>' };
  const text = changelogText(identity, changelog, 1_764_547_200);
  assert.match(text, /^booty \(0\.1\.0\) unstable; urgency=medium\n\n {2}\* \S/);
  assert.match(text, /\n\n -- A B <a@example\.org> {2}Mon, 01 Dec 2025 00:00:00 \+0000\n$/);
  for (const line of text.split('\n')) assert.ok(line.length <= 80 || !/ \S+ /.test(line.slice(4)), line);
  assert.equal(text.match(/^ {2}\* /gm)?.length, changelog.match(/^- /gm)?.length);
});
