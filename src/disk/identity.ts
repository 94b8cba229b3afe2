import { statSync } from 'node:fs';

/**
 * Tells apart what lies at a path now and what lay there before; null where there is nothing. Two file systems may have
 * the same inode, and the time of its birth tells apart two that got one inode after the other.
 */
export function identityOf(path: string): string | null {
  const status = statSync(path, { throwIfNoEntry: false, bigint: true });
  return status ? `${status.dev}:${status.ino}:${status.birthtimeNs}` : null;
}
