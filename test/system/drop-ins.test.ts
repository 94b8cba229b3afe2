import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Machine, systemTestOnEach, traces } from './machine.ts';

const directory = resolve(import.meta.dirname, '../../systemd/drop-ins');
const ptrace = process.arch === 'x64' ? 101 : 117;

/** For each drop-in what a job can do with it, and cannot without; null: it is only seen that the service starts with it. */
const needs: Readonly<Record<string, string | null>> = {
  // First: with those after it the supervisor is its ordinary user again, whom everything belongs to.
  'isolation.conf': null,
  'sudo.conf': '[ "$(suid-id --user)" = 0 ]',
  'network-tools.conf': "perl -e 'socket(my $packets, 17, 3, 0) or exit 1'",
  'sandboxes.conf': "unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /mnt && touch /mnt/mine'",
  'debuggers.conf': `perl -e 'exit(syscall(${ptrace}, 0, 0, 0, 0) == 0 ? 0 : 1)'`,
  'home-directories.conf': 'touch /home/ours/file',
  'gpu.conf': null,
};
const tested = Object.entries(needs);

/** Restarts the service with one drop-in, or with none. */
async function restart(machine: Machine, dropIn: string | null): Promise<void> {
  await machine.must(['rm', '-rf', '/etc/systemd/system/booty.service.d']);
  if (dropIn !== null)
    await machine.write(`/etc/systemd/system/booty.service.d/${dropIn}`, readFileSync(join(directory, dropIn), 'utf8'));
  await machine.must(['systemctl', 'daemon-reload']);
  await machine.must(['systemctl', 'restart', 'booty']);
}

let runs = 0;
async function works(machine: Machine, script: string): Promise<boolean> {
  const id = `need-${++runs}`;
  await machine.drop(`${id}.json`, JSON.stringify({ id, run: script }));
  return (await machine.outcome(id)).outcome === 'succeeded';
}

systemTestOnEach('each drop-in lets jobs do what it is for, which they cannot do without it', async (machine) => {
  assert.deepEqual(readdirSync(directory).sort(), [...Object.keys(needs), 'encrypted-secrets.conf'].sort());
  await machine.must(['install', '--mode=4755', '/usr/bin/id', '/usr/local/bin/suid-id']);
  await machine.must(['install', '--directory', '--owner=booty', '/home/ours']);
  await machine.must(['groupadd', '--system', '--force', 'render']);
  await restart(machine, null);
  for (const [dropIn, script] of tested)
    if (script !== null) assert.equal(await works(machine, script), false, `${dropIn} is not needed for: ${script}`);
  for (const [dropIn, script] of tested) {
    await restart(machine, dropIn);
    const verified = await machine.exec(['systemd-analyze', 'verify', 'booty.service']);
    assert.deepEqual([verified.status, verified.stderr], [0, ''], dropIn);
    assert.equal(await works(machine, script ?? 'true'), true, `${dropIn} is not enough for: ${script}`);
    if (dropIn === 'debuggers.conf') await supervisorStaysClosed(machine);
  }
});

/** PTRACE_ATTACH (16) to the supervisor, and its memory. */
async function supervisorStaysClosed(machine: Machine): Promise<void> {
  const { MainPID: pid } = await machine.unit('MainPID');
  const tries = `perl -e 'print syscall(${ptrace}, 16, ${pid}, 0, 0) == 0 ? "FOUND" : "closed $!"'; cat /proc/${pid}/environ`;
  await works(machine, `{ ${tries}; } >${traces}/tries 2>&1`);
  const report = await machine.must(['cat', `${traces}/tries`]);
  assert.match(report, /^closed Operation not permitted/);
  assert.match(report, /No such file or directory|Permission denied/);
}
