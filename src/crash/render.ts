import type { Event } from '@sentry/node';
import { plainLine } from '../job/plain-line.ts';
import { formatBytes } from '../job/units.ts';

type SentryException = NonNullable<NonNullable<Event['exception']>['values']>[number];
type SentryFrame = NonNullable<NonNullable<SentryException['stacktrace']>['frames']>[number];

/** A file that goes along with an event. */
export interface AttachmentSize {
  readonly fileName: string;
  readonly bytes: number;
}

/** For a terminal: the rows that stand out. */
export type PaintRow = (style: 'bold' | 'dim', text: string) => string;

/**
 * An event as text, for people: what happened first, with the calls in their order and the last exception last; then whose
 * crash it was. What a program has said cannot move the terminal's cursor.
 */
export function renderEvent(
  event: Event,
  attachments: readonly AttachmentSize[] = [],
  paint: PaintRow = (_style, text) => text,
): string {
  const exceptions = event.exception?.values ?? [];
  const section = (name: string, rows: readonly string[]): string[] =>
    rows.length === 0 ? [] : ['', paint('bold', name), ...rows.map((row) => `  ${row}`)];
  return [
    paint('bold', titleOf(exceptions.at(-1), event)),
    paint('dim', summaryOf(event)),
    ...exceptions.flatMap((exception, index) => renderException(exception, index, paint)),
    ...section('tags', pairs(event.tags ?? {})),
    ...section('job', pairs(event.contexts?.job ?? {})),
    ...section('before it', (event.breadcrumbs ?? []).map(renderCrumb)),
    ...section(
      'attached',
      attachments.map(({ fileName, bytes }) => `${plainLine(fileName)} (${formatBytes(bytes)})`),
    ),
  ].join('\n');
}

/** Whatever another program has put into an event. */
const oneLine = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value ?? '') ?? '').replace(/^"|"$/g, '');
  return plainLine(text.split('\n', 1)[0] ?? '');
};

const titleOf = (last: SentryException | undefined, event: Event): string =>
  last ? nameOf(last) : oneLine(event.message ?? 'an event without an exception');

const nameOf = ({ type, module, value }: SentryException): string =>
  oneLine(`${module === undefined ? '' : `${module}.`}${type ?? ''}${value ? `: ${value}` : ''}`);

function summaryOf(event: Event): string {
  const { runtime } = event.contexts ?? {};
  const group = event.fingerprint ? `grouped by ${event.fingerprint.map(oneLine).join(' · ')}` : 'grouped by its stack';
  return [
    event.level,
    runtime?.name ? `${oneLine(runtime.name)} ${oneLine(runtime.version)}`.trim() : event.platform,
    event.timestamp === undefined ? '' : new Date(event.timestamp * 1000).toISOString(),
    event.server_name,
    event.release,
    event.environment,
    group,
  ]
    .filter(Boolean)
    .map(oneLine)
    .join(', ');
}

function renderException(exception: SentryException, index: number, paint: PaintRow): string[] {
  const { source } = exception.mechanism ?? {};
  const frames = exception.stacktrace?.frames ?? [];
  const heading = `${index === 0 ? '' : 'then '}${nameOf(exception)}${source ? ` (${oneLine(source)})` : ''}`;
  const data = pairs(exception.mechanism?.data ?? {}).map((row) => `  ${row}`);
  return ['', heading, ...data, ...frames.flatMap((frame) => renderFrame(frame, paint))];
}

function renderFrame(frame: SentryFrame, paint: PaintRow): string[] {
  const at = [frame.filename, frame.lineno, frame.colno].filter((part) => part !== undefined).join(':');
  // Some languages' names of functions begin with the module.
  const tail = frame.module?.split('.').at(-1) ?? '';
  const name = frame.function?.startsWith(`${tail}.`)
    ? frame.function
    : [frame.module, frame.function].filter(Boolean).join('.');
  const row = `  ${[at, name && `in ${name}`].filter(Boolean).map(oneLine).join(' ')}`;
  const first = (frame.lineno ?? 1) - (frame.pre_context?.length ?? 0);
  const around = [...(frame.pre_context ?? []), frame.context_line ?? '', ...(frame.post_context ?? [])];
  const numbered = around.map((text, line) => `    ${first + line === frame.lineno ? '>' : ' '} ${indented(text)}`);
  const source =
    frame.context_line === undefined ? [] : around.length > 1 ? numbered : [`      ${plainLine(frame.context_line)}`];
  return frame.in_app === false ? [row, ...source].map((text) => paint('dim', text)) : [row, ...source];
}

const renderCrumb = ({ timestamp, category, message }: NonNullable<Event['breadcrumbs']>[number]): string =>
  `${timestamp === undefined ? '' : `${new Date(timestamp * 1000).toISOString().slice(11, 23)} `}${oneLine(category).padEnd(8)} ${oneLine(message)}`;

/** The beginning of a line of source matters. */
const indented = (text: string): string => `${/^[ \t]*/.exec(text)?.[0].replaceAll('\t', '    ')}${plainLine(text)}`;

/** Keys in a column. */
function pairs(map: Readonly<Record<string, unknown>>): string[] {
  const entries = Object.entries(map).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(0, ...entries.map(([key]) => key.length));
  return entries.map(([key, value]) => `${oneLine(key).padEnd(width)}  ${oneLine(value)}`);
}
