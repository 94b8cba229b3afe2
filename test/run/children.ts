import assert from 'node:assert/strict';
import type { Exit } from '../../src/job/exit.ts';
import type { Usage } from '../../src/job/usage.ts';
import { type Child, type ChildSpec, type Started, startChild } from '../../src/run/child.ts';

export interface Ended {
  readonly exit: Exit;
  readonly usage: Usage | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function childOf(started: Started): Child {
  assert.ok(started.kind === 'child', JSON.stringify(started));
  return started;
}

/** Runs a program to the end of its output. */
export async function run(argv: ChildSpec['argv'], rest: Partial<ChildSpec> = {}): Promise<Ended> {
  const output = { stdout: '', stderr: '' };
  const spec = { argv, cwd: '/', env: { PATH: '/usr/bin:/bin' }, ...rest };
  const child = childOf(await startChild(spec, (stream, chunk) => (output[stream] += chunk.toString('latin1'))));
  const end = await child.exited;
  await child.drained;
  return { ...end, ...output };
}

export const sh = (line: string, rest: Partial<ChildSpec> = {}): Promise<Ended> => run(['sh', '-c', line], rest);
