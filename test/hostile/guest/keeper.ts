import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { alone, together } from '../bounded-jobs.ts';

/*
 * Runs as root in the machine: delegates a cgroup as a service manager does, starts the supervisor in it as an ordinary user,
 * has it run the jobs, and says on the second serial line how each ended.
 */

const user = 990;
const cgroup = '/sys/fs/cgroup/booty.service';
const line = openSync('/dev/ttyS1', constants.O_WRONLY | constants.O_NOCTTY);
const outcomes = '/booty/spool/outcomes';
const patienceMs = 240_000;

function say(what: object): void {
  const bytes = Buffer.from(`${JSON.stringify(what)}\n`);
  for (let written = 0; written < bytes.length; ) written += writeSync(line, bytes, written);
}

function delegate(): void {
  writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpu +memory +pids +io');
  execFileSync('mkdir', [cgroup]);
  for (const name of ['', '/cgroup.procs', '/cgroup.subtree_control', '/cgroup.threads'])
    execFileSync('chown', [`${user}:${user}`, `${cgroup}${name}`]);
  // setxattr(2): what systemd says by Delegate=.
  const setAttribute = `my ($path, $name, $value) = ("${cgroup}", "user.delegate", "1"); syscall(188, $path, $name, $value, 1, 0) == 0 or die $!`;
  execFileSync('perl', ['-e', setAttribute]);
}

function supervise(): ChildProcess {
  const enter = `echo $$ >${cgroup}/cgroup.procs && exec setpriv --reuid ${user} --regid ${user} --clear-groups --no-new-privs "$@"`;
  const argv = ['-c', enter, 'enter', '/program/build/bin/booty', 'supervise', '--root', '/booty'];
  const env = { PATH: process.env.PATH, LANG: 'C.UTF-8', BOOTY_NODE: process.execPath };
  const supervisor = spawn('sh', argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  supervisor.stdout?.setEncoding('utf8').on('data', (text: string) => say({ journal: text.trim().split('\n') }));
  supervisor.once('exit', (status, signal) => say({ exited: { status, signal } }));
  return supervisor;
}

function drop(id: string, text: string): void {
  writeFileSync(`/booty/spool/incoming/.${id}`, `id: ${id}\n${text}`);
  renameSync(`/booty/spool/incoming/.${id}`, `/booty/spool/incoming/${id}.yaml`);
}

async function ended(ids: readonly string[]): Promise<void> {
  const until = performance.now() + patienceMs;
  while (!ids.every((id) => existsSync(`${outcomes}/${id}.json`)) && performance.now() < until) await sleep(100);
  for (const id of ids) {
    const path = `${outcomes}/${id}.json`;
    say({ id, outcome: existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : null });
  }
}

delegate();
const supervisor = supervise();
while (!existsSync('/booty/spool/incoming')) await sleep(100);
for (const [id, text] of Object.entries(together)) drop(id, text);
await ended(Object.keys(together));
for (const [id, text] of Object.entries(alone)) {
  drop(id, text);
  await ended([id]);
}
const left = readdirSync(`${cgroup}/jobs`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
say({ left: left.map(({ name }) => name), same: supervisor.exitCode === null && supervisor.signalCode === null });
supervisor.kill('SIGTERM');
await new Promise((resolve) => supervisor.once('exit', resolve));
say({ done: true });
process.exit();
