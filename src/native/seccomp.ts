import { readdirSync } from 'node:fs';
import koffi from 'koffi';
import { onPool, type PoolCall } from './thread-pool.ts';

/*
 * A filter of system calls (seccomp(2)) for the threads that start children, which inherit it: none of them can signal us,
 * by whichever call, nor everybody at once (`kill -9 -1`). All else is allowed, and costs nothing: the kernel remembers which calls always are.
 */

const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const [load, jumpIfEqual, answer] = [0x20, 0x15, 0x06]; // BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
const [allow, refuse] = [0x7fff0000, 0x00050000]; // SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
const [EPERM, ENOSYS] = [1, 38];
/** Of struct seccomp_data: the number, the architecture, the lower half of each argument. */
const offset = { number: 0, architecture: 4, argument: (index: number): number => 16 + 8 * index };
const [F_SETOWN, F_SETOWN_EX, FIOSETOWN, SIOCSPGRP] = [8, 15, 0x8901, 0x8902];

interface Calls {
  readonly architecture: number;
  readonly kill: number;
  readonly tkill: number;
  /** Those whose first argument is a process: to signal it, to hold it, to limit it. */
  readonly ofProcess: readonly number[];
  readonly pidfdSendSignal: number;
  readonly fcntl: number;
  readonly ioctl: number;
}

/** Numbers of tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_open, prlimit64 and the rest, as each architecture has them. */
const callsOf: Readonly<Partial<Record<NodeJS.Architecture, Calls>>> = {
  x64: {
    architecture: 0xc000003e,
    kill: 62,
    tkill: 200,
    ofProcess: [234, 129, 297, 434, 302],
    pidfdSendSignal: 424,
    fcntl: 72,
    ioctl: 16,
  },
  arm64: {
    architecture: 0xc00000b7,
    kill: 129,
    tkill: 130,
    ofProcess: [131, 138, 240, 434, 261],
    pidfdSendSignal: 424,
    fcntl: 25,
    ioctl: 29,
  },
};

interface Instruction {
  readonly code: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly value: number;
}

/** Answers an error where an argument is one of these values, and allows the call else. */
function refuseWhere(call: number, argument: number, values: readonly number[]): readonly Instruction[] {
  return [
    { code: jumpIfEqual, ifFalse: values.length + 3, value: call },
    { code: load, value: offset.argument(argument) },
    ...values.map((value, index) => ({ code: jumpIfEqual, ifTrue: values.length - index, value })),
    { code: answer, value: allow },
    { code: answer, value: refuse | EPERM },
  ];
}

function program(calls: Calls, pids: readonly number[], threads: readonly number[]): readonly Instruction[] {
  return [
    { code: load, value: offset.architecture },
    { code: jumpIfEqual, ifTrue: 1, value: calls.architecture },
    // Programs of another architecture: SystemCallArchitectures= of the unit lets none run.
    { code: answer, value: allow },
    { code: load, value: offset.number },
    ...refuseWhere(calls.kill, 0, [...pids, ...pids.map((pid) => -pid), -1]),
    ...calls.ofProcess.flatMap((call) => refuseWhere(call, 0, pids)),
    ...refuseWhere(calls.tkill, 0, [...new Set([...pids, ...threads])]),
    // Whose the descriptor is cannot be seen. Programs that know it do without where there is none.
    { code: jumpIfEqual, ifFalse: 1, value: calls.pidfdSendSignal },
    { code: answer, value: refuse | ENOSYS },
    // A file can be told to signal somebody.
    ...refuseWhere(calls.fcntl, 1, [F_SETOWN, F_SETOWN_EX]),
    ...refuseWhere(calls.ioctl, 1, [FIOSETOWN, SIOCSPGRP]),
    { code: answer, value: allow },
  ];
}

function encode(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(8 * instructions.length);
  instructions.forEach(({ code, ifTrue = 0, ifFalse = 0, value }, index) => {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(ifTrue, 8 * index + 2);
    bytes.writeUInt8(ifFalse, 8 * index + 3);
    bytes.writeUInt32LE(value >>> 0, 8 * index + 4);
  });
  return bytes;
}

/**
 * What raises it for a thread of the pool and what that starts from now on, for ever; null where nobody has written down the numbers.
 * @param others who cannot be signalled either
 */
export function signalFilter(others: readonly number[]): (() => Promise<boolean>) | null {
  const calls = callsOf[process.arch];
  if (!calls) return null;
  const threads = readdirSync('/proc/self/task').map(Number);
  const filter = encode(program(calls, [process.pid, ...others], threads));
  const fprog = Buffer.alloc(16);
  fprog.writeUInt16LE(filter.length / 8, 0);
  fprog.writeBigUInt64LE(BigInt(koffi.address(filter)), 8);
  const prctl = koffi
    .load(null)
    .func('int prctl(int option, unsigned long mode, void *program)') as unknown as PoolCall;
  // The filter has to stay where it is until the last thread has taken it.
  return async () => (await onPool(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, fprog)) === 0 && filter.length > 0;
}
