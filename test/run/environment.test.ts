import assert from 'node:assert/strict';
import { mkdtempDisposableSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { machineEnvironment, timeZone } from '../../src/run/environment.ts';

/** As Intl finds it. */
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

void test('the time zone that a job is told is the one that this machine has', () => {
  const { TZ } = machineEnvironment();
  assert.equal(Intl.DateTimeFormat('en', { timeZone: TZ }).resolvedOptions().timeZone, ownZone);
});

const targets: readonly (readonly [string, string | null])[] = [
  ['/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
  ['../usr/share/zoneinfo/America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ['/usr/share/zoneinfo/Etc/UTC', 'UTC'],
  ['/usr/share/zoneinfo/Etc/GMT+3', 'Etc/GMT+3'],
  ['/usr/share/zoneinfo/right/Europe/Berlin', null],
  ['/usr/share/zoneinfo/localtime', null],
  ['/etc/zone', null],
];
for (const [target, zone] of targets)
  void test(`a link to ${target} names ${zone ?? 'no time zone'}`, () => {
    using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-zone-'));
    const link = join(directory.path, 'localtime');
    symlinkSync(target, link);
    assert.equal(timeZone(undefined, link), zone ?? ownZone);
  });

void test('a file in place of a link, or nothing at all, names no time zone', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-zone-'));
  const file = join(directory.path, 'localtime');
  assert.equal(timeZone(undefined, file), ownZone);
  writeFileSync(file, 'TZif');
  assert.equal(timeZone('', file), ownZone);
});

void test('what the environment says goes before the link', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-zone-'));
  const link = join(directory.path, 'localtime');
  symlinkSync('/usr/share/zoneinfo/Asia/Tokyo', link);
  assert.equal(timeZone('Europe/Berlin', link), ownZone, 'Intl has read it already');
});
