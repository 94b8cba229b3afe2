import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../random.ts';
import { produce } from './load.ts';
import { isSettled, look, sha256 } from './look.ts';
import { directories, marksPath, root } from './places.ts';
import { line, say } from './say.ts';

/*
 * Runs as root in the machine whose power is cut: tells what it finds on the disks, starts the supervisor as its ordinary
 * user, loads it, and tells what it sees. In the last boot there is no load: everything shall end, and is looked at once more.
 */

const user = { uid: 990, gid: 990 };
const marksEveryMs = 25;
const settledEveryMs = 200;

/** What our host wants, from the command line of the kernel. */
function readWish(): { readonly boot: number; readonly seed: number; readonly settle: boolean } {
  const words = readFileSync('/proc/cmdline', 'utf8').trim().split(' ');
  const valueOf = (name: string): string =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  return { boot: Number(valueOf('boot')), seed: Number(valueOf('seed')), settle: valueOf('settle') === 'yes' };
}

/** As an installation makes them; what is below them is the supervisor's. */
function makeSpool(): void {
  for (const directory of [directories.incoming, directories.outcomes, directories.rejected]) {
    mkdirSync(directory, { recursive: true });
    chownSync(directory, user.uid, user.gid);
  }
}

function supervise(): ChildProcess {
  const supervisor = spawn('/program/build/bin/booty', ['supervise', '--root', root], {
    ...user,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', BOOTY_NODE: process.execPath },
    stdio: ['ignore', line, line],
  });
  supervisor.once('exit', (status, signal) => say({ kind: 'exited', status, signal }));
  say({ kind: 'supervising' });
  return supervisor;
}

/** Tells of outcome files as they appear. Returns how many jobs have ended, or were refused, since. */
function watchEnds(): () => number {
  const seen = new Set(readdirSync(directories.outcomes));
  const refused = new Set(readdirSync(directories.rejected));
  let ended = 0;
  watch(directories.outcomes, (_event, name) => {
    if (name === null || name.startsWith('.') || seen.has(name)) return;
    seen.add(name);
    say({
      kind: 'outcome',
      id: name.replace(/\.json$/, ''),
      sha256: sha256(readFileSync(join(directories.outcomes, name))),
    });
    if (!name.includes('+')) ended += 1;
  });
  watch(directories.rejected, (_event, name) => {
    if (name?.endsWith('.reason.json') !== true || name.startsWith('.') || refused.has(name)) return;
    refused.add(name);
    ended += 1;
  });
  return () => ended;
}

function followMarks(): void {
  let told = 0;
  setInterval(() => {
    const text = readFileSync(marksPath, 'latin1');
    const end = text.lastIndexOf('\n') + 1;
    const marks = text.slice(told, end).split('\n').slice(0, -1);
    told = end;
    for (const mark of marks) {
      const [what, id = '', attempt] = mark.split(' ');
      if (what === 'start' || what === 'end') say({ kind: 'mark', what, id, attempt: Number(attempt) });
    }
  }, marksEveryMs);
}

async function settle(supervisor: ChildProcess): Promise<void> {
  const exited = once(supervisor, 'exit');
  for (let quiet = 0; quiet < 2; ) {
    await sleep(settledEveryMs);
    if (supervisor.exitCode !== null) return;
    quiet = isSettled() ? quiet + 1 : 0;
  }
  supervisor.kill('SIGTERM');
  await exited;
  look();
  say({ kind: 'settled' });
}

const wish = readWish();
makeSpool();
const open = look();
const ended = watchEnds();
followMarks();
const supervisor = supervise();
if (wish.settle) {
  await settle(supervisor);
  process.exit();
}
produce(randomOf(wish.seed), wish.boot, open, ended);
