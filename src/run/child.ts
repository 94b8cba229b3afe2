import { closeSync, existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import type { Exit } from '../job/exit.ts';
import { closePipe, openPipe, type PipeEnds, unblock } from '../native/libc.ts';
import type { Spawned } from '../native/spawn.ts';
import { adoptOrphans } from './orphans.ts';
import type { OnOutput } from './output.ts';
import { PipeReader } from './pipe-reader.ts';
import { groupLives, signalGroup } from './processes.ts';
import { type ProgramSpec, startProgram } from './program.ts';
import { awaitEnd, type ChildEnd, listenForEnds } from './reaper.ts';

export interface ChildSpec {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A file that is its standard input, absolute; without one that is empty. */
  readonly stdin?: string;
}

/** A child that was started, leader of a session and process group of its own. */
export interface Child {
  readonly kind: 'child';
  readonly pid: number;
  /** How it ended by itself. */
  readonly exited: Promise<ChildEnd>;
  /** Both ends of its output have been read to their end, or were given up. */
  readonly drained: Promise<void>;
  /** To all that it has started, as far as they have not left it. */
  signal(signal: NodeJS.Signals): void;
  /** Whether any of these still runs, the child among them. */
  lives(): boolean;
  /** Stops reading what is still held open by somebody who was not killed. */
  abandonOutput(): void;
}

type SpawnFailure = Extract<Exit, { kind: 'spawn' }>;
export type Started = Child | SpawnFailure;

/** How long a child runs before somebody listens to what it prints: most are over by then. */
const listenAfterMs = 10;

/** Starts a program. What the system refuses is an exit too. @param start how it is started */
export async function startChild(
  spec: ChildSpec,
  onOutput: OnOutput,
  start: (program: ProgramSpec) => Promise<Spawned> = startProgram,
): Promise<Started> {
  if (holdsNul(spec)) return refusedStart('ERR_INVALID_ARG_VALUE', spec);
  let stdout: PipeEnds | null = null;
  let stderr: PipeEnds | null = null;
  try {
    adoptOrphans();
    listenForEnds();
    stdout = openPipe();
    stderr = openPipe();
    const spawned = await start({ ...spec, stdout: stdout.write, stderr: stderr.write });
    closeSync(stdout.write);
    closeSync(stderr.write);
    const ends = [stdout.read, stderr.read] as const;
    stdout = stderr = null;
    if (spawned.kind === 'refused') {
      ends.forEach(closeSync);
      return refusedStart(spawned.code, spec);
    }
    return following(spawned.pid, ends, onOutput);
  } catch (error) {
    if (stdout) closePipe(stdout);
    if (stderr) closePipe(stderr);
    const code = errorCode(error);
    if (code === null) throw error;
    return refusedStart(code, spec);
  }
}

function following(pid: number, ends: readonly [stdout: number, stderr: number], onOutput: OnOutput): Child {
  ends.forEach(unblock);
  const readers = [
    new PipeReader(ends[0], (chunk) => onOutput('stdout', chunk)),
    new PipeReader(ends[1], (chunk) => onOutput('stderr', chunk)),
  ];
  const listening = setTimeout(() => readers.forEach((reader) => reader.listen()), listenAfterMs);
  const exited = awaitEnd(pid).then((end) => {
    clearTimeout(listening);
    for (const reader of readers) reader.readNow();
    return end;
  });
  return {
    kind: 'child',
    pid,
    exited,
    drained: Promise.all(readers.map(({ closed }) => closed)).then(() => undefined),
    signal: (signal) => void signalGroup(pid, signal),
    lives: () => groupLives(pid),
    abandonOutput: () => readers.forEach((reader) => reader.abandon()),
  };
}

/** The system's texts end there: a child would get half of it. */
export function holdsNul({ argv, cwd, env }: ChildSpec): boolean {
  if (cwd.includes('\0') || argv.some((text) => text.includes('\0'))) return true;
  for (const name of Object.keys(env)) if (name.includes('\0') || env[name]?.includes('\0')) return true;
  return false;
}

export const refusedStart = (code: string, spec: ChildSpec): SpawnFailure => ({
  kind: 'spawn',
  code,
  message: explain(code, spec),
});

function explain(code: string, { argv, cwd }: ChildSpec): string {
  const program = argv[0].slice(0, 200);
  switch (code) {
    case 'ENOENT':
      if (!existsSync(cwd)) return `its working directory ${cwd} does not exist (ENOENT)`;
      return isAbsolute(program) && existsSync(program)
        ? `the interpreter in the first line of ${program} does not exist (ENOENT)`
        : `${program}: no such program (ENOENT)`;
    case 'EACCES':
      return `${program}: not executable by this user (EACCES)`;
    case 'ENOEXEC':
      return `${program}: neither a program for this machine nor a script with #! (ENOEXEC)`;
    case 'ERR_INVALID_ARG_VALUE':
      return `${program.replaceAll('\0', '')}: a NUL in an argument or a variable (${code})`;
    case 'E2BIG':
      return `${program}: its arguments and environment are too long together (E2BIG)`;
    default:
      return `${program}: ${code}`;
  }
}
