import koffi, { type LibraryHandle } from 'koffi';
import { onPool, type PoolCall } from './thread-pool.ts';

const EINTR = 4;

/** Sends one state to the service manager (sd_notify(3)). */
export type Notify = (state: string) => void;

const libsystemd = (): LibraryHandle => koffi.load('libsystemd.so.0');

/** How to tell systemd of our state; null where it did not start us, or libsystemd is not there. */
export function openNotify(env: NodeJS.ProcessEnv): Notify | null {
  if (!env.NOTIFY_SOCKET) return null;
  const notify = libsystemd().func('int sd_notify(int unset_environment, const char *state)') as (
    unset: number,
    state: string,
  ) => number;
  return (state) => {
    notify(0, state);
  };
}

/** Hands the service manager a file under a name: the next process of the service gets it (sd_pid_notify_with_fds(3), FDSTORE=1). */
export function storeFile(name: string, file: number): void {
  const notify = libsystemd().func(
    'int sd_pid_notify_with_fds(int pid, int unset_environment, const char *state, const int *files, uint count)',
  ) as (pid: number, unset: number, state: string, files: Int32Array, count: number) => number;
  const result = notify(0, 0, `FDSTORE=1\nFDNAME=${name}`, Int32Array.of(file), 1);
  if (result <= 0) throw new Error(`the service manager does not take a file: ${result}`);
}

/** Resolves once the service manager has acted on all that it was told (sd_notify_barrier(3)). Rejects after the time. */
export async function awaitServiceManager(limitMs: number): Promise<void> {
  const barrier = libsystemd().func(
    'int sd_notify_barrier(int unset_environment, uint64_t micros)',
  ) as unknown as PoolCall;
  const until = performance.now() + limitMs;
  let result: number;
  // A child that dies meanwhile interrupts the wait.
  do result = await onPool(barrier, 0, limitMs * 1000);
  while (result === -EINTR && performance.now() < until);
  if (result < 0) throw new Error(`the service manager did not act within ${limitMs} ms: ${result}`);
}
