import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from '../job/exit.ts';
import { type Milliseconds, milliseconds } from '../job/units.ts';
import { type ChildSpec, startChild } from './child.ts';
import { Deadline } from './deadline.ts';
import { attemptMark } from './environment.ts';
import { hasOrphans } from './orphans.ts';
import { Tail } from './output.ts';
import { groupExists, isWithoutLeader, signalGroup } from './processes.ts';
import { killSurvivors } from './survivors.ts';

export interface ProgramLimits {
  readonly timeoutMs: Milliseconds;
  readonly killGraceMs: Milliseconds;
  /** Of its output, its end. */
  readonly outputBytes: number;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  readonly exit: Exit;
  readonly output: string;
  /** Whether everything that it started is gone. */
  readonly gone: boolean;
}

const outputPatienceMs = 100;

/**
 * Runs a program that is no step of a job to its end, and kills what it leaves behind: TERM, the grace, KILL.
 * @param mark in the environment of all its processes
 */
export async function runProgram(spec: ChildSpec, mark: string, limits: ProgramLimits): Promise<ProgramEnd> {
  const tail = new Tail(limits.outputBytes);
  const child = await startChild({ ...spec, env: { ...spec.env, [attemptMark]: mark } }, (_stream, chunk) =>
    tail.push(chunk),
  );
  if (child.kind === 'spawn') return { exit: child, output: '', gone: true };
  let ending: Exit | null = null;
  let grace: Deadline | null = null;
  const end = (reason: Exit, graceMs: number): void => {
    ending ??= reason;
    signalGroup(child.pid, graceMs === 0 ? 'SIGKILL' : 'SIGTERM');
    grace ??= new Deadline(milliseconds(graceMs), () => signalGroup(child.pid, 'SIGKILL'));
  };
  using _limit = new Deadline(limits.timeoutMs, () =>
    end({ kind: 'timeout', limitMs: limits.timeoutMs, of: 'step' }, limits.killGraceMs),
  );
  const onAbort = (): void => end({ kind: 'cancelled' }, 0);
  limits.signal.addEventListener('abort', onAbort, { once: true });
  if (limits.signal.aborted) onAbort();
  const { exit } = await child.exited;
  limits.signal.removeEventListener('abort', onAbort);
  (grace as Deadline | null)?.[Symbol.dispose]();
  const groups = groupExists(child.pid) && isWithoutLeader(child.pid) ? [child.pid] : [];
  const drained = child.drained.then(() => true);
  const open = !(await Promise.race([drained, sleep(outputPatienceMs).then(() => false)]));
  // Looking for them reads all of /proc.
  const suspicious = open || ending !== null || groups.length > 0 || hasOrphans();
  const killed = suspicious ? await killSurvivors({ groups, mark }) : 0;
  child.abandonOutput();
  return { exit: ending ?? exit, output: tail.text(), gone: killed !== null };
}
