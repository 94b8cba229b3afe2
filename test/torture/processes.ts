import { readdirSync, readFileSync } from 'node:fs';
import type { Aim } from './plan.ts';

/** A process of a job, as its own environment tells. */
export interface JobProcess {
  readonly pid: number;
  readonly jobId: string;
  readonly attempt: number;
  readonly role: Exclude<Aim, 'group'>;
}

/** Every living process that was started as part of a job below this root, whoever is its parent now. */
export function jobProcesses(root: string): JobProcess[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) return [];
    const environment = read(`/proc/${pid}/environ`);
    // A zombie has none.
    if (!environment?.includes(`BOOTY_WORKDIR=${root}/`)) return [];
    const variables = new Map(environment.split('\0').map((entry) => split(entry)));
    const role = variables.has('STRAY') ? 'stray' : groupOf(pid) === pid ? 'leader' : 'child';
    return [{ pid, jobId: variables.get('BOOTY_JOB_ID') ?? '', attempt: Number(variables.get('BOOTY_ATTEMPT')), role }];
  });
}

/** False where it is gone already. */
export function killProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Milliseconds since boot, by the clock that jobs read too (proc(5), uptime). */
export const upMs = (): number => uptimeMs(readFileSync('/proc/uptime', 'utf8'));
export const uptimeMs = (text: string): number => Math.round(Number.parseFloat(text) * 1000);

function split(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}

/** proc(5), stat: the fields after the command's name. */
function groupOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? null : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
