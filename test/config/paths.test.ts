import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { configPath, type PathChoices, type Paths, pathsOfEnvironment, resolvePaths } from '../../src/config/paths.ts';

void test('without any choice, Booty lives where the system’s programs do', () => {
  assert.deepEqual(resolvePaths({}, {}, {}), {
    config: '/etc/booty/booty.yaml',
    secrets: '/etc/booty/secrets.env',
    release: '/etc/booty/release.env',
    modules: '/etc/booty/modules',
    templates: '/etc/booty/templates.d',
    recurring: '/etc/booty/recurring',
    spool: '/var/spool/booty',
    incoming: '/var/spool/booty/incoming',
    claimed: '/var/spool/booty/incoming/.claimed',
    rejected: '/var/spool/booty/rejected',
    outcomes: '/var/spool/booty/outcomes',
    state: '/var/lib/booty',
    ledger: '/var/lib/booty/ledger.db',
    lock: '/var/lib/booty/supervisor.lock',
    jobs: '/var/lib/booty/jobs',
    outbox: '/var/lib/booty/outbox',
    socket: '/run/booty/booty.sock',
  });
});

void test('a root puts everything below one directory, and nothing outside of it', () => {
  for (const paths of [resolvePaths({ root: '/r' }, {}, {}), resolvePaths({}, { root: '/r' }, {})]) {
    for (const path of Object.values(paths) as string[]) assert.ok(path.startsWith('/r/'), path);
    const { config, secrets, spool, state } = paths;
    assert.deepEqual(
      [config, secrets, spool, state],
      ['/r/etc/booty.yaml', '/r/etc/secrets.env', '/r/spool', '/r/lib'],
    );
  }
});

type Chosen = 'secrets' | 'release' | 'modules' | 'templates' | 'spool' | 'state' | 'socket';

for (const name of [
  'secrets',
  'release',
  'modules',
  'templates',
  'spool',
  'state',
  'socket',
] as const satisfies readonly Chosen[]) {
  void test(`${name}: a flag wins over the environment, that over booty.yaml, that over the root`, () => {
    const of = (value: string): PathChoices => ({ [name]: value });
    const chosen = (flags: PathChoices, env: PathChoices, file: PathChoices): string =>
      resolvePaths(flags, env, file)[name];
    assert.equal(chosen(of('/flag'), of('/env'), of('/file')), '/flag');
    assert.equal(chosen({ root: '/r' }, of('/env'), of('/file')), '/env');
    assert.equal(chosen({ root: '/r' }, {}, of('/file')), '/file');
    assert.match(chosen({ root: '/r' }, { root: '/s' }, {}), /^\/r\//);
    assert.match(chosen({}, { root: '/s' }, {}), /^\/s\//);
  });
}

void test('the configuration file is chosen by flag, environment or root, never by itself', () => {
  const table: readonly (readonly [flags: PathChoices, env: PathChoices, path: string])[] = [
    [{ config: '/flag.yaml', root: '/r' }, { config: '/env.yaml' }, '/flag.yaml'],
    [{ root: '/r' }, { config: '/env.yaml' }, '/env.yaml'],
    [{ root: '/r' }, { root: '/s' }, '/r/etc/booty.yaml'],
    [{}, { root: '/s' }, '/s/etc/booty.yaml'],
    [{}, {}, '/etc/booty/booty.yaml'],
  ];
  for (const [flags, env, path] of table) {
    assert.equal(configPath(flags, env), path);
    assert.equal(resolvePaths(flags, env, { config: '/file.yaml' }).config, path);
  }
});

void test('a place that is chosen takes what lies in it along', () => {
  const paths: Paths = resolvePaths({ spool: '/a', state: '/b' }, {}, {});
  assert.deepEqual(
    [paths.incoming, paths.rejected, paths.ledger, paths.outbox],
    ['/a/incoming', '/a/rejected', '/b/ledger.db', '/b/outbox'],
  );
});

void test('a relative place is one below the working directory', () => {
  const paths = resolvePaths({ root: 'here' }, {}, { spool: './s/../t' });
  assert.equal(paths.state, resolve('here/lib'));
  assert.equal(paths.spool, resolve('t'));
});

void test('an empty variable counts as unset', () => {
  const names = ['ROOT', 'CONFIG', 'SECRETS', 'RELEASE', 'MODULES', 'TEMPLATES', 'SPOOL', 'STATE', 'SOCKET'];
  const empty = Object.fromEntries(names.map((name) => [`BOOTY_${name}`, '']));
  assert.deepEqual(resolvePaths({}, pathsOfEnvironment(empty), {}), resolvePaths({}, {}, {}));
  const set = Object.fromEntries(names.map((name) => [`BOOTY_${name}`, `/${name}`]));
  assert.deepEqual(pathsOfEnvironment(set), {
    root: '/ROOT',
    config: '/CONFIG',
    secrets: '/SECRETS',
    release: '/RELEASE',
    modules: '/MODULES',
    templates: '/TEMPLATES',
    spool: '/SPOOL',
    state: '/STATE',
    socket: '/SOCKET',
  });
});
