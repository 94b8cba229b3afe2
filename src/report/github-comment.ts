import type { OutcomeRecord } from '../job/outcome.ts';
import { plainLine } from '../job/plain-line.ts';
import { formatDuration } from '../job/units.ts';

/** GitHub takes 65,536 characters. */
const maxTailLength = 20_000;
const maxTailLines = 100;
const maxTextLength = 1000;

/** By which the comment of a job is found again: the next job of that name edits it. It is the comment's first line. */
export const markerOf = (name: string): string => `<!-- booty:${encodeURIComponent(name)} -->`;

/** What a comment says. Whatever comes from the job stands in it as code: it links, mentions and formats nothing. */
export function commentOf(record: OutcomeRecord, host: string, logTail: string | null): string {
  const eventId = record.sentry?.eventId ?? null;
  const rows: readonly (readonly [string, string | null])[] = [
    ['job', code(record.id)],
    ['reason', record.reason === null ? null : code(record.reason)],
    ['step', record.step === null ? null : code(record.step)],
    ['attempts', record.attempt > 1 ? String(record.attempt) : null],
    ['ended', `${record.endedAt}${record.durationMs === null ? '' : ` after ${formatDuration(record.durationMs)}`}`],
    ['Sentry event', eventId === null ? null : code(eventId)],
    ['release', record.release === null ? null : code(record.release)],
    ['environment', record.environment === '' ? null : code(record.environment)],
    ['machine', code(host)],
  ];
  const list = rows.flatMap(([name, value]) => (value === null ? [] : [`- **${name}**: ${value}`]));
  const log = logTail === null || logTail.trim() === '' ? [] : ['', 'The end of its log:', '', fenced(tailOf(logTail))];
  return [markerOf(record.name), `### ${code(record.name)} ${titleOf(record)}`, '', ...list, ...log, ''].join('\n');
}

const titleOf = ({ outcome, cause }: OutcomeRecord): string =>
  outcome === 'crashed' && cause !== null ? `crashed (${cause})` : outcome;

/** A code span: one line, between more backticks than follow each other in it (CommonMark, Code spans). */
function code(text: string): string {
  const line = withoutMentions(plainLine(text)).slice(0, maxTextLength);
  const marks = '`'.repeat(longestRun(line) + 1);
  return line === '' ? '–' : `${marks} ${line} ${marks}`;
}

/** A fenced block: its content ends it only by a fence that is as long (CommonMark, Fenced code blocks). */
function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));

function tailOf(text: string): string {
  const lines = text
    .replace(/\r+\n?/g, '\n')
    .trimEnd()
    .split('\n')
    .slice(-maxTailLines)
    .map(printable);
  const kept = withoutMentions(lines.join('\n'));
  return kept.length > maxTailLength ? `…${kept.slice(-maxTailLength)}` : kept;
}

/** Indentation stays. */
const printable = (line: string): string => `${/^[ \t]*/.exec(line)?.[0] ?? ''}${plainLine(line)}`;

/** Whoever renders it: nobody is called. An address has letters before its @. */
const withoutMentions = (text: string): string => text.replace(/(?<![A-Za-z0-9.])@(?=[A-Za-z0-9])/g, '@\u200b');
