import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errorCode } from '../disk/durable.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Emit, JournalEvent } from './event.ts';
import { journalLine, readableLine } from './line.ts';

/** How events are written: for journald where it reads our output, else for people. */
export function openJournal(env: NodeJS.ProcessEnv, redactor: Redactor): Emit {
  const toJournal = isJournal(1, env.JOURNAL_STREAM);
  const colour = isatty(1) && !env.NO_COLOR;
  return (event) => {
    // Before it is cut and quoted; and once more as it is written.
    const clean: JournalEvent = redactor.deep(event);
    write(redactor.known(toJournal ? journalLine(clean) : readableLine(clean, new Date(), colour)));
  };
}

/** systemd names the device and inode of the stream that it connected to the journal (systemd.exec(5), JOURNAL_STREAM). */
export function isJournal(descriptor: number, stream: string | undefined): boolean {
  if (!stream) return false;
  const status = fstatSync(descriptor);
  return stream === `${status.dev}:${status.ino}`;
}

/** Lines that a full pipe did not take yet, oldest first. */
const backlog: Buffer[] = [];
const maxBacklog = 10_000;
const retryMs = 20;
let retry: NodeJS.Timeout | null = null;
let dropped = 0;

/** A reader that is slow gets every line in the end, up to a bound; one that is gone costs the lines, and not the jobs. */
function write(line: string): void {
  if (backlog.length >= maxBacklog) dropped += 1;
  else backlog.push(Buffer.from(line));
  if (retry === null) writeBacklog();
}

function writeBacklog(): void {
  retry = null;
  for (let next = backlog.shift(); next; next = backlog.shift()) {
    const rest = writeOne(next);
    if (rest === null) continue;
    backlog.unshift(rest);
    retry ??= setTimeout(writeBacklog, retryMs);
    return;
  }
  if (dropped > 0) {
    backlog.push(Buffer.from(`${dropped} lines were dropped here: nobody read them\n`));
    dropped = 0;
  }
}

/** Null where the line is written, or can never be; else what is left of it. */
function writeOne(line: Buffer): Buffer | null {
  try {
    const written = writeSync(1, line);
    return written < line.length ? line.subarray(written) : null;
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return code === 'EAGAIN' ? line : null;
  }
}
