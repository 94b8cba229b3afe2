import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  groupExists,
  groupLives,
  groupMembers,
  readBootId,
  signalGroup,
  startTimeOf,
} from '../../src/run/processes.ts';
import { poll } from '../harness/waiting.ts';

const gone = 2 ** 22 - 1;

void test('a process is known by when it started, whatever it is called', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'booty-proc-'));
  const program = join(directory.path, 'a) R 1 (b');
  copyFileSync('/bin/sleep', program);
  const child = spawn(program, ['30'], { stdio: 'ignore', detached: true });
  const exited = once(child, 'exit');
  const pid = child.pid ?? 0;
  try {
    await poll('its name', () => (readFileSync(`/proc/${pid}/comm`, 'utf8') === 'a) R 1 (b\n' ? true : null));
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const seconds = Number(startTimeOf(pid)) / 100;
    assert.ok(seconds > uptime - 60 && seconds <= uptime + 1, `${seconds} of ${uptime}`);
    assert.deepEqual(groupMembers(pid), [pid]);
    assert.equal(groupLives(pid), true);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  assert.equal(startTimeOf(pid), null);
  assert.deepEqual([groupExists(pid), groupLives(pid), groupMembers(pid)], [false, false, []]);
});

void test('a zombie is nobody that runs', async () => {
  // The parent never waits for its child.
  const program = '$| = 1; my $child = fork; exit 0 unless $child; print "$child\\n"; sleep 30';
  const parent = spawn('perl', ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line);
  try {
    const state = await poll('a zombie', () =>
      /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')) ? 'Z' : null,
    );
    assert.equal(state, 'Z');
    assert.equal(startTimeOf(pid), null);
  } finally {
    parent.kill('SIGKILL');
  }
});

void test('a group that is gone is told, not thrown', () => {
  assert.equal(signalGroup(gone, 'SIGTERM'), false);
  assert.equal(groupExists(gone), false);
  assert.equal(startTimeOf(gone), null);
  assert.match(readBootId(), /^[0-9a-f-]{36}$/);
});
