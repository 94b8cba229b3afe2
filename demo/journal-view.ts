import type { JournalLine } from '../test/harness/journal-line.ts';
import { clip, paint } from './page.ts';

/** A line of the journal for reading: what happened, to whom, and the details that matter here. */
export function viewLine(line: JournalLine, sinceMs: number): string {
  const seconds = ((line.atMs - sinceMs) / 1000).toFixed(2).padStart(7);
  const text = clip(
    line.kind === null
      ? `${seconds}  ${line.text}`
      : `${seconds}  ${line.kind.padEnd(18)} ${(line.fields.id ?? '').padEnd(15)} ${detailsOf(line.kind, line.fields)}`.trimEnd(),
  );
  const colour = line.priority === 'error' ? 'red' : line.priority === 'warning' ? 'yellow' : null;
  return colour === null ? text : paint(colour, text);
}

function detailsOf(kind: string, fields: JournalLine['fields']): string {
  const { attempt, reason = '', outcome, event_id: event, duration_ms: took } = fields;
  switch (kind) {
    case 'job.accepted':
      return `${fields.kind} from ${fields.file}`;
    case 'attempt.started':
      return `attempt ${attempt}`;
    case 'attempt.ended':
      return `attempt ${attempt} ${outcome} in ${took} ms`;
    case 'job.ended':
      return `${outcome}${reason ? `: ${reason}` : ` in ${took} ms`}`;
    case 'job.refused':
      return `${fields.file}: ${reason}`;
    case 'crash.captured':
    case 'outbox.delivered':
      return `event ${event?.slice(0, 8)}…`;
    default:
      return Object.entries(fields)
        .filter(([key]) => key !== 'id' && key !== 'spool' && key !== 'pid')
        .map(([key, value]) => `${key}=${value}`)
        .join(' ');
  }
}
