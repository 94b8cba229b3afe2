import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; ends early, without a word, where the signal comes. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
