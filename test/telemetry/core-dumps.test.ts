import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Receiver } from '../harness/receiver.ts';
import { Root } from '../harness/root.ts';
import { SupervisorProcess } from '../harness/supervisor.ts';
import { rootOnly } from '../supervise/another-user.ts';

/*
 * A machine that has systemd-coredump, as a supervisor sees it: the kernel's pattern, and a journal that answers. Both are
 * seen by nobody else.
 */

const message = `Process 110 (crash) of user 990 dumped core.

Stack trace of thread 110:
#0  0x000055e5d53ae165 price (crash + 0x1165)
#1  0x000055e5d53ae1d6 main (crash + 0x11d6)
#2  0x00007f01fabd1305 __libc_start_main (libc.so.6 + 0x27305)
`;

const entryOf = (root: Root, id: string, more: string): string =>
  JSON.stringify({
    MESSAGE: message,
    COREDUMP_ENVIRON: `PATH=/usr/bin\nBOOTY_ATTEMPT_MARK=${root.in('lib/jobs', id)}/1\n${more}`,
    COREDUMP_EXE: '/srv/job/crash',
    COREDUMP_SIGNAL_NAME: 'SIGSEGV',
  });

/** @param journalctl a script; $ROOT is the root */
async function start(root: Root, journalctl: string): Promise<SupervisorProcess> {
  await root.write('pattern', '|/lib/systemd/systemd-coredump %P %u %g %s %t %c %h\n');
  await root.write('journalctl', `#!/bin/sh\nROOT=${root.path}\necho "$*" >>"$ROOT/asked"\n${journalctl}\n`, 0o755);
  const set = `mount --bind ${root.in('pattern')} /proc/sys/kernel/core_pattern && mount -t tmpfs none /usr/local/sbin && cp ${root.in('journalctl')} /usr/local/sbin/ && exec "$@"`;
  return SupervisorProcess.start(root, { wrapper: ['unshare', '--mount', 'sh', '-ec', set, 'sh'] });
}

function lacksNamespace(t: TestContext): boolean {
  if (spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0) return false;
  t.skip('SYSTEM: needs a mount namespace of its own');
  return true;
}

const crash = `sh -c 'kill -SEGV $$' || exit $?`;
const timesAsked = (root: Root): number =>
  existsSync(root.in('asked')) ? readFileSync(root.in('asked'), 'utf8').trim().split('\n').length : 0;

void test(
  'a program that dies of a signal has the stack of its core, as soon as systemd-coredump has read it',
  rootOnly,
  async (t) => {
    if (lacksNamespace(t)) return;
    await using receiver = await Receiver.listen();
    const secret = 'correct-horse-battery';
    await using root = await Root.make({ secrets: `SENTRY_DSN=${receiver.dsn}\nPGPASSWORD=${secret}\n` });
    await root.write(
      'entries',
      `${entryOf(root, 'other', '')}\n${entryOf(root, 'dumped', `PGPASSWORD=${secret}\n`)}\n`,
    );
    await using supervisor = await start(root, 'test "$(wc -l <"$ROOT/asked")" -lt 2 || cat "$ROOT/entries"');
    const { sentry, reason } = await supervisor.run({ id: 'dumped', run: crash });
    assert.equal(reason, 'SIGSEGV: Segmentation fault: crash');
    const { event, raw } = await receiver.event(sentry?.eventId ?? '');
    const [exception] = event.exception?.values ?? [];
    assert.equal(event.platform, 'native');
    assert.deepEqual(
      exception?.stacktrace?.frames.map((frame) => [frame.function, frame.filename, frame.in_app]),
      [
        ['__libc_start_main', 'libc.so.6', false],
        ['main', '/srv/job/crash', true],
        ['price', '/srv/job/crash', true],
      ],
    );
    assert.equal(timesAsked(root), 2, 'it was not there at the first look');
    assert.match(readFileSync(root.in('asked'), 'utf8'), /MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1/);
    assert.ok(!raw.includes(secret), 'nothing of the environment goes along');
    // What did not die of such a signal asks nobody.
    await supervisor.run({ id: 'other-end', run: 'exit 3' });
    assert.equal(timesAsked(root), 2);
  },
);

void test('a journal that may not be read costs one wait, and no event', rootOnly, async (t) => {
  if (lacksNamespace(t)) return;
  await using receiver = await Receiver.listen();
  await using root = await Root.make({ dsn: receiver.dsn });
  await using supervisor = await start(
    root,
    'echo "No journal files were opened due to insufficient permissions." >&2; exit 1',
  );
  const first = await supervisor.run({ id: 'first', run: crash });
  const waited = timesAsked(root);
  assert.ok(waited >= 2 && waited <= 6, `${waited} looks`);
  assert.equal(first.sentry?.capture, 'captured');
  const second = await supervisor.run({ id: 'second', run: crash });
  assert.equal(timesAsked(root), waited + 1);
  const { event } = await receiver.event(second.sentry?.eventId ?? '');
  assert.match(event.exception?.values[0]?.type ?? '', /SIGSEGV|139/);
});
