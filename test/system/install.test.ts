import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { type Finished, finished } from './finished.ts';

const script = resolve(import.meta.dirname, '../../scripts/install.sh');

interface Stage extends AsyncDisposable {
  readonly directory: string;
  install(...flags: readonly string[]): Promise<Finished>;
}

async function stage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'booty-install-'));
  return {
    directory,
    install: (...flags) => finished(['sh', script, ...flags], { env: { DESTDIR: directory }, timeoutMs: 120_000 }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

void test('make install into a staging directory needs no root and gives a program that runs there', async () => {
  await using staged = await stage();
  const installed = await staged.install();
  assert.equal(installed.status, 0, installed.stdout + installed.stderr);
  const program = join(staged.directory, 'usr/bin/booty');
  assert.equal(await readlink(program), '../lib/booty/bin/booty');
  const help = await finished([program, '--help'], { env: { PATH: '/usr/bin:/bin' } });
  assert.deepEqual(
    { status: help.status, usage: /supervise/.test(help.stdout) },
    { status: 0, usage: true },
    help.stderr,
  );
  assert.equal(await modeOf(join(staged.directory, 'etc/booty/secrets.env')), '600');
  assert.equal(await modeOf(join(staged.directory, 'etc/booty/release.env')), '644');
  const units = ['booty.service', 'booty.socket', 'booty-drop@.service', 'booty-drop@.timer'].map(
    (name) => `systemd/system/${name}`,
  );
  for (const path of [...units, 'sysusers.d/booty.conf', 'tmpfiles.d/booty.conf', 'systemd/catalog/booty.catalog']) {
    assert.equal(await modeOf(join(staged.directory, 'usr/lib', path)), '644', path);
  }
  assert.match(installed.stdout, /systemd-sysusers/);
});

void test('installing again replaces the program and keeps every file in /etc/booty; uninstalling keeps them as well', async () => {
  await using staged = await stage();
  await staged.install();
  const secrets = join(staged.directory, 'etc/booty/secrets.env');
  await writeFile(secrets, 'SENTRY_DSN=https://key@example.com/1\n');
  const unit = join(staged.directory, 'usr/lib/systemd/system/booty.service');
  await writeFile(unit, 'old\n');

  const again = await staged.install();
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /kept .*secrets\.env/);
  assert.equal(await readFile(secrets, 'utf8'), 'SENTRY_DSN=https://key@example.com/1\n');
  assert.match(await readFile(unit, 'utf8'), /^ExecStart=\/usr\/bin\/booty supervise --secrets-stdin$/m);

  const removed = await staged.install('--uninstall');
  assert.equal(removed.status, 0, removed.stderr);
  assert.equal(existsSync(join(staged.directory, 'usr/lib/booty')), false);
  assert.deepEqual(await readdir(dirname(unit)), []);
  assert.equal(existsSync(secrets), true);
});
