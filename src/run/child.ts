import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { isAbsolute } from 'node:path';
import { errorCode } from '../disk/durable.ts';
import type { Exit } from '../job/exit.ts';
import { closePipe, openPipe, type PipeEnds } from '../native/libc.ts';
import { adoptOrphans, forgetChild, knowChild } from './orphans.ts';
import type { StreamName } from './output.ts';

export interface ChildSpec {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A child that was started, leader of a session and process group of its own. */
export interface Child {
  readonly kind: 'child';
  readonly pid: number;
  /** How it ended by itself. */
  readonly exited: Promise<Exit>;
  /** Both ends of its output have been read to their end, or were given up. */
  readonly drained: Promise<void>;
  /** Stops reading what is still held open by somebody who was not killed. */
  abandonOutput(): void;
}

type SpawnFailure = Extract<Exit, { kind: 'spawn' }>;
export type Started = Child | SpawnFailure;

/** Starts a program with an empty standard input. Does not reject for what the system refuses: that is an exit too. */
export async function startChild(
  spec: ChildSpec,
  onOutput: (stream: StreamName, chunk: Buffer) => void,
): Promise<Started> {
  let stdout: PipeEnds | null = null;
  let stderr: PipeEnds | null = null;
  try {
    adoptOrphans();
    stdout = openPipe();
    stderr = openPipe();
    const [program, ...args] = spec.argv;
    const child = spawn(program, args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['ignore', stdout.write, stderr.write],
    });
    closeSync(stdout.write);
    closeSync(stderr.write);
    const ends = [stdout.read, stderr.read] as const;
    stdout = stderr = null;
    if (child.pid === undefined) {
      ends.forEach(closeSync);
      return await failureOf(child, spec);
    }
    knowChild(child.pid);
    const readers = [
      reader(ends[0], (chunk) => onOutput('stdout', chunk)),
      reader(ends[1], (chunk) => onOutput('stderr', chunk)),
    ];
    return {
      kind: 'child',
      pid: child.pid,
      exited: exitOf(child),
      drained: Promise.all(readers.map(({ closed }) => closed)).then(() => undefined),
      abandonOutput: () => readers.forEach(({ socket }) => socket.destroy()),
    };
  } catch (error) {
    if (stdout) closePipe(stdout);
    if (stderr) closePipe(stderr);
    return spawnFailure(error, spec);
  }
}

/** What has been read is handled before the next read: one buffer serves all. */
const readBuffer = Buffer.alloc(64 * 1024);

function reader(
  file: number,
  onChunk: (chunk: Buffer) => void,
): { readonly socket: Socket; readonly closed: Promise<void> } {
  const onRead = (count: number): boolean => {
    onChunk(readBuffer.subarray(0, count));
    return true;
  };
  const socket = new Socket({
    fd: file,
    readable: true,
    writable: false,
    onread: { buffer: readBuffer, callback: onRead },
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => socket.destroy());
  socket.on('close', () => resolve());
  socket.resume();
  return { socket, closed: promise };
}

function exitOf(child: ChildProcess): Promise<Exit> {
  const { promise, resolve } = Promise.withResolvers<Exit>();
  child.on('exit', (code, signal) => {
    if (child.pid !== undefined) forgetChild(child.pid);
    resolve(signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal });
  });
  child.on('error', () => undefined); // Only a failed kill(2) comes here once it has a pid.
  return promise;
}

/** Node tells why a program could not be executed in an event of the next turn. */
function failureOf(child: ChildProcess, spec: ChildSpec): Promise<SpawnFailure> {
  const { promise, resolve, reject } = Promise.withResolvers<SpawnFailure>();
  child.once('error', (error) => {
    try {
      resolve(spawnFailure(error, spec));
    } catch (unexpected) {
      reject(unexpected);
    }
  });
  return promise;
}

function spawnFailure(error: unknown, spec: ChildSpec): SpawnFailure {
  const code = errorCode(error);
  if (code === null) throw error;
  return { kind: 'spawn', code, message: explain(code, spec) };
}

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
    case 'E2BIG':
      return `${program}: its arguments and environment are too long together (E2BIG)`;
    default:
      return `${program}: ${code}`;
  }
}
