import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errorCode } from '../disk/durable.ts';
import type { JobId } from '../job/id.ts';
import type { Redactor } from '../redact/redactor.ts';
import type { Emit, JournalEvent } from './event.ts';
import { JobOutputs } from './job-outputs.ts';
import { journalLine, readableLine } from './line.ts';
import { LineWriter } from './line-writer.ts';
import { eventRecord, type JobFields } from './record.ts';
import { RecordChannel } from './record-channel.ts';

/** Where journald takes records (systemd-journald.service(8)). */
const journalSocket = '/run/systemd/journal/socket';
/** How long the end of the process waits for a journal that does not read. */
const flushMs = 1000;

export interface Journal {
  readonly emit: Emit;
  /** What jobs print goes there as well; null where nobody would tell those lines from ours. */
  readonly outputs: JobOutputs | null;
}

/** What is written of an event, and where to. */
interface Writer {
  readonly write: (event: JournalEvent) => void;
  readonly flush: (patienceMs: number) => void;
}

/**
 * How events are written: as records of journald where it reads our output (or BOOTY_JOURNAL_SOCKET names its socket), as
 * lines where that socket is not to be had, and for people elsewhere. The end of the process waits a moment for those that
 * have not been written.
 */
export async function openJournal(env: NodeJS.ProcessEnv, redactor: Redactor): Promise<Journal> {
  const toJournal = isJournal(1, env.JOURNAL_STREAM);
  const asked = env.BOOTY_JOURNAL_SOCKET || null;
  const path = asked ?? (toJournal ? journalSocket : null);
  const native = path === null ? null : await openNative(path, redactor);
  const isOpen = native !== null && !('failure' in native);
  const writer = isOpen ? native : lineWriter(env, redactor, toJournal);
  // oxlint-disable-next-line typescript/unbound-method -- functions, not methods
  const emit: Emit = (event) => writer.write(event);
  process.once('exit', () => writer.flush(flushMs));
  if (native && !isOpen) emit({ kind: 'journal.refused', error: native.failure });
  return { emit, outputs: isOpen ? native.outputs : null };
}

async function openNative(
  path: string,
  redactor: Redactor,
): Promise<(Writer & { readonly outputs: JobOutputs }) | { readonly failure: string }> {
  const { connectDatagram, isRead } = await import('../native/datagram.ts');
  const write = (event: JournalEvent): void => {
    const id = 'id' in event ? event.id : null;
    const record = eventRecord(cleaned(event, redactor), id === null ? null : fieldsOf(id));
    channel.send(Buffer.from(redactor.known(record)), 'event');
  };
  const calls = { connect: () => connectDatagram(path), isRead };
  let channel: RecordChannel;
  try {
    channel = new RecordChannel(calls, (events) => write({ kind: 'journal.dropped', events }));
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return { failure: error instanceof Error ? error.message : String(error) };
  }
  const outputs = new JobOutputs(channel, redactor, write);
  const fieldsOf = (id: JobId): JobFields | null => outputs.fieldsOf(id);
  return { write, flush: (patienceMs) => channel.flush(patienceMs), outputs };
}

function lineWriter(env: NodeJS.ProcessEnv, redactor: Redactor, toJournal: boolean): Writer {
  const colour = isatty(1) && !env.NO_COLOR;
  const write = (event: JournalEvent): void => {
    const clean = cleaned(event, redactor);
    lines.write(redactor.known(toJournal ? journalLine(clean) : readableLine(clean, new Date(), colour)));
  };
  const lines = new LineWriter(1, (events) => write({ kind: 'journal.dropped', events }));
  return { write, flush: (limitMs) => lines.flush(limitMs) };
}

/**
 * Before it is cut and quoted; and once more as it is written. It is looked through as a whole first: mostly there is
 * nothing to take out.
 */
function cleaned(event: JournalEvent, redactor: Redactor): JournalEvent {
  const texts: string[] = [];
  for (const value of Object.values<unknown>(event)) {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null) return redactor.deep(event);
  }
  const whole = texts.join('\n');
  return redactor.text(whole) === whole ? event : redactor.deep(event);
}

/** systemd names the device and inode of the stream that it connected to the journal (systemd.exec(5), JOURNAL_STREAM). */
export function isJournal(descriptor: number, stream: string | undefined): boolean {
  if (!stream) return false;
  const status = fstatSync(descriptor);
  return stream === `${status.dev}:${status.ino}`;
}
