import { closeOnExec } from './libc.ts';

export interface PassedFile {
  /** As the service manager knows it: FDNAME= or FileDescriptorName=. */
  readonly name: string;
  readonly file: number;
}

const firstFile = 3;

/** The files that the service manager has passed to this very process (sd_listen_fds(3)). */
export function passedFiles(env: NodeJS.ProcessEnv, pid: number): readonly PassedFile[] {
  const count = Number(env.LISTEN_FDS);
  if (env.LISTEN_PID !== String(pid) || !Number.isInteger(count) || count < 1) return [];
  const names = (env.LISTEN_FDNAMES ?? '').split(':');
  return Array.from({ length: count }, (_, index) => ({ name: names[index] ?? 'unknown', file: firstFile + index }));
}

/** Those whose name begins so, without that beginning. No child gets them. */
export function takePassedFiles(env: NodeJS.ProcessEnv, pid: number, prefix: string): readonly PassedFile[] {
  const taken = passedFiles(env, pid).filter(({ name }) => name.startsWith(prefix));
  for (const { file } of taken) closeOnExec(file);
  return taken.map(({ name, file }) => ({ name: name.slice(prefix.length), file }));
}
