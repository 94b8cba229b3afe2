import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { mountPoint } from '../run/cgroups.ts';
import { debianRoot, lockMachine, type Suite } from './debian.ts';
import { type Finished, finished, gone, type RunOptions, until } from './finished.ts';
import { searchPath } from './prerequisites.ts';

/** Where the checkout is seen in the container, read-only. */
export const checkout = '/opt/booty-checkout';

const lockTimeoutMs = 20 * 60_000;
const bootTimeoutMs = 60_000;

/** The environment of whatever is run in the container: nothing of the machine's own gets in. */
const cleanEnvironment = [
  'env',
  '--ignore-environment',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
  'LANG=C.UTF-8',
] as const;

export interface ExecOptions extends RunOptions {
  /** Default: root. */
  readonly user?: string | undefined;
}

/** A booted Debian with systemd as its first process, on a file system of its own that is gone with it, and without a network. */
export interface Container extends AsyncDisposable {
  readonly suite: Suite;
  /** Runs a program in it, whatever its exit status. */
  exec(argv: readonly [string, ...string[]], options?: ExecOptions): Promise<Finished>;
  /** Runs a program that must succeed, and returns its output. */
  must(argv: readonly [string, ...string[]], options?: ExecOptions): Promise<string>;
  /** Starts a program whose lines are followed until the container stops. */
  follow(argv: readonly [string, ...string[]], onLine: (line: string) => void): void;
  /** Ends everything in it. May be called again. */
  stop(): Promise<void>;
}

/**
 * Boots one, as soon as no other runs on this machine.
 * @param disk a directory that keeps what is written in it, for the next one that boots from it; null: nothing is kept
 */
export async function bootContainer(suite: Suite, disk: string | null = null): Promise<Container> {
  const lock = await lockMachine(lockTimeoutMs);
  try {
    await removeCgroups();
    return await boot(suite, await debianRoot(suite), disk, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The cgroups of a container outlive it, and belong to users of its that the next one has under other numbers. */
const removeCgroups = (): Promise<Finished> =>
  finished(['sh', '-c', '[ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} +', 'sh', `${mountPoint()}/payload`]);

async function boot(suite: Suite, root: string, disk: string | null, release: () => Promise<void>): Promise<Container> {
  const nspawn = startNspawn(root, disk);
  let console = '';
  for (const stream of [nspawn.stdout, nspawn.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      console = (console + text).slice(-20_000);
    });
  }
  const followers = new Set<ChildProcess>();
  let leader: number | null = null;

  const enter = (argv: readonly string[], user?: string): [string, ...string[]] => {
    const asUser = user === undefined ? [] : ['runuser', '--user', user, '--'];
    return ['nsenter', '--target', String(leader), '--all', '--', ...cleanEnvironment, ...asUser, ...argv];
  };
  const exec: Container['exec'] = (argv, options = {}) => finished(enter(argv, options.user), options);
  const must: Container['must'] = async (argv, options) => {
    const result = await exec(argv, options);
    if (result.status === 0) return result.stdout;
    throw new Error(`exit status ${result.status}: ${argv.join(' ')}\n${result.stdout}${result.stderr}`);
  };
  const follow: Container['follow'] = (argv, onLine) => {
    const [program, ...rest] = enter(argv);
    const child = spawn(program, rest, { env: { PATH: searchPath }, stdio: ['ignore', 'pipe', 'inherit'] });
    followers.add(child);
    createInterface({ input: child.stdout }).on('line', onLine);
  };

  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= stopOnce());
  const stopOnce = async () => {
    try {
      await end(nspawn, leader, followers);
    } finally {
      await release();
    }
  };

  try {
    leader = await until('the container has a first process', bootTimeoutMs, () => {
      if (nspawn.exitCode !== null) throw new Error(`systemd-nspawn ended with ${nspawn.exitCode}:\n${console}`);
      return firstProcessBelow(nspawn.pid);
    });
    const state = await until('systemd answers', bootTimeoutMs, async () => {
      const answer = await exec(['systemctl', 'is-system-running', '--wait'], { timeoutMs: bootTimeoutMs });
      return /^(?:running|degraded)$/m.test(answer.stdout) ? answer.stdout.trim() : null;
    });
    if (state !== 'running')
      throw new Error(`the container is ${state}:\n${await must(['systemctl', '--failed', '--no-pager'])}${console}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { suite, exec, must, follow, stop, [Symbol.asyncDispose]: stop };
}

/** Puts a file system whose changes stay in a directory over another, seen by nobody else, and runs a program there. */
const onDisk =
  'mkdir -p "$2/upper" "$2/work" "$2/root" && mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" disk "$2/root" && shift 2 && exec "$@"';

function startNspawn(root: string, disk: string | null): ChildProcess {
  const source = resolve(import.meta.dirname, '../..');
  // systemd-nspawn does not take the container with it when it is killed, but a process namespace around it does: its end is the
  // end of all that is in it. The parent-death signals make that happen also when this process is killed.
  const bound = ['--pdeathsig', 'SIGKILL', 'unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
  const nspawn = [
    'systemd-nspawn',
    '--quiet',
    `--directory=${disk === null ? root : `${disk}/root`}`,
    '--machine=booty-test',
    '--console=pipe',
    '--boot',
  ];
  const overlay = disk === null ? [] : ['sh', '-c', onDisk, 'disk', root, disk];
  const isolation = [
    `--volatile=${disk === null ? 'overlay' : 'no'}`,
    '--register=no',
    '--keep-unit',
    '--private-network',
    '--link-journal=no',
  ];
  const files = ['--timezone=off', '--resolv-conf=off', `--bind-ro=${source.replaceAll(':', '\\:')}:${checkout}`];
  return spawn('setpriv', [...bound, ...overlay, ...nspawn, ...isolation, ...files], {
    // Some machines have cgroup v1 with the unified hierarchy beside it: the container gets the unified one alone, as Debian has it.
    env: { PATH: searchPath, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The pid, as seen from here, of the container's first process: the descendant that has become systemd. Null before that. */
function firstProcessBelow(pid: number | undefined): number | null {
  for (const child of readLine(`/proc/${pid}/task/${pid}/children`).split(' ')) {
    if (child === '') continue;
    if (readLine(`/proc/${child}/comm`) === 'systemd') return Number(child);
    const below = firstProcessBelow(Number(child));
    if (below !== null) return below;
  }
  return null;
}

/** Empty where the process has gone meanwhile. */
function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}

async function end(nspawn: ChildProcess, leader: number | null, followers: ReadonlySet<ChildProcess>): Promise<void> {
  if (nspawn.exitCode === null && nspawn.signalCode === null) {
    // The death of the first process ends all others; systemd-nspawn then removes the file system, and ends.
    if (leader === null) nspawn.kill('SIGTERM');
    else process.kill(leader, 'SIGKILL');
  }
  if (!(await gone(nspawn, 20_000))) {
    nspawn.kill('SIGKILL');
    if (!(await gone(nspawn, 10_000))) throw new Error(`systemd-nspawn (pid ${nspawn.pid}) does not die`);
  }
  // Last: each of them reaps the program that it followed, which the end of the container has ended.
  for (const follower of followers) if (!(await gone(follower, 5000))) follower.kill('SIGKILL');
}
