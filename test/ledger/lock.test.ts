import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BootyError } from '../../src/job/error.ts';
import { supervisorHolding, takeSupervisorLock } from '../../src/ledger/lock.ts';

const program = join(import.meta.dirname, '../children/hold-lock.ts');

/** A process that holds the lock, and a child of it that outlives it. */
async function startHolder(path: string) {
  const holder = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(holder, 'exit');
  const [line] = (await once(holder.stdout, 'data')) as [Buffer];
  const childPid = Number(line);
  return {
    pid: holder.pid ?? -1,
    kill: async (): Promise<void> => {
      holder.kill('SIGKILL');
      await exited;
    },
    childPid,
  };
}

void test('a second supervisor is refused and told the pid of the first, until that is killed', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-lock-'));
  const path = join(directory.path, 'supervisor.lock');
  assert.equal(supervisorHolding(path), null);
  const holder = await startHolder(path);
  try {
    assert.equal(supervisorHolding(path), holder.pid);
    for (let attempt = 0; attempt < 2; attempt += 1)
      assert.throws(
        () => takeSupervisorLock(path),
        (error) =>
          error instanceof BootyError &&
          error.code === 'LEDGER_HELD' &&
          error.message === `another supervisor (pid ${holder.pid}) holds ${path}`,
      );
    assert.equal(supervisorHolding(path), holder.pid, 'whoever was refused did not take the lock away');
    await holder.kill();
    assert.doesNotThrow(() => process.kill(holder.childPid, 0), 'its child lives on');
    assert.equal(supervisorHolding(path), null);
    using lock = takeSupervisorLock(path);
    assert.equal(lock.path, path);
    assert.equal(supervisorHolding(path), process.pid);
  } finally {
    await holder.kill();
    process.kill(holder.childPid, 'SIGKILL');
  }
});

void test('a lock that is given back can be taken again', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-lock-'));
  const path = join(directory.path, 'supervisor.lock');
  {
    using _lock = takeSupervisorLock(path);
    assert.throws(
      () => takeSupervisorLock(path),
      (error) => error instanceof BootyError && error.code === 'LEDGER_HELD',
    );
    assert.equal(supervisorHolding(path), process.pid, 'a second try in the same process does not let go of it');
  }
  assert.equal(supervisorHolding(path), null);
  using _again = takeSupervisorLock(path);
  assert.equal(existsSync(`${path}-journal`), false);
});

void test('a lock that cannot be made is told with its path', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-lock-'));
  const taken = join(directory.path, 'directory');
  mkdirSync(taken);
  const text = join(directory.path, 'text');
  writeFileSync(text, 'no database, and long enough to be seen as none '.repeat(50));
  for (const path of [join(directory.path, 'missing', 'x.lock'), taken, text])
    assert.throws(
      () => takeSupervisorLock(path),
      (error) => error instanceof BootyError && error.code === 'STATE_NOT_WRITABLE' && error.message.includes(path),
    );
});
