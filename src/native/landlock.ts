import { closeSync, constants, lstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import { onPool, type PoolCall } from './thread-pool.ts';

/*
 * Rules of the file system that a thread lays upon itself and all that it starts (landlock(7)). They only ever allow, so that
 * one directory is closed by allowing what is beside it, and beside each directory above it.
 */

const call = { create: 444, addRule: 445, restrict: 446 } as const;
const askVersion = 1;
const pathBeneath = 1;
const O_PATH = 0o10000000;
/** Writing to a file, removing and making directories, and moving between directories, which the second version can allow. */
const writing = 0x2 | 0x10 | 0x80 | 0x2000;
const writingFile = 0x2;

type Syscall = (number: number, a: Buffer | number | null, b: number, c: Buffer | number | null, d: number) => number;
let bound: { readonly value: Syscall; readonly pointer: Syscall } | null = null;

function bind() {
  const libc = koffi.load(null);
  return {
    value: libc.func('long syscall(long number, void *a, long b, long c, long d)') as Syscall,
    pointer: libc.func('long syscall(long number, long a, long b, void *c, long d)') as Syscall,
  };
}

export interface WriteRules extends Disposable {
  /** Lays them upon a thread of the pool, and what that starts from now on. */
  readonly restrict: () => Promise<boolean>;
}

/**
 * Rules by which everything can be written but what is below a directory; they also take mount(2). Null where the kernel is too
 * old for them, or does not let us.
 */
export function rulesAgainstWriting(closed: string): WriteRules | null {
  bound ??= bind();
  const { value, pointer } = bound;
  if (value(call.create, null, 0, askVersion, 0) < 2) return null;
  const handled = Buffer.alloc(8);
  handled.writeBigUInt64LE(BigInt(writing));
  const rules = value(call.create, handled, handled.length, 0, 0);
  if (rules < 0) return null;
  const close = (): void => closeSync(rules);
  if (!besides(closed).every((path) => allow(pointer, rules, path))) {
    close();
    return null;
  }
  const onThread = pointer as unknown as PoolCall;
  return {
    restrict: async () => (await onPool(onThread, call.restrict, rules, 0, null, 0)) === 0,
    [Symbol.dispose]: close,
  };
}

/** All that is beside a directory, and beside each above it. */
function besides(closed: string): readonly string[] {
  const parts = closed.split('/').filter(Boolean);
  return parts.flatMap((part, depth) => {
    const above = `/${parts.slice(0, depth).join('/')}`;
    return readdirSync(above).flatMap((name) => (name === part ? [] : join(above, name)));
  });
}

/** What is a link leads to what has a rule of its own. */
function allow(pointer: Syscall, rules: number, path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status || status.isSymbolicLink()) return true;
  const file = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const rule = Buffer.alloc(12);
    rule.writeBigUInt64LE(BigInt(status.isDirectory() ? writing : writingFile), 0);
    rule.writeInt32LE(file, 8);
    return pointer(call.addRule, rules, pathBeneath, rule, 0) === 0;
  } finally {
    closeSync(file);
  }
}
