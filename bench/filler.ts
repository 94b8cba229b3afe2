import { dirname } from 'node:path';
import { fillEnded, fillWaiting } from './fill.ts';
import { runOwn } from './own.ts';

const fills = { waiting: fillWaiting, ended: fillEnded } as const;

/** A second for each 5000 rows, and a minute. */
const limitFor = (count: number): number => 60_000 + count / 5;

/**
 * Makes a ledger with so many jobs that wait or have ended, in a process of its own: a large one takes half a gigabyte, and whoever
 * has that starts each program forty milliseconds later, since its page tables are copied.
 */
export async function fill(kind: keyof typeof fills, path: string, count: number, signal: AbortSignal): Promise<void> {
  const argv = [process.execPath, import.meta.filename, kind, path, String(count)] as const;
  await runOwn(argv, { cwd: dirname(path), limitMs: limitFor(count), signal });
}

if (import.meta.main) {
  const [kind, path = '', count] = process.argv.slice(2);
  await fills[kind as keyof typeof fills](path, Number(count));
}
