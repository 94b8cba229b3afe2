import { createHash } from 'node:crypto';
import { fchmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../disk/durable.ts';
import type { AttemptUnits } from './attempt-units.ts';
import { billFiles } from './cgroup-bill.ts';
import { isPopulated, killCgroup, membersOf } from './cgroup-end.ts';
import { type Child, type ChildSpec, refusedStart, type Started, startChild } from './child.ts';
import type { OnOutput } from './output.ts';
import { startProgram } from './program.ts';
import { findRunnable, ofTheShell } from './program-flaw.ts';
import type { ChildEnd } from './reaper.ts';
import type { Shortage } from './shortage.ts';
import { sliceName } from './unit-host.ts';
import { propertiesOf, type UnitWish } from './unit-properties.ts';
import { exitOfUnit, parseUnitRecord, type UnitRecord, usageOfUnit } from './unit-record.ts';
import { readSmallFile } from './workdir.ts';

/*
 * A step in a unit of its own. systemd-run(1) is the child that we follow: systemd gets our two pipes through it, and its
 * end is the end of the unit. How the program ended, and what it used, root's hook of the unit writes down beside.
 *
 *   systemd-run ──▶ begin: the job's files are the unit's user's ──▶ sh: environment from its standard input ──▶ exec
 *                                     end: exit and bill into the record ◀── systemd kills what is left ◀── its end
 *
 * What a unit is told by properties, everybody can read over D-Bus: so the environment, with its secrets, comes as an open
 * file that has no name any more.
 */

/** In a release beside the program. */
const hook = join(import.meta.dirname, 'unit-hook.sh');
const maxRecordBytes = 64 * 1024;
/** Where systemd-run is gone and its unit is not: how often that is looked at, and how long for a record once nobody is left. */
const wait = { pauseMs: 20, recordMs: 2000 } as const;
const killAgainMs = 100;

/** $0: where it is said that the program cannot be started; $1: its working directory. */
const entry = (unset: readonly string[]): string =>
  [
    'eval "$(cat)" || exit 125',
    'cd -- "$1" || { echo cwd >"$0"; exit 125; }',
    'shift',
    '[ -x "$1" ] || { echo program >"$0"; exit 125; }',
    `unset ${unset.join(' ')}`,
    'exec "$@" </dev/null',
  ].join('; ');

/** What systemd puts into the environment of a unit that means nothing to a job, or something else. */
const ofSystemd = 'INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID RUNTIME_DIRECTORY MEMORY_PRESSURE_WATCH'.split(' ');

const refusedPathOf = (directory: string): string => join(directory, 'unit-refused');

/** Starts a step of an attempt as a unit. */
export async function startInUnit(
  spec: ChildSpec,
  units: AttemptUnits,
  step: number,
  wish: UnitWish,
  onOutput: OnOutput,
): Promise<Started | Shortage> {
  const found = findRunnable(spec);
  if (found.kind === 'refused') return refusedStart(found.code, spec);
  const name = units.nameOf(step);
  const record = join(units.host.files, name);
  const environment = `${record}.env`;
  const refused = refusedPathOf(wish.place.directory);
  try {
    rmSync(refused, { force: true, recursive: true });
    writeFileSync(record, '', { mode: 0o600, flag: 'w' });
    writeFileSync(environment, shellText(spec.env), { mode: 0o600, flag: 'w' });
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return { kind: 'short', of: 'machine', error: `nothing can be handed to the unit of a step: ${code}` };
  }
  const cgroup = units.cgroupOf(step);
  const unset = ofTheShell.filter((variable) => !(variable in spec.env));
  const program = ['/bin/sh', '-c', entry(unset), refused, spec.cwd, found.path, ...spec.argv.slice(1)];
  const properties = [...propertiesOf(wish, units.host), ...hooksOf(name, record, cgroup, wish)];
  const argv = [
    'systemd-run',
    '--quiet',
    '--wait',
    '--pipe',
    '--collect',
    '--service-type=exec',
    `--unit=${name}`,
    `--slice=${sliceName}`,
    `--description=Job of Booty: ${name}`,
    ...properties.flatMap((one) => ['-p', one]),
    '--',
    // systemd would put variables in their places.
    ...program.map((text) => text.replaceAll('$', '$$$$')),
  ] as const;
  const child = await startChild(spec, onOutput, (given) => {
    // The unit's user may open its own output again, as `>/dev/stderr` does.
    for (const pipe of [given.stdout, given.stderr]) fchmodSync(pipe, 0o622);
    return startProgram({
      ...given,
      argv: [...argv],
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      stdin: environment,
    });
  });
  rmSync(environment, { force: true });
  if (child.kind !== 'child') rmSync(record, { force: true });
  else return followUnit(child, { cgroup, record, refused, wish, units });
  return child;
}

function hooksOf(name: string, record: string, cgroup: string, { place }: UnitWish): readonly string[] {
  // Not its name: a colon would part it.
  const own = `booty-${createHash('sha256').update(name).digest('hex').slice(0, 20)}`;
  const run = `+/bin/sh ${hook}`;
  return [
    `RuntimeDirectory=${own}`,
    `ExecStartPre=${run} begin ${record} ${place.directory} ${place.workdir}`,
    `ExecStopPost=${run} end ${record} ${place.directory} ${process.getegid?.() ?? 0} ${cgroup} ${billFiles.join(' ')}`,
  ];
}

/** For a shell: variables that it has no names for are left out. */
const shellText = (env: Readonly<Record<string, string>>): string =>
  [
    `unset ${ofSystemd.join(' ')}`,
    ...Object.entries(env).flatMap(([name, value]) =>
      /^[A-Za-z_]\w*$/.test(name) ? [`export ${name}='${value.replaceAll("'", "'\\''")}'`] : [],
    ),
  ].join('\n');

interface Followed {
  readonly cgroup: string;
  readonly record: string;
  readonly refused: string;
  readonly wish: UnitWish;
  readonly units: AttemptUnits;
}

/** The child is systemd-run; who is signalled is the unit, and what ends is that. */
function followUnit(child: Child, followed: Followed): Child {
  const { cgroup, record } = followed;
  let killing: NodeJS.Timeout | null = null;
  const exited = endOf(child, followed).finally(() => clearInterval(killing ?? undefined));
  return {
    ...child,
    exited,
    lives: () => isPopulated(cgroup),
    signal: (signal) => {
      const members = membersOf(cgroup);
      // What systemd has not started yet, it does not start any more.
      if (members.length === 0) rmSync(record, { force: true });
      if (signal === 'SIGKILL') {
        killCgroup(cgroup);
        // Somebody whom systemd was just starting may have come after it.
        killing ??= setInterval(() => killCgroup(cgroup), killAgainMs);
      } else for (const pid of members) signalOne(pid, signal);
    },
  };
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

async function endOf(child: Child, { cgroup, record, refused, wish, units }: Followed): Promise<ChildEnd> {
  const { exit: told } = await child.exited;
  const written = await endOfRecord(record, cgroup);
  rmSync(record, { force: true });
  const { controllers } = units.host;
  const started = told.kind === 'code' && written.exit?.kind === 'code' && told.code === written.exit.code;
  return {
    exit: exitOfUnit(written, {
      started,
      refused: readSmallFile(refused, 100)?.trim() ?? null,
      limits: wish.limits,
      controllers,
    }),
    usage: usageOfUnit(written, controllers),
  };
}

/** systemd-run may die before its unit, with the bus, or by somebody's hand. */
async function endOfRecord(path: string, cgroup: string): Promise<UnitRecord> {
  let emptySince: number | null = null;
  for (;;) {
    const record = parseUnitRecord(readSmallFile(path, maxRecordBytes) ?? '');
    if (record.whole) return record;
    if (isPopulated(cgroup)) emptySince = null;
    else emptySince ??= performance.now();
    if (emptySince !== null && (!record.begun || performance.now() - emptySince > wait.recordMs)) return record;
    await sleep(wait.pauseMs);
  }
}
