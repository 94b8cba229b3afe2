import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempDisposableSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ledger } from '../../src/ledger/ledger.ts';
import { supervisorHolding, takeSupervisorLock } from '../../src/ledger/lock.ts';
import { testWithMounts } from '../faults/namespace.ts';

/** Two file systems made alike, as those of two containers are: the first file of each has one inode. */
function makeTwins() {
  const directory = mkdtempDisposableSync(join(tmpdir(), 'booty-twins-'));
  const [first, second] = ['first', 'second'].map((name) => {
    const path = join(directory.path, name);
    mkdirSync(path);
    mount(path);
    return path;
  }) as [string, string];
  return {
    first,
    second,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--lazy', first, second]);
      directory.remove();
    },
  };
}

const mount = (path: string): unknown => execFileSync('mount', ['-t', 'tmpfs', 'none', path]);
const inodeOf = (path: string): number => statSync(path).ino;

testWithMounts('locks and ledgers of file systems that are alike', import.meta.filename, () => {
  void test('a supervisor on another file system is not taken for ours, whatever inode its lock has', () => {
    using twins = makeTwins();
    const [ours, theirs] = [join(twins.first, 'lock'), join(twins.second, 'lock')];
    {
      using _once = takeSupervisorLock(ours);
    }
    using _lock = takeSupervisorLock(theirs);
    assert.equal(inodeOf(ours), inodeOf(theirs));
    assert.deepEqual([supervisorHolding(theirs), supervisorHolding(ours)], [process.pid, null]);
  });

  void test('a supervisor is found through another mount of its file system, and below an overlay', () => {
    using twins = makeTwins();
    const [bound, overlaid] = [join(twins.second, 'bound'), join(twins.second, 'overlaid')];
    for (const name of ['bound', 'overlaid', 'upper', 'work']) mkdirSync(join(twins.second, name));
    execFileSync('mount', ['--bind', twins.first, bound]);
    {
      using _lock = takeSupervisorLock(join(twins.first, 'lock'));
      assert.equal(supervisorHolding(join(bound, 'lock')), process.pid);
    }
    const layers = `lowerdir=${twins.first},upperdir=${join(twins.second, 'upper')},workdir=${join(twins.second, 'work')}`;
    execFileSync('mount', ['-t', 'overlay', '-o', layers, 'none', overlaid]);
    using _lock = takeSupervisorLock(join(overlaid, 'lock'));
    assert.equal(supervisorHolding(join(overlaid, 'lock')), process.pid);
  });

  void test('a ledger on which another file system was mounted is not in its place, whatever inode that has there', () => {
    using twins = makeTwins();
    const path = join(twins.first, 'ledger.db');
    using ledger = new Ledger(path);
    assert.equal(ledger.isInPlace(), true);
    const inode = inodeOf(path);
    mount(twins.first);
    using _other = new Ledger(path);
    assert.equal(inodeOf(path), inode);
    assert.equal(ledger.isInPlace(), false);
    execFileSync('umount', ['--lazy', twins.first]);
    assert.equal(ledger.isInPlace(), true);
  });
});
