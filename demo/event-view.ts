import type { SentryException, SentryFrame } from '../test/harness/envelope.ts';
import type { Received } from '../test/harness/received.ts';
import { clip, paint, row } from './page.ts';

const tailLines = 6;
const contextKeys = ['step', 'argv', 'workdir', 'duration_ms', 'show', 'journal'];

/** An event as somebody who is on call would want to read it. */
export function viewEvent({ event, attachments }: Received): string {
  const { tags = {}, contexts = {}, breadcrumbs = [] } = event;
  const job = contexts.job ?? {};
  return [
    ...(event.exception?.values ?? []).flatMap(viewException),
    '',
    row('event', event.event_id),
    row('level', `${event.level}, platform ${event.platform}`),
    row('environment', `${event.environment}, release ${event.release ?? 'not set'}`),
    row('tags', pairs(Object.entries(tags))),
    '',
    paint('dim', 'context job'),
    ...contextKeys.filter((key) => job[key] != null).map((key) => row(`  ${key}`, String(job[key]))),
    '',
    paint('dim', 'breadcrumbs'),
    ...breadcrumbs.map(({ timestamp, category, message }) =>
      clip(`  ${new Date(timestamp * 1000).toISOString().slice(11, 23)}  ${category.padEnd(8)} ${message}`),
    ),
    ...attachments.flatMap(({ filename, data }) => [
      '',
      paint('dim', `attachment ${filename}, ${data.length} bytes${endOf(data).cut ? ', its end' : ''}`),
      ...endOf(data).lines.map((line) => clip(`  ${line}`)),
    ]),
  ].join('\n');
}

function viewException({ type, value, stacktrace }: SentryException): string[] {
  const frames = (stacktrace?.frames ?? []).toReversed().flatMap(viewFrame);
  return [paint('red', clip(value === '' ? type : `${type}: ${value}`)), ...frames];
}

/** Newest call first, as Sentry shows it. */
const viewFrame = (frame: SentryFrame): string[] => [
  clip(
    `  ${frame.function ?? '?'}  ${frame.filename ?? '?'}:${frame.lineno ?? '?'}${frame.in_app ? '' : '  (library)'}`,
  ),
  ...(frame.context_line ? [paint('dim', clip(`      ${frame.context_line}`))] : []),
];

const pairs = (entries: readonly (readonly [string, string])[]): string =>
  entries.map(([key, value]) => `${key}=${value}`).join('  ');

function endOf(data: Buffer): { readonly lines: readonly string[]; readonly cut: boolean } {
  const lines = data.toString().trimEnd().split('\n');
  return { lines: lines.slice(-tailLines), cut: lines.length > tailLines };
}
