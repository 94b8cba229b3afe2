import { constants, openSync, writeSync } from 'node:fs';
import type { Testimony } from '../evidence.ts';

/** The line to the world outside; the supervisor has it as its standard output. Never our controlling terminal. */
export const line = openSync('/dev/ttyS1', constants.O_WRONLY | constants.O_NOCTTY);

/** Says it outside before anything else is done. A write to a terminal is one piece: nobody's words come in between. */
export function say(...testimony: readonly Testimony[]): void {
  const bytes = Buffer.from(testimony.map((one) => `${JSON.stringify(one)}\n`).join(''));
  for (let written = 0; written < bytes.length; ) written += writeSync(line, bytes, written);
}
