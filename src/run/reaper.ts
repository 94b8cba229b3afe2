import type { Exit } from '../job/exit.ts';
import type { Usage } from '../job/usage.ts';
import { type RawUsage, waitFor } from '../native/wait.ts';
import { exitOfStatus } from './status.ts';

/*
 * Waits for the children that we started; Node.js knows nothing of them. A SIGCHLD stands for any number of them, and
 * says only that somebody has died: each is looked at. Nobody else is: what other code of this process has started is its own.
 */

/** How a child ended. */
export interface ChildEnd {
  readonly exit: Exit;
  /** Null where somebody else has reaped it. */
  readonly usage: Usage | null;
}

interface Expected {
  /** What its peak memory would be had it used none. */
  readonly floorKb: number;
  readonly resolve: (end: ChildEnd) => void;
}

/** By pid. A pid is the child's until it is taken from here: a zombie keeps it. */
const expected = new Map<number, Expected>();

/** Should a SIGCHLD not come. */
const lookAgainMs = 1000;
let again: NodeJS.Timeout | null = null;
let listening = false;

/** To be called before the first child is started, so that no signal is missed. */
export function listenForEnds(): void {
  if (listening) return;
  process.on('SIGCHLD', reapDead);
  listening = true;
}

/** To be called once the child was started, which may be dead by now: nobody else reaps it. Keeps the process alive until it has ended. */
export function awaitEnd(pid: number): Promise<ChildEnd> {
  const { promise, resolve } = Promise.withResolvers<ChildEnd>();
  const child = { floorKb: process.resourceUsage().maxRSS + marginKb, resolve };
  expected.set(pid, child);
  again ??= setInterval(reapDead, lookAgainMs);
  reapIfDead(pid, child);
  return promise;
}

/** Whether it is a child that is waited for here. */
export const isExpected = (pid: number): boolean => expected.has(pid);

function reapDead(): void {
  for (const [pid, child] of expected) reapIfDead(pid, child);
  if (expected.size > 0 || again === null) return;
  clearInterval(again);
  again = null;
}

function reapIfDead(pid: number, { floorKb, resolve }: Expected): void {
  const waited = waitFor(pid);
  if (waited.kind === 'alive') return;
  expected.delete(pid);
  if (waited.kind === 'ended') resolve({ exit: exitOfStatus(waited.status), usage: usageOf(waited.usage, floorKb) });
  else resolve({ exit: { kind: 'lost', message: 'its exit status was taken by somebody else' }, usage: null });
}

/**
 * The kernel begins to count a child's peak with ours: until it executes its program, the memory is one and the same
 * (exec_mmap in fs/exec.c). What is not above that says nothing of the child.
 */
const marginKb = 1024;

const usageOf = (raw: RawUsage, floorKb: number): Usage => ({
  cpuUserMs: Math.round(raw.userMs),
  cpuSystemMs: Math.round(raw.systemMs),
  peakMemoryBytes: raw.peakKb > floorKb ? raw.peakKb * 1024 : null,
  readBytes: raw.readBlocks * 512,
  writtenBytes: raw.writtenBlocks * 512,
});
