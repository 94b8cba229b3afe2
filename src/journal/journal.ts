import { fstatSync, writeSync } from 'node:fs';
import { errorCode } from '../disk/durable.ts';
import type { Emit } from './event.ts';
import { journalLine, readableLine } from './line.ts';

/** How events are written: for journald where it reads our output, else for people. */
export function openJournal(env: NodeJS.ProcessEnv): Emit {
  if (isJournal(1, env.JOURNAL_STREAM)) return (event) => write(journalLine(event));
  const colour = process.stdout.isTTY && !env.NO_COLOR;
  return (event) => write(readableLine(event, new Date(), colour));
}

/** systemd names the device and inode of the stream that it connected to the journal (systemd.exec(5), JOURNAL_STREAM). */
export function isJournal(descriptor: number, stream: string | undefined): boolean {
  if (!stream) return false;
  const status = fstatSync(descriptor);
  return stream === `${status.dev}:${status.ino}`;
}

/** Nobody may be reading any more (a closed terminal, a full pipe): the line is then lost, and the jobs go on. */
function write(line: string): void {
  try {
    writeSync(1, line);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}
