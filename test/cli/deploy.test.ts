import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { plainEnvironment, program } from '../harness/program.ts';

const script = resolve(import.meta.dirname, '../../etc/examples/deploy-release');

interface Site extends Disposable {
  readonly at: (path: string) => string;
  readonly deploy: (...words: readonly string[]) => { readonly status: number | null; readonly stderr: string };
  /** Makes a commit, and names it. */
  readonly commit: (text: string) => string;
  /** What was asked of systemctl. */
  readonly asked: () => string;
}

/** A machine with an application, on which systemctl and `booty status` are told, and `booty release` is the real one. */
function site(): Site {
  const directory = mkdtempSync(join(tmpdir(), 'booty-deploy-'));
  const at = (path: string): string => join(directory, path);
  for (const path of ['bin', 'root/etc', 'app/repository']) mkdirSync(at(path), { recursive: true });
  const put = (name: string, text: string): void => {
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${text}\n`);
    chmodSync(at(`bin/${name}`), 0o755);
  };
  put('systemctl', `echo "$@" >>${at('asked')}`);
  put('booty', `if [ "$1" = status ]; then exit 0; fi\nexec ${program} "$@"`);
  symlinkSync(process.execPath, at('bin/node'));
  writeFileSync(at('root/etc/secrets.env'), 'SENTRY_DSN=https://key@sentry.example.com/1\n', { mode: 0o600 });
  const env = {
    ...plainEnvironment,
    PATH: `${at('bin')}:${process.env.PATH}`,
    HOME: directory,
    BOOTY_ROOT: at('root'),
    APP_DIR: at('app'),
    APP_NAME: 'shop',
  };
  const git = (...words: readonly string[]): string => {
    const identity = ['-c', 'user.name=Deployer', '-c', 'user.email=deployer@example.com'];
    const done = spawnSync('git', ['-C', at('app/repository'), ...identity, ...words], { env, encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return done.stdout.trim();
  };
  git('init', '--quiet');
  return {
    at,
    deploy: (...words) => spawnSync(script, words, { env, encoding: 'utf8', timeout: 60_000 }),
    commit: (text) => {
      writeFileSync(at('app/repository/version'), text);
      git('add', '.');
      git('commit', '--quiet', '--message', text);
      return git('rev-parse', '--short=12', 'HEAD');
    },
    asked: () => (existsSync(at('asked')) ? readFileSync(at('asked'), 'utf8') : ''),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

void test('the deploy script switches to the commit, writes release.env, restarts Booty and leaves secrets.env alone', () => {
  using here = site();
  const secrets = statSync(here.at('root/etc/secrets.env'), { bigint: true });
  const older = here.commit('one');
  const newer = here.commit('two');
  for (const [commit, environment, version] of [
    [newer, 'production', 'two'],
    [older, 'staging', 'one'],
  ] as const) {
    const { status, stderr } = here.deploy(commit, ...(environment === 'production' ? [] : [environment]));
    assert.equal(status, 0, stderr);
    assert.equal(readlinkSync(here.at('app/current')), `releases/${commit}`);
    assert.equal(readFileSync(here.at('app/current/version'), 'utf8'), version);
    const release = readFileSync(here.at('root/etc/release.env'), 'utf8');
    assert.match(release, new RegExp(`^SENTRY_RELEASE=shop@${commit}\nSENTRY_ENVIRONMENT=${environment}$`, 'm'));
  }
  assert.equal(here.asked(), 'restart booty\n'.repeat(2));
  const after = statSync(here.at('root/etc/secrets.env'), { bigint: true });
  assert.deepEqual([after.ino, after.mtimeNs, after.ctimeNs], [secrets.ino, secrets.mtimeNs, secrets.ctimeNs]);
});

void test('what cannot be deployed changes nothing: no such commit, no commit, an environment that Booty refuses', () => {
  using here = site();
  const commit = here.commit('one');
  for (const words of [['0123abc'], [], [commit, 'sk_live_0123456789abcdefghij']]) {
    assert.notEqual(here.deploy(...words).status, 0, words.join(' '));
    assert.equal(existsSync(here.at('app/current')), false);
    assert.equal(existsSync(here.at('root/etc/release.env')), false);
  }
  assert.equal(here.asked(), '');
});
