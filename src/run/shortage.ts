import { errorCode } from '../disk/durable.ts';

/** The machine, not the job, was short of something: the attempt has not begun, or waits. */
export interface Shortage {
  readonly kind: 'short';
  /** `jobs`: the disk below the jobs' directories; `machine`: processes, memory or descriptors. */
  readonly of: 'jobs' | 'machine';
  readonly error: string;
}

/** What the system says of a disk that is full, broken or read-only (errno(3)). */
const ofTheDisk = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);
/** What it says where no process, memory or descriptor is left. */
const ofTheMachine = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** Of a program that could not be started; null where that is the job's own fault. */
export const shortageOfSpawn = (failure: { readonly code: string; readonly message: string }): Shortage | null =>
  ofTheMachine.has(failure.code) ? { kind: 'short', of: 'machine', error: failure.message } : null;

/** Of a directory or file that could not be made for a job. */
export function shortageOfFiles(error: unknown): Shortage | null {
  const code = errorCode(error) ?? '';
  const text = error instanceof Error ? error.message : String(error);
  if (ofTheDisk.has(code)) return { kind: 'short', of: 'jobs', error: text };
  return ofTheMachine.has(code) ? { kind: 'short', of: 'machine', error: text } : null;
}
