import { getSystemErrorName } from 'node:util';
import koffi, { type LibraryHandle } from 'koffi';
import { onPool, type PoolCall } from './thread-pool.ts';

/*
 * posix_spawn(3). Unlike a fork it copies no page table of ours, and it returns once the program has been executed, or
 * with the error that executing it had.
 */

const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
const POSIX_SPAWN_SETCGROUP = 0x100;
/** More than glibc's structures need: 80, 336 and 128 bytes. */
const sizeOf = { actions: 256, attributes: 512, signalSet: 128 } as const;

type Add = (actions: Buffer, ...args: readonly (number | string)[]) => number;

let loaded: ReturnType<typeof bind> | null = null;

function bind() {
  // As the whole program sees it, and not libc.so.6 alone: a library that was preloaded (LD_PRELOAD) stands before it.
  const program = koffi.load(null);
  const actions = 'posix_spawn_file_actions';
  return {
    attributes: attributesOf(program),
    cgroup: cgroupAttributesOf(program),
    init: program.func(`int ${actions}_init(void *actions)`) as Add,
    addOpen: program.func(
      `int ${actions}_addopen(void *actions, int fd, const char *path, int flags, uint mode)`,
    ) as Add,
    addDup2: program.func(`int ${actions}_adddup2(void *actions, int from, int to)`) as Add,
    addChdir: program.func(`int ${actions}_addchdir_np(void *actions, const char *path)`) as Add,
    addCloseFrom: closeFromOf(program),
    destroy: program.func(`int ${actions}_destroy(void *actions)`) as Add,
    spawn: program.func(
      'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **env)',
    ) as unknown as PoolCall,
  };
}

/** A session of its own, every signal at its default, none blocked: the same for all. */
function attributesOf(program: LibraryHandle, more = 0): Buffer {
  const attributes = Buffer.alloc(sizeOf.attributes);
  const call = (name: string, type: string, value?: number | Buffer): void => {
    const result = (
      value === undefined
        ? program.func(`int posix_spawnattr_${name}(void *attributes)`)(attributes)
        : program.func(`int posix_spawnattr_${name}(void *attributes, ${type} value)`)(attributes, value)
    ) as number;
    if (result !== 0) throw new Error(`posix_spawnattr_${name} failed: ${getSystemErrorName(-result)}`);
  };
  call('init', '');
  call('setflags', 'short', POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | more);
  call('setsigdefault', 'void *', Buffer.alloc(sizeOf.signalSet, 0xff));
  call('setsigmask', 'void *', Buffer.alloc(sizeOf.signalSet));
  return attributes;
}

/** glibc 2.34 has it. Without it a child keeps what we ourselves were started with: our own files are closed on exec. */
function closeFromOf(program: LibraryHandle): Add {
  try {
    return program.func('int posix_spawn_file_actions_addclosefrom_np(void *actions, int from)') as Add;
  } catch (error) {
    if (error instanceof Error && error.message.includes('addclosefrom_np')) return () => 0;
    throw error;
  }
}

interface CgroupAttributes {
  readonly attributes: Buffer;
  readonly setCgroup: (attributes: Buffer, cgroup: number) => number;
}

/** glibc 2.39 can start a process within a cgroup (clone3(2), CLONE_INTO_CGROUP). Null where it is older. */
function cgroupAttributesOf(program: LibraryHandle): CgroupAttributes | null {
  try {
    const setCgroup = program.func('int posix_spawnattr_setcgroup_np(void *attributes, int cgroup)');
    return {
      attributes: attributesOf(program, POSIX_SPAWN_SETCGROUP),
      setCgroup: setCgroup as CgroupAttributes['setCgroup'],
    };
  } catch (error) {
    if (error instanceof Error && error.message.includes('setcgroup_np')) return null;
    throw error;
  }
}

/** Whether {@link ProcessSpec.cgroup} may be given. */
export const canSpawnIntoCgroup = (): boolean => (loaded ??= bind()).cgroup !== null;

export interface ProcessSpec {
  /** Not looked for on PATH; relative to the working directory. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** A file to read, absolute, or open already; otherwise it is empty. */
  readonly stdin?: string | number;
  /** The open directory of a cgroup to start in, where {@link canSpawnIntoCgroup}. */
  readonly cgroup?: number;
  readonly stdout: number;
  readonly stderr: number;
}

export type Spawned =
  | { readonly kind: 'process'; readonly pid: number }
  /** With the error's name in errno(3). */
  | { readonly kind: 'refused'; readonly code: string };

/**
 * Starts a program as the leader of a session, with nothing of ours but the two outputs. A thread of the pool waits
 * until it has been executed, and not the loop; what it is given has to stay open meanwhile. No text may hold a NUL.
 */
export async function spawnProcess(spec: ProcessSpec): Promise<Spawned> {
  const { path, argv, env, cwd, stdin = '/dev/null', stdout, stderr } = spec;
  const posix = (loaded ??= bind());
  const attributes = spec.cgroup === undefined ? posix.attributes : withinCgroup(posix.cgroup, spec.cgroup);
  const actions = Buffer.alloc(sizeOf.actions);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const pid = new Int32Array(1);
  let result = posix.init(actions);
  if (result !== 0) return { kind: 'refused', code: getSystemErrorName(-result) };
  try {
    result =
      (typeof stdin === 'number' ? posix.addDup2(actions, stdin, 0) : posix.addOpen(actions, 0, stdin, 0, 0)) ||
      posix.addDup2(actions, stdout, 1) ||
      posix.addDup2(actions, stderr, 2) ||
      posix.addCloseFrom(actions, 3) ||
      posix.addChdir(actions, cwd) ||
      (await onPool(posix.spawn, pid, path, actions, attributes, [...argv, null], [...variables, null]));
  } finally {
    posix.destroy(actions);
  }
  return result === 0 ? { kind: 'process', pid: pid[0] ?? -1 } : { kind: 'refused', code: getSystemErrorName(-result) };
}

function withinCgroup(known: CgroupAttributes | null, cgroup: number): Buffer {
  if (!known) throw new Error('this C library cannot start a process within a cgroup');
  const attributes = Buffer.from(known.attributes); // Another thread may be starting somebody with the others.
  known.setCgroup(attributes, cgroup);
  return attributes;
}
