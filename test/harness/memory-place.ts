import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';

/** For what writes much, and needs no disk to be true: a shared disk may stall for minutes. */
export function memoryPlace(): string {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
