import { styleText } from 'node:util';
import { plainLine } from '../job/plain-line.ts';
import { type JournalEvent, type Priority, priorityOf } from './event.ts';

/** The digits of syslog(3), as sd-daemon(3) puts them before a line. */
export const levels: Readonly<Record<Priority, number>> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

const keyNames: Readonly<Record<string, string>> = {
  jobKind: 'kind',
  durationMs: 'duration_ms',
  exitCode: 'exit_code',
  eventId: 'event_id',
  limitMs: 'limit_ms',
  startMs: 'start_ms',
  retryMs: 'retry_ms',
};
const maxValueLength = 2000;

/** `job.ended id=nightly outcome=crashed cause=signal`: the event's name, then its details that are known. */
export function describeEvent(event: JournalEvent): string {
  if (event.kind === 'telemetry.notice') return cut(plainLine(event.text));
  let line: string = event.kind;
  for (const [key, value] of Object.entries(event))
    if (value !== null && value !== undefined && key !== 'kind')
      line += ` ${keyNames[key] ?? key}=${quote(String(value))}`;
  return line;
}

/** For journald: the priority stands before the line. */
export const journalLine = (event: JournalEvent): string => `<${levels[priorityOf(event)]}>${describeEvent(event)}\n`;

/** For a person or a file: the time stands before it; on a terminal, failures have a colour. */
export function readableLine(event: JournalEvent, at: Date, colour: boolean): string {
  const text = describeEvent(event);
  const priority = priorityOf(event);
  const time = at.toISOString();
  if (!colour) return `${time} ${priority === 'info' ? '' : `${priority}: `}${text}\n`;
  const painted =
    priority === 'error' ? styleText('red', text) : priority === 'warning' ? styleText('yellow', text) : text;
  return `${styleText('dim', time.slice(11, 23))} ${painted}\n`;
}

export const cut = (text: string): string =>
  text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;

/** A value that a program can take apart again: as it is where it is one word, else as a JSON string on one line. */
function quote(value: string): string {
  const short = cut(value);
  return /^[\w.,:;/@%+*#()\-~[\]{}<>!?$&^|]+$/.test(short)
    ? short
    : JSON.stringify(short).replace(/[\u007f-\u009f\u2028\u2029]/g, escapeCharacter);
}

const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Text on one line, as it is but for what is no character of a text. */
export const withoutControls = (text: string): string =>
  control.test(text) ? text.replace(new RegExp(control, 'g'), ' ') : text;

const escapeCharacter = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
