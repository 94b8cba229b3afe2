import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let directory: string | null = null;

/** A place for what all tests of this process share; gone when it ends. */
export function scratch(name: string): string {
  if (directory === null) {
    const made = mkdtempSync(join(tmpdir(), 'booty-faults-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    directory = made;
  }
  return join(directory, name);
}

/** Node.js then compiles each file of Booty once, and not at each of hundreds of starts. */
export const startFast: Readonly<Record<string, string>> = { NODE_COMPILE_CACHE: scratch('compile-cache') };
