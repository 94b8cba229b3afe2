import koffi from 'koffi';

/* wait4(2): how a child of ours ended, and what it used. */

const WNOHANG = 1;
/** Fields of struct rusage (getrusage(2)), each a long of 64 bits: Node.js runs on no Linux of 32. */
const field = { userSeconds: 0, userMicros: 1, systemSeconds: 2, systemMicros: 3, peakKb: 4, reads: 11, writes: 12 };
const fieldCount = 18;

/** Of a process and of those of its descendants that were waited for. */
export interface RawUsage {
  readonly userMs: number;
  readonly systemMs: number;
  /** Resident memory of the largest of them. */
  readonly peakKb: number;
  /** Of 512 bytes, from and to block devices. */
  readonly readBlocks: number;
  readonly writtenBlocks: number;
}

export type Waited =
  | { readonly kind: 'ended'; readonly status: number; readonly usage: RawUsage }
  | { readonly kind: 'alive' }
  /** No child of ours: it never was, or was reaped already. */
  | { readonly kind: 'unknown' };

type Wait4 = (pid: number, status: Int32Array, options: number, usage: BigInt64Array) => number;
let wait4: Wait4 | null = null;
const bind = (): Wait4 => koffi.load(null).func('int wait4(int pid, void *status, int options, void *usage)') as Wait4;

const status = new Int32Array(1);
const usage = new BigInt64Array(fieldCount);

/** Reaps a child that is dead, and tells how it ended. Does not wait for one that lives. */
export function waitFor(pid: number): Waited {
  wait4 ??= bind();
  const reaped = wait4(pid, status, WNOHANG, usage);
  if (reaped === 0) return { kind: 'alive' };
  if (reaped !== pid) return { kind: 'unknown' };
  return { kind: 'ended', status: status[0] ?? 0, usage: rawUsage() };
}

function rawUsage(): RawUsage {
  const at = (index: number): number => Number(usage[index] ?? 0n);
  return {
    userMs: at(field.userSeconds) * 1000 + at(field.userMicros) / 1000,
    systemMs: at(field.systemSeconds) * 1000 + at(field.systemMicros) / 1000,
    peakKb: at(field.peakKb),
    readBlocks: at(field.reads),
    writtenBlocks: at(field.writes),
  };
}
