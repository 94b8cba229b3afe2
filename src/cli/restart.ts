import { execFile, spawn } from 'node:child_process';
import { closeSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../disk/durable.ts';
import { becomeSubreaper, openPipe, refuseOrphans } from '../native/libc.ts';
import { takePassedFiles } from '../native/passed-files.ts';
import { openSocketPair } from '../native/socket-pair.ts';
import { awaitServiceManager, openNotify, storeFile } from '../native/systemd.ts';
import type { CgroupTree } from '../run/cgroup-tree.ts';
import { enterKeeperCgroup } from '../run/keeper-cgroups.ts';
import type { PassedKeeper } from '../supervise/keepers.ts';
import type { Aside, Asked, Restart } from '../supervise/restart.ts';
import type { Left } from '../supervise/stopping.ts';

/*
 * Nothing here is loaded only when it is needed: by then an upgrade may have taken its file away.
 */

/** The name of a keeper's socket among the files that the service manager passes on. */
const keeperPrefix = 'keeper-';

const answerMs = 3000;
const actMs = 5000;
const leaveMs = 45_000;

/**
 * What systemd does for a restart under which jobs run on; null where it does not: before 254, or where the unit has no
 * FileDescriptorStoreMax=.
 *
 *   a socket into the descriptor store ──▶ MAINPID= says that a process of its own is the main one ──▶ that ends ──▶ the next one is started
 */
export function restartOf(env: NodeJS.ProcessEnv, tree: CgroupTree | null, marks: string): Restart | null {
  if (!env.NOTIFY_SOCKET || !(Number(env.FDSTORE) > 0) || tree === null) return null;
  const unit = basename(dirname(tree.jobs));
  return { marks, asked: () => asked(unit), standAside: () => standAside(unit, tree) };
}

async function asked(unit: string): Promise<Asked> {
  try {
    const [jobs, properties] = await Promise.all([
      systemctl('list-jobs', '--no-legend', '--plain', '--full', unit),
      show(unit, 'KillMode', 'FileDescriptorStoreMax', 'NFileDescriptorStore'),
    ]);
    // "4711 booty.service restart running"
    const isRestart = jobs.split('\n').some((line) => {
      const [, name, type] = line.trim().split(/\s+/);
      return name === unit && type === 'restart';
    });
    if (!isRestart) return { kind: 'stop' };
    if (properties.KillMode !== 'process') return refused(`KillMode=${properties.KillMode}, and not process`);
    const room = Number(properties.FileDescriptorStoreMax) - Number(properties.NFileDescriptorStore);
    return room > 0
      ? { kind: 'restart' }
      : refused(`FileDescriptorStoreMax=${properties.FileDescriptorStoreMax} has no room`);
  } catch (error) {
    return refused(`systemctl does not say what is asked: ${textOf(error)}`);
  }
}

const refused = (why: string): Asked => ({ kind: 'refused', why });

async function standAside(unit: string, tree: CgroupTree): Promise<Aside | { readonly refused: string }> {
  const notify = openNotify(process.env);
  if (!notify) return { refused: 'there is no service manager' };
  let ends: readonly [number, number] | null = null;
  let standIn: StandIn | null = null;
  try {
    ends = openSocketPair();
    enterKeeperCgroup(tree);
    storeFile(`${keeperPrefix}${process.pid}`, ends[1]);
    await awaitServiceManager(actMs);
    closeSync(ends[1]);
    const [file] = ends;
    ends = null;
    if (!isOpen(file)) {
      closeSync(file);
      return { refused: 'its descriptor store took no file' };
    }
    standIn = await startStandIn();
    notify(`MAINPID=${standIn.pid}`);
    await awaitServiceManager(actMs);
    const { MainPID } = await show(unit, 'MainPID');
    if (MainPID !== String(standIn.pid)) {
      closeSync(file);
      return { refused: `the main process is ${MainPID}, and not ${standIn.pid}` };
    }
    return { file, leave: leaveInTime(standIn.end) };
  } catch (error) {
    if (ends) ends.forEach(closeSync);
    return { refused: textOf(error) };
  }
}

/**
 * systemd waits for us now as long as TimeoutStopSec= says, and not for a process that hangs: the next supervisor would be started
 * beside it, and be refused. That is worse than to lose what runs.
 */
function leaveInTime(leave: () => void): () => void {
  const late = setTimeout(() => process.kill(process.pid, 'SIGKILL'), leaveMs);
  return () => {
    clearTimeout(late);
    leave();
  };
}

/** Whether somebody has the other end of a socket. */
function isOpen(file: number): boolean {
  try {
    return readSync(file, Buffer.alloc(1)) > 0;
  } catch (error) {
    if (errorCode(error) !== 'EAGAIN') throw error;
    return true;
  }
}

interface StandIn {
  readonly pid: number;
  readonly end: () => void;
}

/**
 * A process that waits for us to let it go, or to die, and whose parent is the service manager: that is told of its end. A shell
 * starts it and dies; we do not take the orphan.
 */
async function startStandIn(): Promise<StandIn> {
  const hold = openPipe();
  refuseOrphans();
  try {
    const shell = spawn('/bin/sh', ['-c', 'exec 3<&0; cat <&3 >/dev/null 2>&1 & echo $!'], {
      stdio: [hold.read, 'pipe', 'ignore'],
      env: { PATH: process.env.PATH },
    });
    let said = '';
    shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await new Promise((resolve, reject) => {
      shell.once('close', resolve);
      shell.once('error', reject);
    });
    const pid = Number(said);
    if (!(pid > 0)) throw new Error('no process could be started that stands in');
    return { pid, end: () => closeSync(hold.write) };
  } finally {
    closeSync(hold.read);
    becomeSubreaper();
  }
}

const systemctl = async (...words: readonly string[]): Promise<string> => {
  const environment = { PATH: process.env.PATH, LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' };
  const { stdout } = await promisify(execFile)('systemctl', words, { timeout: answerMs, env: environment });
  return stdout;
};

async function show<Name extends string>(unit: string, ...names: readonly Name[]): Promise<Record<Name, string>> {
  const text = await systemctl('show', `--property=${names.join(',')}`, unit);
  const pairs = text
    .trim()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs) as Record<Name, string>;
}

function textOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said || (error instanceof Error ? error.message : String(error));
}

export const passedKeepers = (): readonly PassedKeeper[] =>
  takePassedFiles(process.env, process.pid, keeperPrefix).map(({ name, file }) => ({ pid: Number(name), file }));

/** From here on nothing is ours but the attempts that run. */
export async function keep({ keeper, leave }: Left): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.removeAllListeners(signal);
    process.once(signal, () => void keeper.end());
  }
  process.title = 'booty-keeper';
  leave();
  await keeper.run();
}

export const marksOf = (socket: string): string => join(dirname(socket), 'kept');
