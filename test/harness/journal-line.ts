/** A line of the journal, taken apart. */
export interface JournalLine {
  /** Such as `job.ended`; null for a line that is a sentence. */
  readonly kind: string | null;
  readonly priority: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Without time and priority. */
  readonly text: string;
  /** As it was written. */
  readonly raw: string;
  /** When it was read, by `performance.now`. */
  readonly atMs: number;
}

const levels = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'];

/** Reads a line as Booty writes it: to a file or terminal (`TIME priority: text`), or to journald (`<3>text`). */
export function parseJournalLine(raw: string): JournalLine {
  const [, level, priority, text = raw] =
    /^(?:<(\d)>|(?:\d{4}-\d\d-\d\dT[\d:.]+Z|[\d:.]+) (?:(error|warning|notice|debug): )?)?(.*)$/.exec(raw) ?? [];
  const kind = /^[a-z]+\.[a-z-]+(?= |$)/.exec(text)?.[0] ?? null;
  return {
    kind,
    priority: priority ?? (level === undefined ? 'info' : (levels[Number(level)] ?? 'info')),
    fields: kind === null ? {} : fieldsOf(text),
    text,
    raw,
    atMs: performance.now(),
  };
}

function fieldsOf(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, key = '', value = ''] of text.matchAll(/ ([a-z_A-Z]+)=("(?:[^"\\]|\\.)*"|\S*)/g))
    fields[key] = value.startsWith('"') ? String(JSON.parse(value)) : value;
  return fields;
}
