import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import { closePipe, openPipe } from '../native/libc.ts';
import { canSpawnIntoCgroup, spawnProcess } from '../native/spawn.ts';
import type { AttemptCgroup } from './cgroup.ts';
import { writeKernelFile } from './cgroup-end.ts';
import { type Child, type ChildSpec, refusedStart, type Started, startChild } from './child.ts';
import type { OnOutput } from './output.ts';
import { signalGroup } from './processes.ts';
import { type ProgramSpec, startProgram } from './program.ts';
import { findRunnable, ofTheShell } from './program-flaw.ts';
import type { Shortage } from './shortage.ts';

/*
 * A child is in its cgroup before it executes anything of the job. Where the C library cannot start it there (before
 * glibc 2.39), a shell is started that waits; we put it into the cgroup, let it go, and it becomes the job's program.
 * So nothing that fails here can pass for a failure of the job.
 *
 *   spawn sh ──▶ its pid into cgroup.procs ──▶ a line through its standard input ──▶ exec of the program
 */

/** $0: what the program has for its standard input. What the shell itself would add to the environment is taken out again. */
const gate = (unset: readonly string[]): string =>
  `read -r BOOTY_GATE || exit 125; unset BOOTY_GATE ${unset.join(' ')}; exec "$@" <"$0"`;

/** Where the machine is short of memory, jobs go before the supervisor and the machine's own services (proc(5), oom_score_adj). */
const oomScoreAdjust = '500';

/** Starts a program in the cgroup of its attempt. */
export async function startInCgroup(
  spec: ChildSpec,
  cgroup: AttemptCgroup,
  onOutput: OnOutput,
): Promise<Started | Shortage> {
  if (maySpawnWithin && canSpawnIntoCgroup()) {
    const started = await startWithin(spec, cgroup, onOutput);
    if (started.kind !== 'spawn' || started.code !== 'ENOTSUP') return started;
    maySpawnWithin = false;
  }
  return startAtGate(spec, cgroup, onOutput);
}

/** A seccomp filter that looks into clone(2) answers clone3(2) with ENOSYS: that of RestrictNamespaces= does, and those of containers. */
let maySpawnWithin = true;

async function startWithin(spec: ChildSpec, cgroup: AttemptCgroup, onOutput: OnOutput): Promise<Started | Shortage> {
  let directory: number;
  try {
    directory = openSync(cgroup.path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    return noEntry(error);
  }
  try {
    const child = await startChild(spec, onOutput, (program) => startProgram({ ...program, cgroup: directory }));
    // What clone3(2) says of the cgroup, and execve(2) of no program.
    if (child.kind === 'spawn' && ['EBUSY', 'ENODEV', 'EOPNOTSUPP'].includes(child.code)) return noEntry(child);
    if (child.kind === 'child') raiseOomScore(child.pid);
    return child;
  } finally {
    closeSync(directory);
  }
}

async function startAtGate(spec: ChildSpec, cgroup: AttemptCgroup, onOutput: OnOutput): Promise<Started | Shortage> {
  const found = findRunnable(spec);
  if (found.kind === 'refused') return refusedStart(found.code, spec);
  let ends: ReturnType<typeof openPipe>;
  try {
    ends = openPipe();
  } catch (error) {
    return noEntry(error);
  }
  const child = await startChild(spec, onOutput, (program) => spawnGate(program, ends.read));
  if (child.kind !== 'child') {
    closePipe(ends);
    return child;
  }
  closeSync(ends.read);
  try {
    writeKernelFile(join(cgroup.path, 'cgroup.procs'), String(child.pid));
    raiseOomScore(child.pid);
    letGo(ends.write);
    return child;
  } catch (error) {
    await giveUp(child);
    return noEntry(error);
  } finally {
    closeSync(ends.write);
  }
}

function spawnGate(program: ProgramSpec, stdin: number) {
  const unset = ofTheShell.filter((name) => !(name in program.env));
  const standardInput = typeof program.stdin === 'string' ? program.stdin : '/dev/null';
  const argv = ['sh', '-c', gate(unset), standardInput, ...program.argv];
  return spawnProcess({ ...program, path: '/bin/sh', argv, stdin });
}

function letGo(gateEnd: number): void {
  try {
    writeSync(gateEnd, '\n');
  } catch (error) {
    if (errorCode(error) !== 'EPIPE') throw error; // Somebody has killed it: its end says so.
  }
}

async function giveUp(child: Child): Promise<void> {
  signalGroup(child.pid, 'SIGKILL');
  await child.exited;
  child.abandonOutput();
}

/** A program of another user's rights (setuid) keeps its own. */
function raiseOomScore(pid: number): void {
  try {
    writeKernelFile(`/proc/${pid}/oom_score_adj`, oomScoreAdjust);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}

/** That a child cannot enter its cgroup is no fault of the job: it waits, and is not charged an attempt. */
function noEntry(error: unknown): Shortage {
  const code = errorCode(error) ?? (error as { readonly code?: unknown }).code;
  if (typeof code !== 'string') throw error;
  return { kind: 'short', of: 'machine', error: `a child cannot enter its cgroup: ${code}` };
}
