import type { Container } from './container.ts';

export interface Entry {
  readonly message: string;
  /** As syslog(3) counts: 3 is an error, 6 information. */
  readonly priority: number;
}

/** What `journalctl -u booty` shows, from the first line on, as it comes. */
export interface Journal {
  readonly entries: readonly Entry[];
  /** Resolves with the first entry that matches, past or to come; the time is counted from now. */
  line(pattern: RegExp, timeoutMs?: number): Promise<Entry>;
  /** Resolves when that many entries match. */
  lines(pattern: RegExp, count: number, timeoutMs?: number): Promise<readonly Entry[]>;
  matching(pattern: RegExp): readonly Entry[];
}

export function followJournal(container: Container): Journal {
  const entries: Entry[] = [];
  const waiting = new Set<() => void>();
  container.follow(['journalctl', '--unit=booty', '--follow', '--no-tail', '--output=json'], (text) => {
    const { MESSAGE: message, PRIORITY: priority } = JSON.parse(text) as { MESSAGE: unknown; PRIORITY?: string };
    // A message that is not UTF-8 comes as a list of bytes.
    entries.push({
      message: typeof message === 'string' ? message : JSON.stringify(message),
      priority: Number(priority ?? 6),
    });
    for (const check of waiting) check();
  });
  const matching = (pattern: RegExp) => entries.filter((entry) => pattern.test(entry.message));
  const lines: Journal['lines'] = (pattern, count, timeoutMs = 30_000) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(check);
        const tail = entries.slice(-40).map((entry) => entry.message);
        reject(
          new Error(
            `${matching(pattern).length} of ${count} lines ${pattern} within ${timeoutMs} ms; the journal ends:\n${tail.join('\n')}`,
          ),
        );
      }, timeoutMs);
      const check = () => {
        const found = matching(pattern);
        if (found.length < count) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  const line: Journal['line'] = async (pattern, timeoutMs) => {
    const [first] = await lines(pattern, 1, timeoutMs);
    if (first === undefined) throw new Error('unreachable: one line was waited for');
    return first;
  };
  return { entries, line, lines, matching };
}
