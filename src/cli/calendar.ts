import { BootyError } from '../job/error.ts';
import { runSystemd } from './systemctl.ts';

/** When a timer elapses, as systemd reads it (systemd.time(7), CALENDAR EVENTS). */
export interface Calendar {
  readonly expression: string;
  /** The next times, in the machine's time zone, as systemd writes them. */
  readonly next: readonly string[];
}

const shownTimes = 3;

/**
 * Has systemd check the expression: Booty reads none itself.
 * @throws BootyError SCHEDULE_REFUSED, SYSTEMD_MISSING
 */
export function readCalendar(text: string): Calendar {
  const expression = text.trim();
  // It becomes a line of a unit: nothing in it may end that line, continue it, or stand for something else.
  if (!/^[A-Za-z0-9 *:.,/~_+-]+$/.test(expression))
    throw refusedCalendar(text, 'is not a calendar expression of systemd');
  let told: string;
  try {
    // Without TZ: the timer goes by the machine's time zone, whatever that of who calls is.
    told = runSystemd(['systemd-analyze', 'calendar', `--iterations=${shownTimes}`, '--', expression], {});
  } catch (error) {
    if (!(error instanceof BootyError) || error.code !== 'SYSTEMD_FAILED') throw error;
    throw refusedCalendar(text, 'is not a calendar expression of systemd', error);
  }
  const next = nextTimes(told);
  if (next.length === 0) throw refusedCalendar(text, 'never comes again');
  return { expression, next };
}

/** The times in what `systemd-analyze calendar` prints: `Next elapse: Wed 2026-11-25 02:00:00 UTC`, then `Iter. #2: …`. */
const nextTimes = (told: string): string[] =>
  Array.from(told.matchAll(/^ *(?:Next elapse|Iter[a-z.]* #\d+): (\w{3} \d.*)$/gm), ([, time = '']) => time);

function refusedCalendar(text: string, flaw: string, cause?: unknown): BootyError {
  const isCron = /^(?:@\w+|(?:[\d*/,A-Za-z-]+ +){4}[\d*/,A-Za-z-]+)$/.test(text.trim());
  const example = "such as '*-*-* 02:00' (daily at two), 'Mon 08:30', '*:0/15' (each quarter of an hour)";
  return new BootyError('SCHEDULE_REFUSED', `${JSON.stringify(text.slice(0, 200))} ${flaw}`, {
    hint: isCron
      ? `that is cron’s way of writing; systemd’s is ${example}`
      : `write one ${example}; systemd-analyze calendar EXPRESSION explains it, man systemd.time has them all`,
    cause,
  });
}
