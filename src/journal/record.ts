import { type JournalEvent, priorityOf } from './event.ts';
import { cut, describeEvent, levels, withoutControls } from './line.ts';
import { messageIds } from './message-ids.ts';

/*
 * Records as journald takes them (systemd.io/JOURNAL_NATIVE_PROTOCOL): lines of FIELD=value, the message last. No value
 * has a line end in it, so that none can make a field of its own.
 */

const ownNames: Readonly<Record<string, string>> = {
  id: 'BOOTY_JOB_ID',
  name: 'BOOTY_JOB_NAME',
  jobKind: 'BOOTY_KIND',
  eventId: 'SENTRY_EVENT_ID',
};
const maxTagName = 50;

/** What is known of a job beside what an event says of it. */
export interface JobFields {
  readonly BOOTY_JOB_NAME: string;
  readonly BOOTY_KIND: string;
  readonly [field: string]: string;
}

/** The record of an event: each detail that is known is a field, `durationMs` as BOOTY_DURATION_MS. */
export function eventRecord(event: JournalEvent, job: JobFields | null): string {
  const { kind, ...details } = event;
  const fields = new Map(job ? Object.entries(job) : []);
  if (event.kind !== 'telemetry.notice')
    for (const [key, value] of Object.entries(details))
      if (value !== null && value !== undefined && value !== '') fields.set(fieldName(key), String(value));
  let text = `MESSAGE_ID=${messageIds[kind]}\nPRIORITY=${levels[priorityOf(event)]}\nSYSLOG_IDENTIFIER=booty\nBOOTY_EVENT=${kind}\n`;
  for (const [field, value] of fields) text += fieldLine(field, value);
  return `${text}MESSAGE=${describeEvent(event)}\n`;
}

/** What stands before the message in the records of the lines that a step prints on a stream. */
export function lineHead(fields: JobFields, priority: number): string {
  const head = Object.entries(fields).map(([field, value]) => fieldLine(field, value));
  return `PRIORITY=${priority}\nSYSLOG_IDENTIFIER=${identifier(fields.BOOTY_JOB_NAME)}\n${head.join('')}MESSAGE=`;
}

/** What of a job stands in each of its records. */
export const jobFields = (job: {
  readonly name: string;
  readonly kind: string;
  readonly tags: Readonly<Record<string, string>>;
}): JobFields => ({
  BOOTY_JOB_NAME: job.name,
  BOOTY_KIND: job.kind,
  ...Object.fromEntries(
    Object.entries(job.tags).map(([name, value]) => [`BOOTY_TAG_${asField(name).slice(0, maxTagName)}`, value]),
  ),
});

/** Beside `booty`, which says what Booty has to say itself; and nobody can speak as another service. */
const identifier = (name: string): string => `booty/${name.replace(/[^\p{L}\p{N}._@+-]+/gu, '_')}`;

const fieldNames = new Map<string, string>();

function fieldName(key: string): string {
  const known = fieldNames.get(key);
  if (known !== undefined) return known;
  const name = ownNames[key] ?? `BOOTY_${asField(key.replace(/[A-Z]/g, '_$&'))}`;
  fieldNames.set(key, name);
  return name;
}

const asField = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9_]/g, '_');

function fieldLine(field: string, value: string): string {
  return `${field}=${withoutControls(cut(value))}\n`;
}
