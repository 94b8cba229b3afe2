import koffi from 'koffi';

/** Sends one state to the service manager (sd_notify(3)). */
export type Notify = (state: string) => void;

/** How to tell systemd of our state; null where it did not start us, or libsystemd is not there. */
export function openNotify(env: NodeJS.ProcessEnv): Notify | null {
  if (!env.NOTIFY_SOCKET) return null;
  const library = koffi.load('libsystemd.so.0');
  const notify = library.func('int sd_notify(int unset_environment, const char *state)') as (
    unset: number,
    state: string,
  ) => number;
  return (state) => {
    notify(0, state);
  };
}
