import { readdirSync } from 'node:fs';
import type { Paths } from '../config/paths.ts';
import { errorCode } from '../disk/durable.ts';
import type { JobId } from '../job/id.ts';
import type { OutcomeRecord } from '../job/outcome.ts';
import type { Redactor } from '../redact/redactor.ts';
import { isLogName, logPath, placeOf, readEndOfFile } from '../run/workdir.ts';

const tailBytes = 32 * 1024;

/** The end of what the last attempt of a job printed, or of its verifier, where that is why it failed. Null where nothing is kept. */
export function logTailOf(record: OutcomeRecord, { jobs }: Pick<Paths, 'jobs'>, redactor: Redactor): string | null {
  const verdict = record.verdicts.findLast(({ outcome }) => outcome !== 'succeeded');
  const place = placeOf(jobs, (verdict?.id ?? record.id) as JobId, null);
  const attempt = lastAttempt(place.directory);
  const text = attempt === null ? null : readEndOfFile(logPath(place, attempt), tailBytes);
  if (text === null) return null;
  // What the cut went through may be half a word of something.
  const whole = Buffer.byteLength(text) < tailBytes ? text : text.slice(text.indexOf('\n') + 1);
  return redactor.text(whole);
}

/** Whose log is there. */
function lastAttempt(directory: string): number | null {
  try {
    const numbers = readdirSync(directory)
      .filter(isLogName)
      .map((name) => Number.parseInt(name, 10));
    return numbers.length === 0 ? null : Math.max(...numbers);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}
